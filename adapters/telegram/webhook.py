"""Updates that Telegram pushes: each is stored and then answered by an empty 200.

Telegram delivers the updates of a chat one after the other and repeats one until it is taken
(tdlib/telegram-bot-api WebhookActor.cpp): any number of processes may receive them behind one address.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from telegram import Bot

from adapters.telegram import inbound
from adapters.telegram.clicks import Clicks
from adapters.telegram.reading import BotUser, Hearing
from bot.ports import Accept

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a name

_CONNECTIONS = 100
"""At once, the most that Telegram opens: each waits for the database only."""

log = structlog.get_logger(__name__)


def secret_of(token: str) -> str:
    """What proves that Telegram is calling: every process of a bot comes to the same one, and none has to store it."""
    return hmac.new(token.encode(), b"parley webhook", hashlib.sha256).hexdigest()


class Webhook:
    """The address at which Telegram reaches us.

    Args:
        bot: whose updates.
        url: as Telegram calls it; its path is ours.
        secret: comes with every call.
        hearing: what is for the bot.
    """

    def __init__(self, bot: Bot, url: str, secret: str, hearing: Hearing) -> None:
        self._bot = bot
        self._url = url
        self._secret = secret
        self._hearing = hearing
        self._clicks = Clicks(bot)
        self._me: BotUser | None = None
        self._accept: Accept | None = None

    @property
    def path(self) -> str:
        return urlsplit(self._url).path or "/"

    async def announce(self) -> None:
        """Tell Telegram the address; what waits there is kept. Raises telegram.error.TelegramError."""
        await self._bot.set_webhook(
            self._url,
            secret_token=self._secret,
            allowed_updates=self._hearing.updates,
            max_connections=_CONNECTIONS,
        )

    async def listen(self, me: BotUser, accept: Accept, wait: Callable[[], Any]) -> None:
        """Take calls while `wait` lasts. Before and after them Telegram keeps what it has."""
        self._me, self._accept = me, accept
        try:
            await wait()
        finally:
            self._accept = None
            await self._clicks.close()

    async def receive(self, request: web.Request) -> web.Response:
        """Never says anything: a 2xx with a body would be taken for a call of the Bot API."""
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return web.Response(status=401)
        if self._accept is None or self._me is None:
            return web.Response(status=503)
        try:
            raw = await request.json()
        except (ValueError, RecursionError):
            return web.Response(status=400)
        return await self._store(raw, self._me, self._accept)

    async def _store(self, raw: Any, me: BotUser, accept: Accept) -> web.Response:
        arrival = inbound.arrival(raw, me, self._hearing)
        try:
            if arrival is not None:
                await accept([arrival])
        except Exception:
            # Whatever it was, Telegram has not been told that we have it: the same comes again.
            log.exception("An update could not be stored; Telegram will send it again")
            return web.Response(status=500)
        self._clicks.seen(raw)
        return web.Response(status=200)
