"""Pushing updates to the bot's webhook: in order within a chat, again and again until it says 2xx."""

import asyncio
from typing import Final

import aiohttp

from adapters.telegram.emulator.updates import Pending
from adapters.telegram.emulator.world import World

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a name


class WebhookDelivery:
    """One task per chat with something to deliver. A failing update holds back its chat, and no other.

    `backoff` is the first pause after a failure in seconds; it doubles up to `longest_backoff`, as the real
    server's does up to 60 (WebhookActor.cpp).
    """

    def __init__(self, world: World, *, backoff: float = 0.05, longest_backoff: float = 1.0) -> None:
        self._world = world
        self._backoff = backoff
        self._longest = longest_backoff
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        self._world.updates.on_push = self.wake
        self.wake()

    async def stop(self) -> None:
        self._world.updates.on_push = None
        lanes = list(self._lanes.values())
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        self._lanes.clear()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def wake(self) -> None:
        """Something was queued, or a webhook set."""
        if not self._world.webhook.get("url"):
            return
        for update in self._world.updates.snapshot():
            if update.chat_id not in self._lanes:
                lane = asyncio.get_running_loop().create_task(self._deliver_lane(update.chat_id))
                self._lanes[update.chat_id] = lane

    async def _deliver_lane(self, chat_id: int) -> None:
        pause = self._backoff
        try:
            while (update := self._next(chat_id)) and self._world.webhook.get("url"):
                if await self._post(update):
                    self._world.updates.forget(update.id)
                    self._world.feed.stir()
                    pause = self._backoff
                else:
                    await asyncio.sleep(pause)
                    pause = min(self._longest, pause * 2)
        finally:
            self._lanes.pop(chat_id, None)

    def _next(self, chat_id: int) -> Pending | None:
        return next((one for one in self._world.updates.snapshot() if one.chat_id == chat_id), None)

    async def _post(self, update: Pending) -> bool:
        hook = self._world.webhook
        headers = {SECRET_HEADER: hook["secret"]} if hook["secret"] else {}
        if self._session is None:
            return False
        try:
            async with self._session.post(hook["url"], json=update.body, headers=headers) as response:
                await response.read()
                if response.ok:
                    return True
                self._note(f"Wrong response from the webhook: {response.status} {response.reason}")
        except (aiohttp.ClientError, TimeoutError):
            self._note("Connection refused")
        return False

    def _note(self, problem: str) -> None:
        self._world.webhook |= {"last_error_date": self._world.now(), "last_error_message": problem}
        self._world.feed.stir()
