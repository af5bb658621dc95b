"""Slack as a platform: see `bot.ports.Platform`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from adapters.slack import inbound, outbound, views
from adapters.slack.bodies import NAME
from adapters.slack.calls import Calls
from adapters.slack.contact import Contact
from adapters.slack.messages import Messages
from adapters.slack.outbound import Describe, SlackReply, english
from adapters.slack.pacing import Pacing, Rate, tiers
from adapters.slack.people import People
from adapters.slack.reception import Reception
from adapters.slack.scopes import check_scopes
from adapters.slack.sessions import Session
from adapters.slack.uploads import Uploads
from adapters.slack.views import Views
from bot.commands.declaration import CommandBook
from bot.domain.people import Identity, Sender
from bot.domain.updates import CONTENT, Arrival, Attachment, Button, File, Form, Place, Section, Update
from bot.ports import Accept, Allowance, Clock, Part, Ref


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
        agent: the app is declared as an agent: every message of a direct chat opens a thread, whose answer is streamed.
        follow: threads in which the bot was asked something are heard without a mention.
        allowance: what all processes together may call, if they share anything.
        connections: Socket Mode connections; with two, one is there while Slack renews the other.
        ping_interval: seconds between signs of life of a connection.
        rates: call budgets, by default what Slack promises.
        stream_life: seconds after which a streamed message rolls over.
    """

    name = NAME
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
        agent: bool = False,
        follow: bool = False,
        allowance: Allowance | None = None,
        connections: int = 2,
        ping_interval: float = 10.0,
        rates: Mapping[str, Rate] | None = None,
        stream_life: float = 240.0,
    ) -> None:
        self._app_token = app_token
        self._rules = inbound.Rules(commands=commands, direct_threads=agent, follow=follow)
        self._agent = agent
        self._follow = follow
        self._clock = clock
        self._describe = describe
        self._stream_life = stream_life
        pacing = Pacing(clock, rates or tiers())
        self._calls = Calls(bot_token, url=api_url, clock=clock, pacing=pacing, allowance=allowance)
        self._messages = Messages(self._calls)
        self._uploads = Uploads(self._calls)
        self._views = Views(self._calls, self._messages)
        self._people = People(self._calls, clock)
        self._reception = Reception(
            self._calls,
            clock,
            self._rules,
            app_token=app_token,
            signing_secret=signing_secret,
            connections=connections,
            ping_interval=ping_interval,
        )

    async def listen(self, accept: Accept) -> None:
        """See ports.Platform. Raises PlatformMisconfigured when a token is wrong."""
        await self._reception.listen(accept)

    async def accompany(self) -> None:
        """Names: events carry only ids."""
        await self._people.look_up()

    def routes(self, path: str = "/slack/events") -> list[web.RouteDef]:
        """What belongs on our HTTP server, at Slack's request URL; nothing in Socket Mode."""
        return self._reception.routes(path)

    @property
    def connected(self) -> bool:
        """See ports.Platform."""
        return self._reception.connected

    def parse(self, payload: Mapping[str, Any]) -> Update | None:
        """See ports.Platform. Names are filled in as far as they are known by now."""
        update = inbound.parse(payload, self._rules)
        return replace(update, sender=self._people.named(update.sender)) if update else None

    def happening(self, _payload: Mapping[str, Any]) -> None:
        """Nothing that we listen to."""

    async def entitle(self, place: Place, title: str) -> None:
        """Only agents' threads have titles."""
        if self._agent and place.thread:
            await Session(calls=self._calls, channel=outbound.channel_of(place), thread=place.thread).rename(title)

    def reply(self, update: Update, ref: Ref | None = None) -> SlackReply:
        """See ports.Platform."""
        return SlackReply(
            self._calls,
            self._clock,
            update,
            describe=self._describe,
            stream_life=self._stream_life,
            agent=self._agent,
            ref=ref,
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

    def opens_forms(self, update: Update) -> bool:
        """See ports.Surfaces."""
        return bool(Contact.read(update.answer_by).trigger)

    def form(self, update: Update, form: Form) -> list[Part]:
        """See ports.Surfaces."""
        return views.form(update, form)

    def page(self, update: Update, sections: Sequence[Section]) -> list[Part]:
        """See ports.Surfaces."""
        return views.page(update, sections)

    def unsay(self, _place: Place, _message: str) -> list[Part]:
        """Slack lets no app delete what people wrote; slash commands and forms stand in no chat."""
        return []

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
        if part["do"] in views.SHOWN:
            return await self._views.show(part)
        if part["do"] == "rest":
            await Session(calls=self._calls, channel=part["channel"], thread=part["thread"]).rest()
        return await outbound.deliver(self._messages, part)

    async def reread(self, payload: Mapping[str, Any]) -> Arrival | None:
        return inbound.arrival(payload["body"], self._rules, bot=payload["bot"], now=self._reception.now())

    def repeatable(self, part: Part) -> bool:
        return part["do"] in {"delete", "finish", "home", "prompts", "replace", "rewrite"}

    async def reach(self) -> None:
        """See ports.Platform."""
        await self._calls.ask("auth.test")

    async def check(self) -> str:
        """See ports.Platform."""
        me = await self._calls.ask("auth.test")
        check_scopes(self._calls.scopes, follow=self._follow)
        if self._app_token:
            await self._calls.ask("apps.connections.open", token=self._app_token)
        road = "Socket Mode" if self._app_token else "HTTP events"
        return f"@{me.get('user')} in {me.get('team')} ({me.get('team_id')}), {road}"

    async def close(self) -> None:
        await self._calls.close()
