"""The buttons under answers on both emulators: clicked by whoever asked, and by others."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from adapters.slack.emulator import Message as SlackMessage
from adapters.slack.emulator import SlackEmulator, Tiers
from adapters.slack.platform import SlackPlatform
from adapters.telegram.emulator import Chat, Message, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.domain.people import Identity
from bot.domain.quotas import Meter
from bot.offers import Offers
from bot.storage import Storage
from tests.conftest import Core, make_core
from tests.scenarios.serving import serving

ALL = Offers(kinds=frozenset({"retry", "continue", "thumbs"}), bill="admins")
BILL = "\N{INFORMATION SOURCE}\ufe0f"
PATIENCE = 30.0
SO_FAR = "There is a long story to be told, and it begins in a small town by the sea, a hundred years ago."


async def verdicts(core: Core) -> list[bool | None]:
    """What people think of the answers there are."""
    async with core.storage.begin() as work:
        found = [await work.given.find(number) for number in range(1, 30)]
    return [given.up for given in found if given is not None]


def core_for(storage: Storage, platform: TelegramPlatform | SlackPlatform) -> Core:
    admins = [Identity(platform="telegram", user="12"), Identity(platform="slack", user="T1/U2")]
    everything: Mapping[Meter, int | None] = {"messages": None, "tokens": None}
    return make_core(storage, daily=everything, others=[platform], offers=ALL, more_admins=admins)


class TestTelegram:
    @pytest.fixture
    def ada(self, tg: TelegramEmulator) -> Person:
        return tg.person(id=11, first_name="Ada", username="ada")

    def by_bot(self, tg: TelegramEmulator, chat: Chat) -> list[Message]:
        return [message for message in tg.messages(chat) if message.sender.is_bot]

    def labels(self, message: Message) -> list[str]:
        return [button["text"] for button in message.buttons]

    async def answered(self, tg: TelegramEmulator, chat: Chat, count: int = 1) -> Message:
        """The bot's newest message, once there are so many."""
        await tg.until(lambda: len(self.by_bot(tg, chat)) >= count, PATIENCE)
        return self.by_bot(tg, chat)[-1]

    async def finished(self, tg: TelegramEmulator, chat: Chat) -> Message:
        """The bot's newest answer, once it is no preview any more."""
        await tg.until(lambda: any("🔁 Retry" in self.labels(one) for one in self.by_bot(tg, chat)), PATIENCE)
        return self.by_bot(tg, chat)[-1]

    def press(self, person: Person, message: Message, label: str, chat: Chat) -> None:
        (data,) = [button["callback_data"] for button in message.buttons if button["text"] == label]
        person.clicks(message.id, data, chat=chat)

    async def test_a_thumb_changes_the_buttons_and_nothing_else(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = core_for(storage, platform)
        async with serving(core, platform):
            ada.says("hello")
            answer = await self.finished(tg, ada.chat)
            assert self.labels(answer) == ["🔁 Retry", "👍", "👎"]
            self.press(ada, answer, "👎", ada.chat)
            await tg.until(lambda: self.labels(self.by_bot(tg, ada.chat)[0])[-1] == "👎 ✓", PATIENCE)
            self.press(ada, self.by_bot(tg, ada.chat)[0], "👍", ada.chat)
            await tg.until(lambda: self.labels(self.by_bot(tg, ada.chat)[0])[1] == "👍 ✓", PATIENCE)
        (judged,) = self.by_bot(tg, ada.chat)
        assert (judged.text, self.labels(judged)) == (answer.text, ["🔁 Retry", "👍 ✓", "👎"])
        assert await verdicts(core) == [True]

    async def test_a_stranger_s_click_does_nothing_for_them(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        ben = tg.person(id=13, first_name="Ben", username="ben")
        core, team = core_for(storage, platform), tg.group(id=-1001, title="Team", members=[ada, ben])
        async with serving(core, platform):
            ada.says("@parley_bot hello", chat=team)
            answer = await self.finished(tg, team)
            for count, label in enumerate(("🔁 Retry", "👍"), 2):
                self.press(ben, answer, label, team)
                assert "yours" in (await self.answered(tg, team, count)).text
        assert await verdicts(core) == [None]
        assert len(core.model.prompts) == 1

    async def test_in_a_group_only_who_asked_stops_an_answer_by_its_button(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        ben = tg.person(id=13, first_name="Ben", username="ben")
        core, team = core_for(storage, platform), tg.group(id=-1001, title="Team", members=[ada, ben])
        core.model.script = [(SO_FAR, asyncio.Event())]
        async with serving(core, platform):
            ada.says("@parley_bot a story", chat=team)
            await tg.until(lambda: any(self.labels(one) == ["⏹ Stop"] for one in self.by_bot(tg, team)), PATIENCE)
            preview = self.by_bot(tg, team)[-1]
            self.press(ben, preview, "⏹ Stop", team)
            refused = await self.answered(tg, team, 2)
            assert refused.text.startswith("No answer to you is being written here.")
            self.press(ada, preview, "⏹ Stop", team)
            await tg.until(lambda: self.labels(self.by_bot(tg, team)[0]) != ["⏹ Stop"], PATIENCE)
        answer, _ = self.by_bot(tg, team)
        assert answer.text == f"{SO_FAR}\n\n⏹ Stopped."
        assert self.labels(answer) == ["🔁 Retry", "👍", "👎"]

    async def test_the_stop_button_under_a_draft_leaves_what_was_written(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = core_for(storage, platform)
        core.model.script = [(SO_FAR, asyncio.Event())]
        async with serving(core, platform):
            asked = ada.says("a story")
            await tg.until(lambda: tg.drafts(ada.chat) == SO_FAR, PATIENCE)
            ada.stops(asked)
            answer = await self.answered(tg, ada.chat)
        assert answer.text == f"{SO_FAR}\n\n⏹ Stopped."

    @pytest.mark.parametrize(
        "data", ["thumb up 999999999", "thumb", "bill 1", "continue 1; drop", "x" * 64, "\U0001f44d"]
    )
    async def test_made_up_data_does_nothing(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person, data: str
    ) -> None:
        core = core_for(storage, platform)
        async with serving(core, platform):
            ada.says("hello")
            answer = await self.finished(tg, ada.chat)
            below = {"message_id": answer.id, "chat": ada.chat.payload(), "date": 0}
            tg.inject({"callback_query": {"id": "1", "from": ada.user.payload(), "message": below, "data": data}})
            ada.says("still there?")
            await tg.until(lambda: any("still there?" in one.text for one in self.by_bot(tg, ada.chat)), PATIENCE)
        assert set(await verdicts(core)) == {None}
        assert [prompt.messages[-1].text for prompt in core.model.prompts] == ["hello", "still there?"]

    async def test_an_answer_that_was_cut_goes_on(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
    ) -> None:
        core = core_for(storage, platform)
        core.model.finish_reason = "length"
        core.model.script = [("Once upon",), ("a time.",)]
        async with serving(core, platform):
            ada.says("a tale")
            answer = await self.finished(tg, ada.chat)
            assert answer.text.startswith("Once upon\n\n✂️")
            core.model.finish_reason = "stop"
            self.press(ada, answer, "⏩ Continue", ada.chat)
            assert (await self.answered(tg, ada.chat, 2)).text == "a time."

    async def test_an_admin_sees_what_an_answer_took_and_nobody_else_is_offered_that(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core = core_for(storage, platform)
        boss = tg.person(id=12, first_name="Boss")
        async with serving(core, platform):
            boss.says("hello")
            self.press(boss, await self.finished(tg, boss.chat), BILL, boss.chat)
            assert (await self.answered(tg, boss.chat, 2)).text.startswith("Answered by main/fake-1")


class TestSlack:
    @pytest.fixture
    async def slack(self) -> AsyncIterator[SlackEmulator]:
        async with SlackEmulator(limits=Tiers.off()) as emulator:
            yield emulator

    @pytest.fixture
    async def platform(self, slack: SlackEmulator) -> AsyncIterator[SlackPlatform]:
        one = SlackPlatform(
            "xoxb-test", app_token="xapp-test", api_url=slack.url, commands=all_commands(), clock=SystemClock()
        )
        yield one
        await one.close()

    def elements(self, message: SlackMessage) -> dict[str, tuple[str, str]]:
        """Label → action and value of each button, however it is drawn."""
        found: dict[str, tuple[str, str]] = {}
        for block in message.blocks:
            for element in block.get("elements", []):
                for one in (element, element.get("positive_button", {}), element.get("negative_button", {})):
                    if "text" in one:
                        label, value = one["text"]["text"], one.get("value", "")
                        found[label] = (element["action_id"], value)
        return found

    def answers(self, slack: SlackEmulator, channel: str, thread: str | None = None) -> list[SlackMessage]:
        """What has its buttons."""
        return [one for one in slack.messages(channel, thread) if one.from_bot and self.elements(one)]

    async def test_a_thumb_is_noted_and_only_its_owner_s(
        self, storage: Storage, slack: SlackEmulator, platform: SlackPlatform
    ) -> None:
        core = core_for(storage, platform)
        ada, ben = slack.person("U1", name="ada"), slack.person("U3", name="ben")
        room = slack.channel("C1", "general", members=[ada, ben])
        async with serving(core, platform):
            await slack.until(lambda: slack.connections == 2, PATIENCE)
            root = await ada.says("<@UBOT> hello", room)
            await slack.until(lambda: bool(self.answers(slack, room.id, root)), PATIENCE)
            (answer,) = self.answers(slack, room.id, root)
            shown = self.elements(answer)
            assert list(shown) == ["🔁 Retry", "👍", "👎"]
            await ben.clicks(room, answer.ts, *shown["👎"])
            await slack.until(lambda: self.whispered(slack, room.id, root, "U3"), PATIENCE)
            assert await verdicts(core) == [None]
            await ada.clicks(room, answer.ts, *shown["👍"])
            await slack.until(lambda: self.whispered(slack, room.id, root, "U1"), PATIENCE)
        assert await verdicts(core) == [True]

    def whispered(self, slack: SlackEmulator, channel: str, thread: str, to: str) -> bool:
        said = [*slack.messages(channel, thread), *slack.messages(channel)]
        return any(one.ephemeral_for == to for one in said)

    async def test_an_answer_that_was_cut_goes_on_in_its_thread(
        self, storage: Storage, slack: SlackEmulator, platform: SlackPlatform
    ) -> None:
        core = core_for(storage, platform)
        core.model.finish_reason = "length"
        core.model.script = [("Once upon",), ("a time.",)]
        ada = slack.person("U1", name="ada")
        room = slack.channel("C1", "general", members=[ada])
        async with serving(core, platform):
            await slack.until(lambda: slack.connections == 2, PATIENCE)
            root = await ada.says("<@UBOT> a tale", room)
            await slack.until(lambda: bool(self.answers(slack, room.id, root)), PATIENCE)
            (answer,) = self.answers(slack, room.id, root)
            core.model.finish_reason = "stop"
            await ada.clicks(room, answer.ts, *self.elements(answer)["⏩ Continue"])
            await slack.until(lambda: len(self.answers(slack, room.id, root)) == 2, PATIENCE)
        assert self.answers(slack, room.id, root)[-1].visible.startswith("a time.")
