"""Telegram as a platform: see `bot.ports.Platform`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import structlog
from aiohttp import web
from telegram import Bot, User
from telegram import error as sdk

from adapters.telegram import inbound
from adapters.telegram.abilities import Abilities
from adapters.telegram.attachments import fetch
from adapters.telegram.chats import presides, rename_topic
from adapters.telegram.delivery import Sender
from adapters.telegram.errors import TOKEN_HINT, seconds, translate
from adapters.telegram.keyboards import keyboard
from adapters.telegram.menus import Describe, Menus
from adapters.telegram.outbound import STOP, TelegramReply, parts_of
from adapters.telegram.pacing import Pacing
from adapters.telegram.polling import LONGEST_POLL, Backoff, Poller
from adapters.telegram.reading import PLATFORM, BotUser, Hearing
from adapters.telegram.request import AiohttpRequest, environment_proxy
from adapters.telegram.taming import tame_sdk
from adapters.telegram.webhook import Webhook, secret_of
from bot.commands.declaration import CommandBook
from bot.domain.happenings import Happening
from bot.domain.people import Identity
from bot.domain.people import Sender as Person
from bot.domain.updates import Arrival, Attachment, Button, File, Place, Update
from bot.errors import PlatformBusy, PlatformMisconfigured
from bot.ports import Accept, Clock, Part, Ref, Reply
from bot.texts import Text

_Result = TypeVar("_Result")

log = structlog.get_logger(__name__)


def in_english(text: Text, language: str | None) -> str:
    """Describe without a catalogue."""
    del language
    return text.message.format(**text.values)


class TelegramPlatform:
    """One Telegram bot.

    Args:
        token: from @BotFather.
        api_url: the Bot API server, without a slash at the end.
        commands: what the menu offers; also decides which commands overtake.
        clock: time and waiting.
        describe: renders a command's summary in a language.
        languages: the languages beside English that `describe` knows.
        poll_seconds: how long Telegram holds a call that has nothing to say; 50 at most.
        backoff: waiting after failures; tests shorten it.
        webhook_url: where Telegram reaches us; None to poll. Put `routes` where that leads.
        triggers: words that call the bot in groups, as its name does.
        channels: whether it is to be called in channels too.
        rich: whether answers may become rich messages, where they have something that only those show.
        admins: chats in which admins have their commands, and so a menu of their own.
    """

    name = PLATFORM
    slash = "/"
    notices_per_second = 20.0  # of the 30 a second that Telegram allows for messages to different chats [Bot FAQ]

    def __init__(
        self,
        token: str,
        *,
        api_url: str = "https://api.telegram.org",
        commands: CommandBook,
        clock: Clock,
        describe: Describe = in_english,
        languages: Sequence[str] = (),
        poll_seconds: int = LONGEST_POLL,
        backoff: Callable[[], Backoff] = Backoff,
        webhook_url: str | None = None,
        triggers: Sequence[str] = (),
        channels: bool = False,
        admins: Sequence[int] = (),
        rich: bool = False,
    ) -> None:
        tame_sdk()
        api_url = api_url.rstrip("/")
        proxy = environment_proxy(api_url)
        self._requests = (AiohttpRequest(connections=1, proxy=proxy), AiohttpRequest(proxy=proxy))
        self._bot = Bot(
            token,
            base_url=f"{api_url}/bot",
            base_file_url=f"{api_url}/file/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )
        self._hearing = Hearing(commands=commands, triggers=triggers, channels=channels)
        self._webhook = Webhook(self._bot, webhook_url, secret_of(token), self._hearing) if webhook_url else None
        # Telegram gives updates to the latest poller only: two would take turns at failing.
        self.one_listener = "" if webhook_url else f"{self.name}:{token.partition(':')[0]}"
        self.connected = False
        self._clock = clock
        self._describe = describe
        self._menus = Menus(self._bot, commands, describe=describe, languages=languages, admins=admins, clock=clock)
        self._poll_seconds = poll_seconds
        self._backoff = backoff
        self._pacing = Pacing(clock)
        self._rich = rich
        self._sender = Sender(self._bot, Abilities(clock))

    async def listen(self, accept: Accept) -> None:
        # Not Bot.initialize, which writes the token into its error.
        user = await self._persistently(self._bot.get_me)
        self._introduce(user)
        me = _bot_user(user)
        try:
            await (self._receive(me, accept) if self._webhook else self._poll(me, accept))
        finally:
            self.connected = False

    async def _receive(self, me: BotUser, accept: Accept) -> None:
        assert self._webhook  # noqa: S101 - whoever calls has looked
        webhook = self._webhook

        async def announced() -> None:
            await self._persistently(webhook.announce)
            self.connected = True
            await self._menus.publish()
            await asyncio.get_running_loop().create_future()

        # Listening first: it calls as soon as it knows the address.
        await webhook.listen(me, accept, announced)

    async def _poll(self, me: BotUser, accept: Accept) -> None:
        await self._persistently(self._bot.delete_webhook)  # keeps what is waiting
        # There are many menus, and nobody should have to wait for them.
        menus = asyncio.create_task(self._menus.publish())
        poller = Poller(
            self._bot,
            me,
            self._hearing,
            self._clock,
            timeout=self._poll_seconds,
            backoff=self._backoff(),
            answered=self._note,
        )
        try:
            await poller.run(accept)
        finally:
            menus.cancel()
            await asyncio.gather(menus, return_exceptions=True)

    def _note(self, connected: bool) -> None:  # noqa: FBT001 - see Poller
        self.connected = connected

    def routes(self) -> list[web.RouteDef]:
        """What belongs on our HTTP server; nothing for a bot that polls."""
        return [web.post(self._webhook.path, self._webhook.receive)] if self._webhook else []

    async def accompany(self) -> None:
        return

    def parse(self, payload: Mapping[str, Any]) -> Update | None:
        return inbound.parse(payload, self._hearing)

    def happening(self, payload: Mapping[str, Any]) -> Happening | None:
        return inbound.happening(payload)

    async def entitle(self, place: Place, title: str) -> None:
        await rename_topic(self._bot, place, title)

    def reply(self, update: Update, ref: Ref | None = None) -> Reply:
        stop = self._describe(STOP, update.sender.reads)
        return TelegramReply(self._sender, self._pacing, self._clock, update, ref, stop=stop, rich=self._rich)

    def parts(
        self,
        place: Place,
        text: str,
        *,
        answer_by: str = "",
        buttons: Sequence[Button] = (),
        files: Sequence[File] = (),
        instead_of: str = "",
        about: str = "",
        only_buttons: bool = False,
    ) -> list[Part]:
        """`answer_by` is the message to reply to, in groups. A tap on a reply leads to what it replies to."""
        edit = int(instead_of) if instead_of else None
        if only_buttons and edit is not None:
            return [{"chat": int(place.chat), "edit": edit, "keyboard": keyboard(buttons)}]
        return parts_of(place, text, reply_to=about or answer_by, edit=edit, buttons=buttons, files=files)

    def unsay(self, place: Place, message: str) -> list[Part]:
        """In private, and within two days (https://core.telegram.org/bots/api#deletemessage)."""
        return [{"chat": int(place.chat), "unsay": int(message)}] if place.private else []

    async def ask_about(self, sender: Person) -> Person:
        """Telegram knows no workspaces, and so no guests."""
        return sender

    async def presides(self, who: Identity, place: Place) -> bool:
        return await presides(self._bot, who, place)

    def direct(self, who: Identity) -> Place:
        """A private chat has its person's id. Telegram takes messages only for people who have started the bot."""
        return Place(platform=self.name, chat=who.user, private=True)

    async def fetch(self, attachment: Attachment, *, most: int) -> bytes:
        """See ports.Platform."""
        return await fetch(self._bot, attachment, most)

    async def deliver(self, part: Part) -> str:
        chat = str(part["chat"])
        if wait := self._pacing.wait(chat):
            raise PlatformBusy(retry_after=wait)
        self._pacing.final(chat, private=part["chat"] > 0)
        try:
            return await self._sender.deliver(part)
        except sdk.RetryAfter as error:
            self._pacing.slow_down(chat, seconds(error))
            raise translate(error) from error
        except sdk.TelegramError as error:
            raise translate(error) from error

    async def reread(self, payload: Mapping[str, Any]) -> Arrival | None:
        try:
            user = await self._bot.get_me()
        except sdk.TelegramError as error:
            raise translate(error) from error
        return inbound.arrival(payload.get("raw"), _bot_user(user), self._hearing)

    def repeatable(self, part: Part) -> bool:
        return "edit" in part or "unsay" in part

    async def reach(self) -> None:
        await self._asked()

    async def check(self) -> str:
        user = await self._asked()
        groups = "reads all messages of its groups" if user.can_read_all_group_messages else "privacy mode is on"
        return f"@{user.username} ({user.id}), {groups}"

    async def _asked(self) -> User:
        try:
            return await self._bot.get_me()
        except sdk.TelegramError as error:
            raise translate(error) from error

    async def close(self) -> None:
        for request in self._requests:
            await request.shutdown()

    async def _persistently(self, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """Repeat until Telegram answers. Raises PlatformMisconfigured if it does not accept the token."""
        backoff = self._backoff()
        while True:
            try:
                return await call()
            except sdk.InvalidToken:
                raise PlatformMisconfigured("Telegram does not accept the token", hint=TOKEN_HINT) from None
            except sdk.TelegramError as error:
                wait = backoff.next()
                if isinstance(error, sdk.RetryAfter):
                    wait = max(wait, seconds(error))
                log.warning("Waiting for Telegram", reason=str(error), wait=round(wait, 1))
            await self._clock.sleep(wait)

    def _introduce(self, user: User) -> None:
        log.info("Telegram knows the bot", username=user.username, bot=user.id)
        if not user.can_read_all_group_messages:
            log.warning(
                "Privacy mode is on: in groups the bot may see neither mentions nor trigger words. "
                "Turn it off in @BotFather (/setprivacy) and add the bot to the group again, or make it an admin."
            )


def _bot_user(user: User) -> BotUser:
    return BotUser(id=user.id, username=user.username or "")
