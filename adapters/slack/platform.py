"""Slack as a platform: Bolt receives, the inbox stores, only then Slack hears that we have it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import inbound, outbound
from adapters.slack.calls import Calls, Facts
from adapters.slack.messages import Messages
from adapters.slack.outbound import Describe, SlackReply, english
from adapters.slack.pacing import Pacing, Rate, tiers
from adapters.slack.people import People
from adapters.slack.redaction import sdk_logger
from adapters.slack.scopes import check_scopes
from adapters.slack.socket_mode import Sockets
from adapters.slack.uploads import Uploads
from bot.commands.declaration import CommandBook
from bot.domain.people import Identity, Sender
from bot.domain.updates import CONTENT, Arrival, Attachment, Button, File, Place, Update
from bot.errors import PlatformError
from bot.ports import Accept, Clock, Part, Ref

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_GOODBYE = 5.0


async def _nobody() -> AuthorizeResult:
    """Nothing reaches Bolt's authorization, but Bolt wants one."""
    return AuthorizeResult(enterprise_id=None, team_id=None)


class SlackPlatform:
    """One Slack app in one workspace.

    With `app_token` events come over Socket Mode, else over HTTP: put `routes()` where Slack's request URL leads.

    Args:
        bot_token: `xoxb-…`.
        app_token: `xapp-…` with connections:write; None for HTTP events.
        signing_secret: needed for HTTP events.
        api_url: with a slash at the end.
        commands: what can be asked for by name.
        clock: time.
        describe: renders a sentence in a language.
        direct_threads: every message of a direct chat opens a thread (apps declared as agents) and is streamed.
        connections: Socket Mode connections; with two, one is there while Slack renews the other.
        ping_interval: seconds between signs of life of a connection.
        rates: call budgets, by default what Slack promises.
        stream_life: seconds after which a streamed message rolls over.
    """

    name = inbound.NAME
    slash = "/parley "
    notices_per_second = 1.0  # Slack promises no more than one message a second and channel, and a limit for all
    one_listener = ""

    def __init__(
        self,
        bot_token: str,
        *,
        app_token: str | None,
        commands: CommandBook,
        clock: Clock,
        signing_secret: str | None = None,
        api_url: str = "https://slack.com/api/",
        describe: Describe = english,
        direct_threads: bool = False,
        connections: int = 2,
        ping_interval: float = 10.0,
        rates: Mapping[str, Rate] | None = None,
        stream_life: float = 240.0,
    ) -> None:
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._rules = inbound.Rules(commands=commands, direct_threads=direct_threads)
        self._clock = clock
        self._describe = describe
        self._stream_life = stream_life
        self._calls = Calls(bot_token, url=api_url, clock=clock, pacing=Pacing(clock, rates or tiers()))
        self._messages = Messages(self._calls)
        self._uploads = Uploads(self._calls)
        self._people = People(self._calls, clock)
        self._app: AsyncApp | None = None
        self._accept: Accept | None = None
        self._sockets: Sockets | None = None
        self._bot = ""
        self._storing: set[asyncio.Task[Any]] = set()
        self._connections = connections
        self._ping_interval = ping_interval

    async def listen(self, accept: Accept) -> None:
        """See ports.Platform. Raises PlatformMisconfigured when a token is wrong."""
        me = await self._asked("auth.test")
        self._bot = str(me["user_id"])
        log.info("Slack: @%s in %s", me.get("user"), me.get("team"))
        self._accept = accept
        try:
            await self._receive()
        finally:
            self._accept = None

    async def accompany(self) -> None:
        """Names: events carry only ids."""
        await self._people.look_up()

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
            before_authorize=self._store,
        )

    def routes(self, path: str = "/slack/events") -> list[web.RouteDef]:
        """What belongs on our HTTP server, at Slack's request URL; nothing in Socket Mode. Bolt checks signatures."""
        if self._app_token or not self._signing_secret:
            return []
        return [
            web.post(path, route.handler)
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
        return await self._keep([inbound.poison(body, bot=self._bot, now=self._now())])

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
        arrival = inbound.arrival(body, self._rules, bot=self._bot, now=self._now())
        return [arrival] if arrival else []

    def _now(self) -> int:
        """Microseconds."""
        return int(self._clock.now().timestamp() * 1_000_000)

    def parse(self, payload: Mapping[str, Any]) -> Update | None:
        """See ports.Platform. Names are filled in as far as they are known by now."""
        update = inbound.parse(payload, self._rules)
        return replace(update, sender=self._people.named(update.sender)) if update else None

    def happening(self, _payload: Mapping[str, Any]) -> None:
        """Nothing that we listen to."""

    async def entitle(self, place: Place, title: str) -> None:
        """Threads have no titles."""

    def reply(self, update: Update, ref: Ref | None = None) -> SlackReply:
        """See ports.Platform."""
        return SlackReply(
            self._calls, self._clock, update, describe=self._describe, stream_life=self._stream_life, ref=ref
        )

    def parts(
        self,
        place: Place,
        text: str,
        *,
        answer_by: str = "",
        buttons: Sequence[Button] = (),
        files: Sequence[File] = (),
        instead_of: str = "",
        about: str = "",  # noqa: ARG002 - a link to a message has to be asked for
        only_buttons: bool = False,
    ) -> list[Part]:
        """See ports.Platform. Buttons do not change alone here: an update needs the whole message."""
        if only_buttons:
            return outbound.parts(place, text, answer_by=answer_by)
        said = outbound.parts(place, text, answer_by=answer_by, buttons=buttons, instead_of=instead_of)
        return [*said, *outbound.file_parts(place, files, answer_by=answer_by)]

    async def ask_about(self, sender: Sender) -> Sender:
        """See ports.Platform."""
        return await self._people.asked(sender)

    async def presides(self, _who: Identity, _place: Place) -> bool:
        """Channels are their workspace's: nobody runs one of their own."""
        return False

    def direct(self, who: Identity) -> Place:
        """A person's id in place of a channel's: chat.postMessage opens the direct messages with them by itself."""
        return Place(platform=self.name, chat=who.user, private=True)

    async def fetch(self, attachment: Attachment, *, most: int) -> bytes:
        """See ports.Platform."""
        return await self._calls.fetch(attachment, most)

    async def deliver(self, part: Part) -> str:
        if CONTENT in part:
            excuse = self._describe(outbound.NO_FILES, None)
            return await outbound.deliver_file(self._uploads, self._messages, part, excuse)
        return await outbound.deliver(self._messages, part)

    async def reread(self, payload: Mapping[str, Any]) -> Arrival | None:
        return inbound.arrival(payload["body"], self._rules, bot=payload["bot"], now=self._now())

    def repeatable(self, part: Part) -> bool:
        return part["do"] in {"delete", "finish", "replace", "rewrite"}

    async def check(self) -> str:
        """See ports.Platform."""
        me = await self._calls.ask("auth.test")
        check_scopes(self._calls.scopes)
        if self._app_token:
            await self._calls.ask("apps.connections.open", token=self._app_token)
        road = "Socket Mode" if self._app_token else "HTTP events"
        return f"@{me.get('user')} in {me.get('team')} ({me.get('team_id')}), {road}"

    async def close(self) -> None:
        await self._calls.close()
