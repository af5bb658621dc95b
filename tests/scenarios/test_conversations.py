"""Several conversations, bursts, steering and forgetting, through the real adapters against both emulators."""

import asyncio
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from adapters.slack.emulator import Message as SlackMessage
from adapters.telegram.emulator import Message, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.domain.personas import Persona
from bot.domain.quotas import Meter
from bot.storage import Storage
from bot.storage.tables import turn
from tests.conftest import Core, make_core
from tests.scenarios.office import Office
from tests.scenarios.serving import serving

SO_FAR = "There is a long story to be told, and it begins in a small town by the sea, a hundred years ago."
MANY: Mapping[Meter, int | None] = {"messages": None, "tokens": None}
PIRATE = {"pirate": Persona(name="pirate", prompt="Talk like a pirate.")}


def asked(core: Core) -> list[str]:
    """What the model saw last, after its instructions."""
    return [message.text for message in core.model.prompts[-1].messages[1:]]


async def turns(core: Core) -> int:
    async with core.storage.begin() as work:
        counted = sa.select(sa.func.count()).select_from(turn)
        return int((await work.history._connection.execute(counted)).scalar_one())


class TestTelegram:
    @pytest.fixture
    def ada(self, tg: TelegramEmulator) -> Person:
        return tg.person(id=11, first_name="Ada", username="ada")

    def by_bot(self, tg: TelegramEmulator, ada: Person) -> list[Message]:
        return [message for message in tg.messages(ada.chat) if message.sender.is_bot]

    async def says(self, tg: TelegramEmulator, ada: Person, text: str) -> Message:
        """Ada says something; returns the bot's next message."""
        before = len(self.by_bot(tg, ada))
        ada.says(text)
        await tg.until(lambda: len(self.by_bot(tg, ada)) > before)
        return self.by_bot(tg, ada)[before]

    async def clicks(self, tg: TelegramEmulator, ada: Person, message: Message, label: str) -> str:
        """Ada clicks; returns what the message says when it has changed, or the next one."""
        (data,) = [one["callback_data"] for one in message.buttons if one["text"] == label]
        before = [one.text for one in self.by_bot(tg, ada)]
        ada.clicks(message.id, data)
        await tg.until(lambda: [one.text for one in self.by_bot(tg, ada)] != before)
        after = [one.text for one in self.by_bot(tg, ada)]
        return next(text for text, was in zip(after, [*before, None], strict=False) if text != was)

    def now(self, tg: TelegramEmulator, ada: Person, message: Message) -> Message:
        """The message as it stands by now."""
        return next(one for one in tg.messages(ada.chat) if one.id == message.id)

    async def test_an_old_conversation_is_found_in_the_list_and_goes_on(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = make_core(storage, daily=MANY, others=[platform])
        async with serving(core, platform):
            await self.says(tg, ada, "soup")
            await self.says(tg, ada, "/new Weather")
            await self.says(tg, ada, "rain")
            listed = await self.says(tg, ada, "/chats")
            opened = await self.clicks(tg, ada, listed, "2. soup")
            assert opened.startswith("soup (answers: 1")
            told = await self.clicks(tg, ada, self.now(tg, ada, listed), "▶ Go on with it")
            assert told == "soup goes on here from now."
            await self.says(tg, ada, "salt?")
        assert asked(core) == ["soup", "echo: soup", "salt?"]

    async def test_everything_is_forgotten_by_three_clicks_in_one_message(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = make_core(storage, daily=MANY, others=[platform])
        async with serving(core, platform):
            await self.says(tg, ada, "my secret")
            asking = await self.says(tg, ada, "/forget")
            for label in ("Everything", "🗑 Forget", "🗑 Yes, for good"):
                await self.clicks(tg, ada, self.now(tg, ada, asking), label)
        assert self.now(tg, ada, asking).text == "Forgotten: 1 question with its answer."
        assert await turns(core) == 0

    async def test_quick_messages_get_one_answer_that_says_so(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = make_core(storage, daily=MANY, others=[platform], quiet=2)
        async with serving(core, platform):
            ada.says("one")
            ada.says("two")
            await tg.until(lambda: bool(self.by_bot(tg, ada)))
        (answer,) = self.by_bot(tg, ada)
        assert answer.text == "echo: one\ntwo\n\n🧩 2 messages were read as one."

    async def test_an_answer_gives_way_to_the_next_message(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = make_core(storage, daily=MANY, others=[platform])
        async with serving(core, platform):
            await self.says(tg, ada, "/settings busy steer")
            core.model.script = [(SO_FAR, asyncio.Event())]
            ada.says("one")
            await tg.until(lambda: SO_FAR in (tg.drafts(ada.chat) or ""), limit=15)
            ada.says("two")
            await tg.until(lambda: len(self.by_bot(tg, ada)) == 3)
        _, gave_way, answer = self.by_bot(tg, ada)
        assert gave_way.text == f"{SO_FAR}\n\n↪ Going on with your next message."
        assert answer.text == "echo: two"
        assert asked(core) == ["one", SO_FAR, "two"]

    async def test_what_is_found_quotes_its_place(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = make_core(storage, daily=MANY, others=[platform])
        async with serving(core, platform):
            question = ada.says("how long do I boil soup")
            await tg.until(lambda: len(self.by_bot(tg, ada)) == 1)
            found = await self.says(tg, ada, "/search soup")
            await self.clicks(tg, ada, found, "1")
        assert self.by_bot(tg, ada)[-1].reply_to == question


class TestSlack:
    async def test_the_list_the_persona_and_forgetting_work_by_buttons(self, storage: Storage, office: Office) -> None:
        core = make_core(storage, daily=MANY, others=[office.platform], files=PIRATE)
        ada = office.slack.person("U1", name="ada")
        room = office.slack.dm(ada)

        async def clicks(message: SlackMessage, label: str, told: str) -> SlackMessage:
            await office.clicks(ada, room, message, label)
            return await office.told(room, told)

        async with office.open(core):
            await office.asks(ada, "soup", room)
            listed = await office.asks(ada, "chats", room)
            await clicks(listed, "1. soup", "gives it another name")
            personas = await office.asks(ada, "persona", room)
            await clicks(personas, "pirate", "answers here")
            await office.asks(ada, "hello there", room)
            assert core.model.prompts[-1].messages[0].text == "Talk like a pirate."
            asking = await office.asks(ada, "forget everything", room)
            sure = await clicks(asking, "🗑 Forget", "Really?")
            await clicks(sure, "🗑 Yes, for good", "Forgotten: 2 questions")
        assert await turns(core) == 0
