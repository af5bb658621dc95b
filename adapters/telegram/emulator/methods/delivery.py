"""How updates reach the bot: getUpdates or a webhook, never both."""

import re

from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.refusals import bad_request, conflict
from adapters.telegram.emulator.values import Json
from adapters.telegram.emulator.world import World

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


async def get_updates(world: World, params: Params) -> list[Json]:
    if world.webhook.get("url"):
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    world.updates.allow(params.value("allowed_updates", list))
    return await world.updates.poll(
        offset=params.count("offset"), limit=params.count("limit", 100), timeout=params.count("timeout")
    )


def set_webhook(world: World, params: Params) -> bool:
    url = params.text("url")
    secret = params.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    if not url:
        return delete_webhook(world, params)
    if not re.match(r"https?://", url):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    world.updates.allow(params.value("allowed_updates", list))
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    world.webhook.clear()
    world.webhook |= {"url": url, "secret": secret, "max_connections": params.count("max_connections", 40)}
    text = "terminated by setWebhook request"
    world.updates.interrupt(conflict(text))
    if world.updates.on_push is not None:
        world.updates.on_push()
    return True


def delete_webhook(world: World, params: Params) -> bool:
    world.webhook.clear()
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    return True


def get_webhook_info(world: World, params: Params) -> Json:
    del params
    hook = world.webhook
    body: Json = {
        "url": hook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
    }
    shown = ("last_error_date", "last_error_message", "max_connections")
    body |= {name: hook[name] for name in shown if name in hook}
    if world.updates.allowed:
        body["allowed_updates"] = world.updates.allowed
    return body
