"""Webhook delivery: secret, order within a chat, and patience."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from adapters.telegram.emulator import Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api


class Hook:
    """A bot's endpoint: keeps what it accepts, and answers with the statuses it was given first."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.accepted: list[str] = []
        self.refused = 0
        self.delays: dict[str, float] = {}
        self.secrets: set[str | None] = set()

    async def handle(self, request: web.BaseRequest) -> web.Response:
        update: dict[str, Any] = await request.json()
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        await asyncio.sleep(self.delays.get(update["message"]["text"], 0))
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.accepted.append(update["message"]["text"])
        else:
            self.refused += 1
        return web.Response(status=status)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    endpoint = Hook()
    runner = web.ServerRunner(web.Server(endpoint.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield endpoint
    await runner.cleanup()


async def test_updates_are_pushed_with_the_secret(tg: TelegramEmulator, api: Api, ada: Person, hook: Hook) -> None:
    await api.result("setWebhook", url=hook.url, secret_token="s3cret")
    ada.says("hello")
    await tg.until(lambda: len(tg.world.updates) == 0, 2)
    assert hook.accepted == ["hello"]
    assert hook.secrets == {"s3cret"}


async def test_what_waited_is_pushed_when_the_webhook_is_set(
    tg: TelegramEmulator, api: Api, ada: Person, hook: Hook
) -> None:
    ada.says("early")
    await api.result("setWebhook", url=hook.url)
    await tg.until(lambda: len(tg.world.updates) == 0, 2)
    assert hook.accepted == ["early"]


async def test_a_failing_update_is_repeated_and_keeps_its_place(
    tg: TelegramEmulator, api: Api, ada: Person, hook: Hook
) -> None:
    hook.statuses = [500, 503]
    await api.result("setWebhook", url=hook.url)
    ada.says("one")
    ada.says("two")
    await tg.until(lambda: len(tg.world.updates) == 0, 3)
    assert hook.accepted == ["one", "two"]
    assert hook.refused == 2
    info = await api.result("getWebhookInfo")
    assert info["last_error_message"].startswith("Wrong response from the webhook: 503")


async def test_a_slow_update_holds_back_its_chat_only(
    tg: TelegramEmulator, api: Api, ada: Person, ben: Person, hook: Hook
) -> None:
    hook.delays = {"slow": 0.2}
    await api.result("setWebhook", url=hook.url)
    ada.says("slow")
    ada.says("after slow")
    ben.says("quick")
    await tg.until(lambda: len(tg.world.updates) == 0, 3)
    assert hook.accepted == ["quick", "slow", "after slow"]


async def test_pending_updates_are_counted(api: Api, ada: Person) -> None:
    ada.says("one")
    info = await api.result("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == ("", 1)


async def test_a_secret_has_an_alphabet(api: Api) -> None:
    refusal = await api.refusal("setWebhook", url="https://example.com", secret_token="no spaces")
    assert refusal == "400 Bad Request: secret token contains unallowed characters"
