"""The emulator as its users see it."""

import time
from collections.abc import AsyncGenerator, Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.counter import Counter
from adapters.slack.emulator.delivery import Delivery, Parcel, ParcelKind
from adapters.slack.emulator.events import Events
from adapters.slack.emulator.faults import Faults
from adapters.slack.emulator.http_events import HttpEvents
from adapters.slack.emulator.interactions import Interactions
from adapters.slack.emulator.journal import Journal
from adapters.slack.emulator.people import Person
from adapters.slack.emulator.server import SCOPES, WebApi, application
from adapters.slack.emulator.side_doors import SideDoors
from adapters.slack.emulator.socket_mode import SocketMode
from adapters.slack.emulator.streams import Streams
from adapters.slack.emulator.threads import Session, Threads
from adapters.slack.emulator.tiers import Limiter, Tiers
from adapters.slack.emulator.values import Call, Json, Message, Timing
from adapters.slack.emulator.workspace import Channel, Kind, Profile, Workspace, ids

T = TypeVar("T")
PATIENCE = 20.0


class SlackEmulator:
    """A Slack workspace on 127.0.0.1, with one app installed.

    Use as an async context manager. `url` is what slack_sdk takes as `base_url`; `agent` tells whether the app is
    declared as one.
    """

    def __init__(
        self,
        *,
        bot_token: str = "xoxb-test",  # noqa: S107 - no secret, the emulator is local
        app_token: str = "xapp-test",  # noqa: S107
        signing_secret: str = "s3cret",  # noqa: S107
        scopes: Iterable[str] = SCOPES,
        agent: bool = True,
        limits: Tiers | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.time,
        port: int = 0,
    ) -> None:
        self.faults = Faults()
        self._signing_secret = signing_secret
        self._port = port
        self._core = _core(timing or Timing(), clock, agent=agent)
        self._interactions = Interactions(self._core)
        limiter = Limiter(limits or Tiers(), clock)
        tokens = {bot_token: "bot", app_token: "app"}
        self._web_api = WebApi(self._core, tokens, limiter, self.faults, frozenset(scopes))
        self._doors = SideDoors(self._core, self._interactions, {bot_token})
        self._hooks: list[HttpEvents] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        served = application(self._core, self._web_api, self._doors)
        self._runner = web.AppRunner(served, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._core.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._core.streams.shut()
        await self._core.socket.shut()
        for hook in self._hooks:
            await hook.shut()
        if self._runner:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT/api/`."""
        return f"{self._core.origin}/api/"

    @property
    def calls(self) -> list[Call]:
        return self._core.journal.calls

    @property
    def bot(self) -> Profile:
        return self._core.workspace.bot

    @property
    def lost(self) -> list[Parcel]:
        """Payloads given up after the last redelivery."""
        return self._core.delivery.lost

    @property
    def connections(self) -> int:
        """Socket Mode connections open now."""
        return len(self._core.socket.connections)

    @property
    def unacknowledged(self) -> int:
        """Envelopes under way or waiting for a connection."""
        return self._core.socket.unacknowledged

    def person(
        self,
        user: str,
        *,
        name: str,
        real_name: str = "",
        locale: str = "en-US",
        is_guest: bool = False,
        team: str = "T1",
    ) -> Person:
        """A member; another `team` makes a stranger known through Slack Connect."""
        profile = Profile(
            id=user, name=name, real_name=real_name or name.title(), locale=locale, is_guest=is_guest, team=team
        )
        return Person(self._core.workspace.join(profile), self._core, self._interactions)

    def dm(self, person: Person) -> Channel:
        return self._core.workspace.dm(person.id)

    def channel(
        self,
        channel: str,
        name: str,
        *,
        members: Iterable[Person | str] = (),
        bot: bool = True,
        private: bool = False,
        shared: bool = False,
    ) -> Channel:
        """A channel; `bot` tells whether the bot is in it, `shared` whether another organisation is."""
        kind: Kind = "group" if private else "channel"
        room = Channel(id=channel, name=name, kind=kind, members=ids(members), bot=bot, shared=shared)
        return self._core.workspace.open(room)

    def messages(self, channel: Channel | str, thread_ts: str | None = None) -> list[Message]:
        """What stands there now, oldest first, ephemeral ones included; a thread begins with its root."""
        return self._core.workspace.visible(self._room(channel), thread_ts)

    def status(self, channel: Channel | str, thread_ts: str) -> str | None:
        status = self._core.threads.status(self._room(channel).id, thread_ts)
        return status.text if status else None

    def session(self, channel: Channel | str, thread_ts: str) -> Session | None:
        return self._core.threads.sessions.get((self._room(channel).id, thread_ts))

    def title(self, channel: Channel | str, thread_ts: str) -> str | None:
        return self._core.threads.titles.get((self._room(channel).id, thread_ts))

    def prompts(self, channel: Channel | str, thread_ts: str = "") -> list[Json]:
        return self._core.threads.prompts.get((self._room(channel).id, thread_ts), [])

    def home(self, person: Person) -> Json | None:
        """The view the bot published for this person."""
        return self._core.counter.homes.get(person.id)

    @property
    def modals(self) -> list[Json]:
        return list(self._core.counter.modals.values())

    async def until(self, condition: Callable[[], T], timeout: float = PATIENCE) -> T:  # noqa: ASYNC109
        """Wait for something true and return it; asked again whenever anything happens.

        Raises:
            TimeoutError: after `timeout` seconds.
        """
        return await self._core.journal.until(condition, timeout)

    def watch(self) -> AsyncGenerator[Json]:
        """JSON-able events for an onlooker, from now on.

        `type` is message, message_changed, message_deleted (with `channel` and `message`), status, session, title,
        prompts, home, modal or view_answer.
        """
        return self._core.journal.watch()

    def inject(self, payload: Json, kind: ParcelKind = "events_api") -> None:
        """Send the app a payload as it is, however odd."""
        self._core.delivery.send(Parcel(kind=kind, payload=payload))

    def emit(self, event: Json, channel: Channel | None = None) -> None:
        """Send the app an event of your own in a proper envelope."""
        self._core.events.emit(event, channel)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """A `disconnect` frame to every connection: `refresh_requested`, `warning` or `link_disabled`."""
        self._core.socket.disconnect(reason)

    async def http_events(self, url: str, *, instead: bool = True, verify: bool = True) -> None:
        """Deliver to a request URL, instead of Socket Mode or beside it.

        Raises:
            ValueError: the URL did not answer the challenge.
        """
        hook = HttpEvents(
            url,
            self._signing_secret,
            timing=self._core.timing,
            delivery=self._core.delivery,
            journal=self._core.journal,
            clock=self._core.clock,
        )
        self._hooks.append(hook)
        if verify:
            await hook.verify()
        self._core.delivery.roads = [*([] if instead else self._core.delivery.roads), hook]

    def uploaded(self, file: str) -> bytes | None:
        """What was uploaded as the file of that id."""
        return self._core.counter.uploads.get(file)

    def file(self, name: str, content: bytes, mimetype: str = "text/plain") -> Json:
        """A file a person may attach: `ada.says("look", dm, files=(slack.file("a.txt", b"…"),))`."""
        file_id = self._core.workspace.new_id("F")
        address = f"{self._core.origin}/files/{file_id}"
        file: Json = {"id": file_id, "name": name, "title": name, "mimetype": mimetype, "size": len(content)}
        file |= {"url_private": address, "url_private_download": address, "mode": "hosted"}
        self._core.counter.uploads[file_id] = content
        self._core.counter.files[file_id] = file
        return file

    def cut(self) -> None:
        """Break every Socket Mode connection without a word."""
        self._core.socket.cut()

    def _room(self, channel: Channel | str) -> Channel:
        return channel if isinstance(channel, Channel) else self._core.workspace.channels[channel]


def _core(timing: Timing, clock: Callable[[], float], *, agent: bool) -> Core:
    workspace, journal, delivery = Workspace(clock=clock), Journal(), Delivery()
    socket = SocketMode(timing, delivery, journal, workspace.app_id)
    delivery.roads.append(socket)
    return Core(
        workspace=workspace,
        journal=journal,
        delivery=delivery,
        socket=socket,
        events=Events(workspace, delivery, clock),
        streams=Streams(timing.stream_life),
        threads=Threads(clock),
        counter=Counter(timing, clock),
        timing=timing,
        clock=clock,
        agent=agent,
    )
