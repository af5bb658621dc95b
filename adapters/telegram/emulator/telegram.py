"""The emulator as tests and the demo hold it."""

import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Self

from adapters.telegram.emulator.chats import Chat
from adapters.telegram.emulator.faults import Faults
from adapters.telegram.emulator.feed import Feed
from adapters.telegram.emulator.limits import FloodControl, Limits
from adapters.telegram.emulator.people import Person
from adapters.telegram.emulator.server import Server
from adapters.telegram.emulator.updates import UpdateQueue
from adapters.telegram.emulator.values import Call, Event, Json, Lifetimes, Message, User
from adapters.telegram.emulator.webhooks import WebhookDelivery
from adapters.telegram.emulator.world import NEWEST, World

FIRST_UPDATE = 900_000_001


class TelegramEmulator:
    """A Bot API server for one bot, with people to talk to it.

    `async with TelegramEmulator(token=…) as tg` listens at `tg.url`; bots use `f"{tg.url}/bot"`. `clock` gives
    Unix seconds. `reads_all_group_messages` switches privacy mode off. `keep_calls` bounds `calls`; 0 records none.
    `bot_api` is the version of the server: what came later it does not know.
    """

    def __init__(
        self,
        *,
        token: str = "100:TEST",  # noqa: S107 - not a secret
        username: str = "parley_bot",
        limits: Limits | None = None,
        lifetimes: Lifetimes | None = None,
        clock: Callable[[], float] = time.time,
        keep_calls: int = 10_000,
        reads_all_group_messages: bool = False,
        bot_api: tuple[int, int] = NEWEST,
    ) -> None:
        bot = User(id=int(token.partition(":")[0]), first_name="Parley", is_bot=True, username=username)
        life = lifetimes or Lifetimes()
        self.calls: deque[Call] = deque(maxlen=keep_calls)
        self.faults = Faults()
        feed = Feed()
        self.world = World(
            bot=bot,
            clock=clock,
            lifetimes=life,
            flood=FloodControl(limits or Limits(), clock),
            updates=UpdateQueue(first_id=FIRST_UPDATE, life=life.update, clock=clock, notify=feed.stir),
            feed=feed,
            reads_all_group_messages=reads_all_group_messages,
            bot_api=bot_api,
        )
        self._server = Server(self.world, token=token, faults=self.faults, calls=self.calls)
        self._webhooks = WebhookDelivery(self.world)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        await self._server.start()
        await self._webhooks.start()

    async def stop(self) -> None:
        """Stop listening; started again it is the same server, with all it knew, at the same address."""
        await self._webhooks.stop()
        await self._server.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def answers(self) -> dict[str, Json]:
        """What the bot answered to pressed buttons, by the id `Person.clicks` returned."""
        return self.world.answers

    def person(
        self,
        *,
        id: int,  # noqa: A002
        first_name: str,
        username: str | None = None,
        language_code: str | None = None,
    ) -> Person:
        user = User(id=id, first_name=first_name, username=username, language_code=language_code)
        self.world.users[id] = user
        return Person(self.world, user)

    def private_chat(self, person: Person) -> Chat:
        return person.chat

    def group(
        self,
        *,
        id: int,  # noqa: A002
        title: str,
        members: Iterable[Person] = (),
        forum: bool = False,
        basic: bool = False,
    ) -> Chat:
        """A supergroup (with topics: `forum`) or a basic group, with the bot already in it."""
        chat = Chat(
            id=id,
            kind="group" if basic else "supergroup",
            title=title,
            members={person.id: person.user for person in members},
            forum=forum,
        )
        self.world.chats[id] = chat
        return chat

    def channel(self, *, id: int, title: str, admins: Iterable[Person]) -> Chat:  # noqa: A002
        """A channel; the bot is one of its admins, or it would see nothing of it."""
        people = list(admins)
        chat = Chat(id=id, kind="channel", title=title, members={one.id: one.user for one in people})
        chat.admins, chat.bot_status = {one.id for one in people}, "administrator"
        self.world.chats[id] = chat
        return chat

    def topic(self, chat: Chat, name: str) -> int:
        """Open a topic, in a forum or in a private chat, and return its thread id."""
        thread_id = self.world.next_id(chat)
        chat.topics[thread_id] = name
        return thread_id

    def add_bot(self, chat: Chat, by: Person) -> None:
        """Put the bot (back) into a group."""
        self.world.set_bot_status(chat, "member", by.user)

    def kick_bot(self, chat: Chat, by: Person) -> None:
        self.world.set_bot_status(chat, "kicked", by.user)

    def promote_bot(self, chat: Chat, by: Person) -> None:
        """Make the bot an administrator: privacy mode does not bind it any more."""
        self.world.set_bot_status(chat, "administrator", by.user)

    def migrate(self, chat: Chat, new_id: int, by: Person) -> Chat:
        """Turn a basic group into a supergroup: a new chat, and a service message in either."""
        grown = self.group(id=new_id, title=chat.title)
        grown.members = dict(chat.members)
        chat.migrated_to = new_id
        self.world.serve(chat, by.user, {"migrate_to_chat_id": new_id})
        self.world.serve(grown, by.user, {"migrate_from_chat_id": chat.id})
        return grown

    def messages(self, chat: Chat) -> list[Message]:
        return chat.last_shown()

    def drafts(self, chat: Chat, thread_id: int | None = None) -> str | None:
        """The text of the draft shown now ("" is "Thinking…"), or None."""
        draft = chat.drafts.get(thread_id)
        return draft.text if draft is not None and draft.until > self.world.clock() else None

    def action(self, chat: Chat, thread_id: int | None = None) -> str | None:
        """The chat action shown now, such as "typing", or None."""
        action, until = chat.actions.get(thread_id, ("", 0.0))
        return action if until > self.world.clock() else None

    def inject(self, raw_update: Json) -> None:
        """Queue an update verbatim, forged or broken; only a missing `update_id` is filled in."""
        self.world.updates.push_raw(raw_update)

    async def until(self, condition: Callable[[], object], limit: float = 5.0) -> None:
        """Return when `condition()` is true, asked after every change; TimeoutError after `limit` seconds."""
        await self.world.feed.until(condition, limit)

    def watch(self) -> AsyncGenerator[Event, None]:
        return self.world.feed.watch()
