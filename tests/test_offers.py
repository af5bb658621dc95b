"""What stands under answers, and what comes of clicking it."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.people import Role
from bot.offers import Offers
from bot.storage import Storage
from tests.conftest import ADMIN, Core, make_core

ALL = Offers(kinds=frozenset({"retry", "continue", "thumbs"}), bill="admins")


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily={"messages": None, "tokens": None}, offers=ALL)


def labels(offers: Offers, ending: str, role: Role = Role.MEMBER) -> list[str]:
    return [choice.label.message.format(**choice.label.values) for choice in offers.under(7, ending, role)]


@pytest.mark.parametrize(
    ("ending", "role", "expected"),
    [
        ("stop", Role.MEMBER, ["🔁 Retry", "👍", "👎"]),
        ("length", Role.MEMBER, ["⏩ Continue", "🔁 Retry", "👍", "👎"]),
        ("interrupted", Role.MEMBER, ["⏩ Continue", "🔁 Retry", "👍", "👎"]),
        ("stopped", Role.SUPPORT, ["🔁 Retry", "👍", "👎", "\N{INFORMATION SOURCE}\ufe0f"]),
    ],
)
def test_an_ending_and_a_role_decide_what_is_offered(ending: str, role: Role, expected: list[str]) -> None:
    assert labels(ALL, ending, role) == expected


def test_an_operator_may_want_none_of_it_but_a_second_try() -> None:
    assert labels(Offers(), "stop", Role.OWNER) == []
    assert labels(Offers(), "interrupted", Role.OWNER) == ["🔁 Retry"]


def test_every_command_fits_a_button_however_many_answers_there_were() -> None:
    number = 10**18
    commands = [choice.command for choice in ALL.under(number, "length", Role.OWNER, up=True)]
    assert max(len(command.encode()) for command in commands) < 40


async def test_an_answer_is_asked_for_again(core: Core) -> None:
    await core.say("ada", "hello")
    core.model.script = [("better",)]
    assert await core.click("ada", "🔁 Retry") == "better"
    assert [message.text for message in core.model.prompts[-1].messages] == ["be kind", "hello"]


class TestGoingOn:
    async def cut(self, core: Core, **more: str) -> None:
        core.model.finish_reason = "length"
        core.model.script = [("once upon",)]
        await core.say("ada", "a tale", **more)
        core.model.finish_reason = "stop"

    async def test_the_model_sees_what_it_said(self, core: Core) -> None:
        await self.cut(core)
        core.model.script = [("a time",)]
        assert await core.click("ada", "⏩ Continue") == "a time"
        said = [message.text for message in core.model.prompts[-1].messages[1:]]
        assert said == ["a tale", "once upon", "Please go on exactly where your last answer ended."]

    async def test_it_is_asked_in_the_language_of_whoever_clicks(self, core: Core) -> None:
        await self.cut(core, language="zh-hans")
        await core.click("ada", "⏩ 继续", language="zh-hans")
        assert core.model.prompts[-1].messages[-1].text == "请从你上一个回答结束的地方接着写。"

    async def test_one_may_go_on_as_often_as_one_likes(self, core: Core) -> None:
        await self.cut(core)
        core.model.finish_reason = "length"
        for _ in range(8):
            core.model.script = [("and on",)]
            assert (await core.click("ada", "⏩ Continue")).startswith("and on")

    async def test_it_can_be_typed(self, core: Core) -> None:
        await self.cut(core)
        core.model.script = [("a time",)]
        assert await core.say("ada", "/continue") == "a time"

    async def test_only_the_last_answer_goes_on(self, core: Core) -> None:
        await self.cut(core)
        core.model.script = [("something else",)]
        await core.say("ada", "stop that")
        assert "not the last answer here" in await core.click("ada", "⏩ Continue")

    async def test_a_stranger_lets_nothing_go_on(self, core: Core) -> None:
        await self.cut(core, chat="team")
        asked = len(core.model.prompts)
        assert "none of yours" in await core.click("ben", "⏩ Continue")
        assert len(core.model.prompts) == asked

    @pytest.mark.parametrize("words", ["x", "-1", "1 2", "9" * 19, "9" * 18])
    async def test_made_up_numbers_lead_nowhere(self, core: Core, words: str) -> None:
        await self.cut(core)
        asked = len(core.model.prompts)
        for command in ("continue", "retry", "thumb up", "bill"):
            await core.say("ada", f"/{command} {words}", clicked=True, message="1")
        assert len(core.model.prompts) == asked


class TestThumbs:
    async def verdicts(self, core: Core) -> list[bool | None]:
        async with core.storage.begin() as work:
            found = [await work.given.find(number) for number in range(1, 20)]
        return [given.up for given in found if given is not None]

    async def test_the_one_that_was_chosen_is_marked_under_the_answer(self, core: Core) -> None:
        await core.say("ada", "hello")
        await core.click("ada", "👎")
        assert core.platform.labels[-1] == ["🔁 Retry", "👍", "👎 ✓"]
        assert core.platform.instead_of[-1] == "1"
        assert await self.verdicts(core) == [False]

    async def test_it_can_be_turned(self, core: Core) -> None:
        await core.say("ada", "hello")
        await core.click("ada", "👎")
        await core.click("ada", "👍")
        assert core.platform.labels[-1] == ["🔁 Retry", "👍 ✓", "👎"]
        assert await self.verdicts(core) == [True]

    async def test_nobody_judges_an_answer_to_somebody_else(self, core: Core) -> None:
        await core.say("ada", "hello", chat="team")
        assert "no answer of yours" in await core.click("ben", "👍")
        assert await self.verdicts(core) == [None]

    async def test_typed_it_is_answered_by_a_sentence(self, core: Core) -> None:
        await core.say("ada", "hello")
        assert await core.say("ada", "/thumb up 1") == "Noted, thank you."
        assert core.platform.labels[-1] == []

    async def test_it_can_be_judged_after_it_was_replaced(self, core: Core) -> None:
        await core.say("ada", "hello")
        await core.say("ada", "/retry")
        assert await core.say("ada", "/thumb down 1") == "Noted, thank you."


class TestBills:
    async def test_an_admin_sees_model_tokens_and_cost(self, core: Core) -> None:
        await core.say(ADMIN, "hello")
        told = await core.click(ADMIN, "\N{INFORMATION SOURCE}\ufe0f")
        assert told.splitlines() == [
            "Answered by `main/fake-1` (`fake-1`).",
            "Tokens: 10 read, 0 of them cached, 5 written.",
            "Cost: nobody knows the price of this model.",
            "First word after 0.1 s, done after 1 s.",
        ]

    async def test_an_admin_sees_those_of_others_and_a_member_sees_none(self, core: Core) -> None:
        await core.say("ada", "hello")
        assert "Answered by" in await core.say(ADMIN, "/bill 1")
        assert "do not know the command `bill`" in await core.say("ada", "/bill 1")

    async def test_everybody_sees_their_own_where_an_operator_wants_that(self, storage: Storage) -> None:
        core = make_core(storage, offers=replace(ALL, bill="everybody"))
        await core.say("ada", "hello")
        assert "Answered by" in await core.click("ada", "\N{INFORMATION SOURCE}\ufe0f")
        assert "no answer of which" in await core.say("ben", "/bill 1")

    async def test_where_others_read_along_an_admin_is_offered_none(self, core: Core) -> None:
        await core.say(ADMIN, "hello", chat="team")
        assert core.platform.labels[-1] == ["🔁 Retry", "👍", "👎"]


async def test_what_only_buttons_call_is_in_no_menu(core: Core) -> None:
    told = await core.say(ADMIN, "/help")
    assert "/continue" in told
    assert "/thumb" not in told
    assert "/bill" not in told


class TestStopping:
    """Whose answer it is matters where several people talk."""

    async def begun(self, core: Core, chat: str) -> None:
        core.model.script = [("so far ", asyncio.Event())]
        await core.hear("ada", "talk", chat=chat)
        (lease,) = await core.inbox.claim(1)
        core.dispatcher.start(lease)
        await core.platform.shown("so far ")

    async def test_a_click_stops_without_a_further_word(self, core: Core) -> None:
        await self.begun(core, "team")
        await core.say("ada", "/stop", chat="team", clicked=True, message="1")
        assert [text for _, text in core.platform.sent] == ["so far\n\n⏹ Stopped."]

    async def test_a_stranger_stops_nothing(self, core: Core) -> None:
        await self.begun(core, "team")
        await core.hear("ben", "/stop", chat="team", clicked=True, message="1")
        (lease,) = await core.inbox.claim(1)
        core.dispatcher.start(lease)
        await wait_for(core, 1)
        assert core.platform.sent[0][1].startswith("No answer to you is being written here.")
        assert core.model.closed == 0
        await core.say("ada", "/stop", chat="team", clicked=True, message="1")
        assert core.platform.sent[-1][1] == "so far\n\n⏹ Stopped."

    async def test_an_admin_stops_everything(self, core: Core) -> None:
        await self.begun(core, "team")
        await core.hear("ben", "and then", chat="team")
        await core.say(ADMIN, "/stop", chat="team")
        texts = [text for _, text in core.platform.sent]
        assert "Stopped, and dropped 1 message that was waiting." in texts
        assert "echo: and then" not in texts

    async def test_what_others_asked_is_not_dropped(self, core: Core) -> None:
        await self.begun(core, "team")
        await core.hear("ben", "and then", chat="team")
        await core.say("ada", "/stop", chat="team")
        texts = [text for _, text in core.platform.sent]
        assert "Stopped." in texts
        assert "echo: and then" in texts


async def wait_for(core: Core, count: int) -> None:
    """Until so many messages were sent."""
    async with asyncio.timeout(30):
        while len(core.platform.sent) < count:  # noqa: ASYNC110 - the platform tells nobody
            await asyncio.sleep(0.01)
