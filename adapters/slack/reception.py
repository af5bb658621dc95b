"""Where events come in: Bolt receives, the inbox stores, only then Slack hears that we have it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import inbound
from adapters.slack.calls import Calls, Facts
from adapters.slack.door import Door
from adapters.slack.redaction import sdk_logger
from adapters.slack.socket_mode import Sockets
from bot.domain.updates import Arrival
from bot.errors import PlatformError
from bot.ports import Accept, Clock

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_GOODBYE = 5.0


async def _nobody() -> AuthorizeResult:
    """Nothing reaches Bolt's authorization, but Bolt wants one."""
    return AuthorizeResult(enterprise_id=None, team_id=None)


class _Storing(AsyncMiddleware):
    """Takes events as they are: for a function Bolt looks into their shape first, and stumbles over others."""

    def __init__(self, store: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]) -> None:
        self._store = store

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt's words
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002, ARG002
    ) -> BoltResponse | None:
        return await self._store(req)


class Reception:
    """Receives over Socket Mode with an app token, else over HTTP with a signing secret.

    Args:
        connections: Socket Mode connections.
        ping_interval: seconds between signs of life of a connection.
    """

    def __init__(
        self,
        calls: Calls,
        clock: Clock,
        rules: inbound.Rules,
        *,
        app_token: str | None,
        signing_secret: str | None,
        connections: int,
        ping_interval: float,
    ) -> None:
        self._calls = calls
        self._clock = clock
        self._rules = rules
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._connections = connections
        self._ping_interval = ping_interval
        self._app: AsyncApp | None = None
        self._accept: Accept | None = None
        self._sockets: Sockets | None = None
        self._bot = ""
        self._storing: set[asyncio.Task[Any]] = set()

    async def listen(self, accept: Accept) -> None:
        """Until cancelled. Raises PlatformMisconfigured when a token is wrong."""
        me = await self._asked("auth.test")
        self._bot = str(me["user_id"])
        log.info("Slack: @%s in %s", me.get("user"), me.get("team"))
        self._accept = accept
        try:
            await self._receive()
        finally:
            self._accept = None

    async def _receive(self) -> None:
        if not self._app_token:
            await asyncio.get_running_loop().create_future()
            return
        # A wrong token is told at once; the SDK would try it for ever.
        await self._asked("apps.connections.open", token=self._app_token)
        self._sockets = Sockets(
            self.app,
            self._app_token,
            self._calls,
            self._clock,
            ping_interval=self._ping_interval,
            settled=self._settled,
            unreadable=self._quarantine,
        )
        await self._sockets.hold(self._connections)

    async def _asked(self, method: str, **arguments: Any) -> Facts:
        """Call, as often as the network needs."""
        pause = 1.0
        while True:
            try:
                return await self._calls.ask(method, **arguments)
            except PlatformError as error:
                if error.permanent:
                    raise
                log.warning("Slack cannot be reached (%s); next try in %.0f s", error, pause)
            await self._clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    @property
    def app(self) -> AsyncApp:
        """The Bolt app. Its own routing is not used: what is stored needs no listener."""
        if self._app is None:
            self._app = self._build()
        return self._app

    def _build(self) -> AsyncApp:
        # Given no token, Bolt leaves the authorization to us: its own would call auth.test before an event is stored,
        # and acknowledge the event if that fails (slack_bolt 1.30, async_single_team_authorization.py).
        client = AsyncWebClient(base_url=self._calls.client.base_url, retry_handlers=[], logger=sdk_logger())
        client.proxy = self._calls.client.proxy
        return AsyncApp(
            name="parley",
            client=client,
            logger=sdk_logger(),
            signing_secret=self._signing_secret or "",
            authorize=_nobody,
            before_authorize=_Storing(self._store),
        )

    def routes(self, path: str) -> list[web.RouteDef]:
        """What belongs on our HTTP server, at Slack's request URL; nothing in Socket Mode."""
        if self._app_token or not self._signing_secret:
            return []
        door = Door(self._signing_secret, unreadable=self._quarantine)
        return [
            web.post(path, partial(door.receive, route.handler))
            for route in self.app.web_app(path=path).router.routes()
            if route.method == "POST"
        ]

    @property
    def connected(self) -> bool:
        """See ports.Platform."""
        return self._accept is not None and (self._sockets is None or self._sockets.connected)

    async def _store(self, request: AsyncBoltRequest) -> BoltResponse:
        """Commit, then acknowledge: an event that we could not store must come again."""
        body: dict[str, Any] = request.body
        if body.get("type") == "url_verification":
            return BoltResponse(status=200, body={"challenge": str(body.get("challenge", ""))})
        return await self._keep(self._arrivals(body))

    async def _quarantine(self, body: dict[str, Any]) -> BoltResponse:
        """Bolt could not read this one, so nobody else will try."""
        return await self._keep([inbound.poison(body, bot=self._bot, now=self.now())])

    async def _keep(self, arrivals: list[Arrival]) -> BoltResponse:
        accept = self._accept
        if accept is None:
            return BoltResponse(status=503)
        self._remember_task()
        try:
            if arrivals:
                await accept(arrivals)
        except Exception as error:  # noqa: BLE001 - whatever it is, Slack has to keep the event
            # Without the traceback: it may show the event.
            log.error("an event could not be stored, Slack will send it again: %s", type(error).__name__)  # noqa: TRY400
            return BoltResponse(status=500)
        return BoltResponse(status=200)

    def _remember_task(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    async def _settled(self) -> None:
        """Wait until everything received is stored and acknowledged, for a while."""
        if self._storing:
            await asyncio.wait(self._storing, timeout=_GOODBYE)

    def _arrivals(self, body: Mapping[str, Any]) -> list[Arrival]:
        arrival = inbound.arrival(body, self._rules, bot=self._bot, now=self.now())
        return [arrival] if arrival else []

    def now(self) -> int:
        """Microseconds."""
        return int(self._clock.now().timestamp() * 1_000_000)
