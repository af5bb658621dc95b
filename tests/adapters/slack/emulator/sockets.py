"""A Socket Mode client without manners, over plain aiohttp."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from adapters.slack.emulator import SlackEmulator

APP = {"Authorization": "Bearer xapp-test"}


class Socket:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = socket

    async def frame(self) -> dict[str, Any]:
        frame: dict[str, Any] = await self.raw.receive_json(timeout=20)
        return frame

    async def ack(self, envelope: dict[str, Any], **payload: Any) -> None:
        answer = {"envelope_id": envelope["envelope_id"]} | ({"payload": payload} if payload else {})
        await self.raw.send_json(answer)

    async def silent(self, seconds: float) -> bool:
        """Whether nothing comes."""
        try:
            await asyncio.wait_for(self.raw.receive(), seconds)
        except TimeoutError:
            return True
        return False


async def link(slack: SlackEmulator, http: aiohttp.ClientSession) -> str:
    async with http.post(slack.url + "apps.connections.open", headers=APP) as response:
        return str((await response.json())["url"])


@asynccontextmanager
async def connected(slack: SlackEmulator, http: aiohttp.ClientSession) -> AsyncIterator[Socket]:
    """An open connection that has heard `hello`."""
    async with http.ws_connect(await link(slack, http)) as raw:
        socket = Socket(raw)
        assert (await socket.frame())["type"] == "hello"
        yield socket
