"""Socket Mode connections, kept open and closed cleanly around slack_sdk's client."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.slack.calls import Calls
from adapters.slack.redaction import sdk_logger
from bot.ports import Clock

log = logging.getLogger(__name__)

_CONNECT = 30.0
"""Seconds to connect. The SDK retries with one and the same ticket, which works once: then only a new client helps."""
_LOST = 4
"""Signs of life that may be missing before a connection is given up; the SDK reconnects by itself before that."""
_GOODBYE = 5.0

UNREADABLE = (TypeError, ValueError, AttributeError, LookupError, RecursionError)
"""What Bolt stumbles with over bodies of another shape."""


class Sockets:
    """Several connections that feed one Bolt app.

    Slack spreads events over all of them and sends what was not acknowledged over any of them, so that one is always
    there while another is renewed (slackapi/bolt-python issue 1071).
    """

    def __init__(
        self,
        app: AsyncApp,
        token: str,
        calls: Calls,
        clock: Clock,
        *,
        ping_interval: float,
        settled: Callable[[], Awaitable[None]],
        unreadable: Callable[[dict[str, Any]], Awaitable[BoltResponse]],
    ) -> None:
        self._app = app
        self._token = token
        self._calls = calls
        self._clock = clock
        self._ping_interval = ping_interval
        self._settled = settled
        """Waits until everything received has been stored and acknowledged."""
        self._unreadable = unreadable
        """Keeps a body that cannot be read and says whether it may be acknowledged."""
        self._open = 0

    @property
    def connected(self) -> bool:
        """Whether one of them stands."""
        return self._open > 0

    async def hold(self, count: int) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as connections:
            for _ in range(count):
                connections.create_task(self._hold_one())

    async def _hold_one(self) -> None:
        while True:
            handler = AsyncSocketModeHandler(
                self._app,
                self._token,
                logger=sdk_logger(),
                web_client=self._calls.client,
                ping_interval=self._ping_interval,
            )
            handler.client.socket_mode_request_listeners[:] = [self._receive]
            # Left to itself the SDK takes any proxy of the environment, for servers on this machine as well.
            handler.client.proxy = self._calls.client.proxy
            try:
                async with asyncio.timeout(_CONNECT):
                    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
                self._open += 1
                try:
                    await self._watch(handler.client)
                finally:
                    self._open -= 1
            except TimeoutError:
                log.warning("Slack: no Socket Mode connection within %.0f s, trying again", _CONNECT)
            finally:
                await self._leave(handler.client)

    async def _receive(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """What AsyncSocketModeHandler.handle does, and something for bodies that Bolt itself cannot read.

        Bolt looks into a body before any middleware sees it; what makes it stumble would come again and again.
        """
        try:
            response: BoltResponse = await run_async_bolt_app(self._app, request)
        except UNREADABLE:
            response = await self._unreadable(request.payload)
        await send_async_response(client, request, response, time.time())

    async def _watch(self, client: SocketModeClient) -> None:
        """Return when the SDK's own reconnecting has not helped for a while."""
        missed = 0
        while missed < _LOST:
            await self._clock.sleep(self._ping_interval)
            missed = 0 if await client.is_connected() else missed + 1
        log.warning("Slack: a Socket Mode connection is lost, opening another")

    async def _leave(self, client: SocketModeClient) -> None:
        """Receive nothing more, acknowledge what was received, say goodbye. The SDK forgets to wait for its tasks."""
        client.auto_reconnect_enabled = False
        known = (client.message_receiver, client.current_session_monitor, client.message_processor)
        tasks = [task for task in known if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._settled()
        try:
            async with asyncio.timeout(_GOODBYE):
                await client.close()  # type: ignore[no-untyped-call]  # slack_sdk leaves it untyped
        except TimeoutError:
            await client.aiohttp_client_session.close()
