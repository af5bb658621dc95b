"""The Retry button from end to end: real adapters against both platforms' emulators, the real core and database."""

import asyncio

import pytest
import sqlalchemy as sa

from adapters.slack.emulator import Person as SlackPerson
from adapters.telegram.emulator import Chat, Message, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.errors import StreamInterrupted, UpstreamDown
from bot.storage import Storage
from bot.storage.tables import charge, identity
from tests.conftest import Core, make_core
from tests.scenarios.office import Office
from tests.scenarios.serving import serving

BROKEN = ("half ", StreamInterrupted("cut"))


async def charged(core: Core) -> list[str]:
    """Who was charged, in order."""
    query = sa.select(identity.c.user).join(charge, charge.c.account_id == identity.c.account_id)
    async with core.storage.begin() as work:
        rows = await work.history._connection.execute(query.order_by(charge.c.inbox_id))
        return [row.user for row in rows]


class TestTelegram:
    @pytest.fixture
    def ada(self, tg: TelegramEmulator) -> Person:
        return tg.person(id=11, first_name="Ada", username="ada")

    @pytest.fixture
    def ben(self, tg: TelegramEmulator) -> Person:
        return tg.person(id=12, first_name="Ben", username="ben")

    @pytest.fixture
    def team(self, tg: TelegramEmulator, ada: Person, ben: Person) -> Chat:
        return tg.group(id=-1001, title="Team", members=[ada, ben])

    async def said(self, tg: TelegramEmulator, chat: Chat, count: int) -> list[Message]:
        """What the bot has said in a chat, once that is so many messages."""

        def by_bot() -> list[Message]:
            return [message for message in tg.messages(chat) if message.sender.is_bot]

        await tg.until(lambda: len(by_bot()) >= count)
        return by_bot()

    async def clicked(self, tg: TelegramEmulator, who: Person, message: Message, chat: Chat) -> None:
        """Somebody clicks on the only button of a message, and is told that it was seen."""
        (button,) = message.buttons
        assert button["text"] == "🔁 Retry"
        query = who.clicks(message.id, button["callback_data"], chat=chat)
        await tg.until(lambda: query in tg.answers)

    async def test_a_question_that_got_no_answer_is_asked_again_by_a_click(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = make_core(storage, others=[platform])
        core.model.script = [(UpstreamDown("503"),)]
        async with serving(core, platform):
            ada.says("hello")
            (sorry,) = await self.said(tg, ada.chat, 1)
            await self.clicked(tg, ada, sorry, ada.chat)
            _, answer = await self.said(tg, ada.chat, 2)
        assert (answer.text, answer.buttons) == ("echo: hello", [])
        assert tg.drafts(ada.chat) is None

    async def test_in_a_group_a_click_is_the_clickers_own(
        self,
        storage: Storage,
        tg: TelegramEmulator,
        platform: TelegramPlatform,
        *,
        ada: Person,
        ben: Person,
        team: Chat,
    ) -> None:
        core = make_core(storage, others=[platform])
        core.model.script = [BROKEN]
        async with serving(core, platform):
            ada.says("@parley_bot hello", chat=team)
            (half,) = await self.said(tg, team, 1)
            await self.clicked(tg, ben, half, team)
            _, refused = await self.said(tg, team, 2)
            await self.clicked(tg, ada, half, team)
            *_, answer = await self.said(tg, team, 3)
        assert "none of yours" in refused.text
        assert (answer.text, answer.reply_to) == ("echo: hello", half.id)
        assert await charged(core) == ["11", "11"]

    @pytest.mark.parametrize(
        ("data", "told"), [("retry 424242", "none of yours"), ("quota set @ada messages 99", "do not know the command")]
    )
    async def test_forged_data_is_worth_what_the_person_may_do(
        self,
        storage: Storage,
        tg: TelegramEmulator,
        platform: TelegramPlatform,
        *,
        ada: Person,
        data: str,
        told: str,
    ) -> None:
        core = make_core(storage, others=[platform])
        async with serving(core, platform):
            ada.says("hello")
            (answer,) = await self.said(tg, ada.chat, 1)
            below = {"message_id": answer.id, "chat": ada.chat.payload(), "date": 0}
            tg.inject({"callback_query": {"id": "1", "from": ada.user.payload(), "message": below, "data": data}})
            _, refused = await self.said(tg, ada.chat, 2)
        assert told in refused.text
        assert await charged(core) == ["11"]

    async def test_a_click_outlives_the_process_that_took_it(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        first = make_core(storage, others=[platform])
        first.model.script = [(UpstreamDown("503"),), ("so far ", asyncio.Event())]
        async with serving(first, platform):
            ada.says("hello")
            (sorry,) = await self.said(tg, ada.chat, 1)
            await self.clicked(tg, ada, sorry, ada.chat)
            await tg.until(lambda: tg.drafts(ada.chat) is not None)  # its turn has begun
        core = make_core(storage, others=[platform])
        await core.recover()
        async with serving(core, platform):
            _, answer = await self.said(tg, ada.chat, 2)
        assert answer.text == "echo: hello"
        assert await charged(core) == ["11", "11"]


class TestSlack:
    @pytest.fixture
    def ada(self, office: Office) -> SlackPerson:
        return office.slack.person("U1", name="ada")

    async def test_in_a_direct_message_a_click_asks_again(
        self, storage: Storage, office: Office, ada: SlackPerson
    ) -> None:
        core = make_core(storage, others=[office.platform])
        core.model.script = [(UpstreamDown("503"),)]
        room = office.slack.dm(ada)
        async with office.open(core):
            await ada.says("hello", room)
            (sorry,) = await office.said(room, 1)
            await office.clicks(ada, room, sorry, "🔁 Retry")
            _, answer = await office.said(room, 2)
        assert answer.visible == "echo: hello"

    async def test_in_a_thread_a_click_is_the_clickers_own(
        self, storage: Storage, office: Office, ada: SlackPerson
    ) -> None:
        slack, ben = office.slack, office.slack.person("U2", name="ben")
        room = slack.channel("C1", "general", members=[ada, ben])
        core = make_core(storage, others=[office.platform])
        core.model.script = [BROKEN]
        async with office.open(core):
            root = await ada.says("<@UBOT> hello", room)
            (half,) = await office.said(room, 1)
            await office.clicks(ben, room, half, "🔁 Retry")
            await office.until(lambda: any(one.ephemeral_for == "U2" for one in slack.messages("C1")))
            await office.clicks(ada, room, half, "🔁 Retry")
            *_, answer = await office.said(room, 3)
        (refused,) = (one for one in slack.messages("C1") if one.ephemeral_for == "U2")
        assert "none of yours" in refused.visible
        assert (answer.visible, answer.thread_ts) == ("echo: hello", root)
        assert await charged(core) == ["T1/U1", "T1/U1"]

    async def test_a_forged_action_is_worth_what_the_person_may_do(
        self, storage: Storage, office: Office, ada: SlackPerson
    ) -> None:
        core, slack = make_core(storage, others=[office.platform]), office.slack
        core.model.script = [(UpstreamDown("503"),)]
        room = slack.dm(ada)
        async with office.open(core):
            await ada.says("hello", room)
            (sorry,) = await office.said(room, 1)
            body = {
                "type": "block_actions",
                "team": {"id": "T1"},
                "user": {"id": "U1", "username": "ada", "team_id": "T1"},
                "channel": {"id": room.id},
                "container": {"type": "message", "message_ts": sorry.ts},
                "actions": [{"action_id": "parley.quota", "value": "set @ada messages 99", "action_ts": "1.5"}],
                "response_url": slack.url.replace("/api/", "/response/none"),
                "trigger_id": "1.2.3",
            }
            slack.inject(body, "interactive")
            await office.until(lambda: any(one.ephemeral_for for one in slack.messages(room)))
        (refused,) = (one for one in slack.messages(room) if one.ephemeral_for)
        assert "do not know the command" in refused.visible
