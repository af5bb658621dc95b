"""A question asked again, by command or by button: what it costs, what the model sees, what stays on record."""

import asyncio

import pytest
import sqlalchemy as sa

from bot.errors import CompletionRefused, ModelError, StreamInterrupted, UpstreamBusy, UpstreamDown
from bot.storage import Storage
from bot.storage.tables import TurnState, turn
from tests.books import used
from tests.conftest import ADMIN, Core, make_core

DOWN = UpstreamDown("503")


async def turns(core: Core) -> list[tuple[str, int]]:
    """Questions and states, the oldest first."""
    async with core.storage.begin() as work:
        rows = await work.history._connection.execute(sa.select(turn.c.question, turn.c.state).order_by(turn.c.id))
        return [(row.question, row.state) for row in rows]


async def messages_used(core: Core, user: str) -> int:
    return (await used(core, user))[0]


def seen(core: Core) -> list[str]:
    """What the model saw last, after its instructions."""
    return [message.text for message in core.model.prompts[-1].messages[1:]]


def button(core: Core) -> str:
    """What a click on the button under the last message says."""
    (command,) = core.platform.buttons[-1]
    return f"/{command}"


async def failing(core: Core, user: str, question: str, **more: str) -> str:
    """Somebody asks while the model is down; returns what the button says."""
    core.model.script = [(DOWN,)]
    await core.say(user, question, **more)
    return button(core)


async def cut_off(core: Core, user: str, text: str) -> None:
    """The process dies while the answer grows."""
    core.model.script = [("so far ", asyncio.Event())]
    await core.hear(user, text)
    (lease,) = await core.inbox.claim(1)
    core.dispatcher.start(lease)
    await core.platform.shown("so far ")
    await core.dispatcher.drain(0)


async def reborn(storage: Storage) -> Core:
    core = make_core(storage)
    await core.recover()
    return core


class TestCommand:
    async def test_it_asks_the_last_question_without_its_answer(self, core: Core) -> None:
        await core.say("ada", "one")
        await core.say("ada", "two")
        core.model.script = [("another answer",)]
        assert await core.say("ada", "/retry") == "another answer"
        assert seen(core) == ["one", "echo: one", "two"]

    async def test_the_answer_that_was_replaced_stays_on_record_and_out_of_the_context(self, core: Core) -> None:
        await core.say("ada", "one")
        core.model.script = [("another answer",)]
        await core.say("ada", "/retry")
        await core.say("ada", "two")
        assert seen(core) == ["one", "another answer", "two"]
        assert [state for _, state in await turns(core)] == [TurnState.REPLACED, TurnState.ANSWERED, TurnState.ANSWERED]

    async def test_a_question_that_got_no_answer_is_asked_again(self, core: Core) -> None:
        await failing(core, "ada", "one")
        assert await core.say("ada", "/retry") == "echo: one"
        assert await turns(core) == [("one", TurnState.FAILED), ("one", TurnState.ANSWERED)]

    async def test_an_answer_that_broke_off_is_replaced(self, core: Core) -> None:
        core.model.script = [("half ", StreamInterrupted("cut"))]
        await core.say("ada", "one")
        assert await core.say("ada", "/retry") == "echo: one"
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]

    async def test_it_may_be_asked_again_and_again(self, core: Core) -> None:
        await core.say("ada", "one")
        await core.say("ada", "/retry")
        await core.say("ada", "/retry")
        assert seen(core) == ["one"]
        assert [state for _, state in await turns(core)] == [TurnState.REPLACED, TurnState.REPLACED, TurnState.ANSWERED]

    async def test_it_costs_what_the_question_costs(self, core: Core) -> None:
        await core.say("ada", "one")
        await core.say("ada", "/retry")
        assert await messages_used(core, "ada") == 2

    @pytest.mark.parametrize("before", [[], ["one", "/new"]])
    async def test_without_a_question_it_says_so(self, core: Core, before: list[str]) -> None:
        for words in before:
            await core.say("ada", words)
        assert "asked nothing in this conversation" in await core.say("ada", "/retry")

    async def test_it_waits_for_its_place_in_line(self, core: Core) -> None:
        for words in ("one", "two", "/retry"):
            await core.hear("ada", words)
        await core.work()
        assert [text for _, text in core.platform.sent] == ["echo: one", "echo: two", "echo: two"]

    async def test_it_asks_ones_own_question_in_a_group(self, core: Core) -> None:
        await core.say("ada", "adas", chat="team")
        await core.say("ben", "bens", chat="team")
        assert await core.say("ada", "/retry", chat="team") == "echo: adas"
        assert await messages_used(core, "ben") == 1

    async def test_who_has_asked_nothing_in_a_group_asks_nobody_elses_question(self, core: Core) -> None:
        await core.say("ada", "adas", chat="team")
        assert "asked nothing" in await core.say("ben", "/retry", chat="team")

    async def test_a_question_from_another_place_is_not_asked_here(self, core: Core) -> None:
        await core.say("ada", "secret")
        assert "asked nothing" in await core.say("ada", "/retry", chat="team")


class TestReplacedAnswerComesBack:
    """Nobody loses an answer to a retry that brings none."""

    async def test_when_the_model_fails(self, core: Core) -> None:
        await core.say("ada", "one")
        await failing(core, "ada", "/retry")
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]

    async def test_when_the_quota_does_not_reach(self, storage: Storage) -> None:
        core = make_core(storage, daily={"messages": 1, "tokens": None})
        await core.say("ada", "one")
        assert "does not reach for this" in await core.say("ada", "/retry")
        core.clock.pass_(days=1)
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]

    async def test_when_it_is_stopped_before_its_first_word(self, core: Core) -> None:
        await core.say("ada", "one")
        core.model.script = [(asyncio.Event(),)]
        await core.hear("ada", "/retry")
        (lease,) = await core.inbox.claim(1)
        core.dispatcher.start(lease)
        await core.platform.shown("")
        await core.hear("ada", "/stop")
        await core.work()
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]

    async def test_when_it_crashes(self, core: Core) -> None:
        await core.say("ada", "one")
        core.model.script = [(RuntimeError("bug"),)]
        await core.say("ada", "/retry")
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]

    async def test_and_goes_when_a_further_retry_succeeds(self, core: Core) -> None:
        await core.say("ada", "one")
        await failing(core, "ada", "/retry")
        await core.say("ada", "/retry")
        assert seen(core) == ["one"]
        states = [state for _, state in await turns(core)]
        assert states == [TurnState.REPLACED, TurnState.FAILED, TurnState.ANSWERED]

    async def test_and_not_when_a_later_question_fails(self, core: Core) -> None:
        await core.say("ada", "one")
        await core.say("ada", "/retry")
        await failing(core, "ada", "one")
        assert [state for _, state in await turns(core)] == [TurnState.REPLACED, TurnState.ANSWERED, TurnState.FAILED]


class TestButton:
    @pytest.mark.parametrize(
        ("spoken", "buttons"),
        [
            ((DOWN,), 1),
            ((UpstreamBusy("429"),), 1),
            (("half ", StreamInterrupted("cut")), 1),
            ((StreamInterrupted("cut"),), 1),
            ((CompletionRefused("400"),), 0),
            (("an answer",), 0),
        ],
        ids=["down", "busy", "broken off", "broken off at once", "refused", "answered"],
    )
    async def test_it_stands_where_another_try_may_help(
        self, core: Core, spoken: tuple[str | ModelError, ...], buttons: int
    ) -> None:
        core.model.script = [spoken]
        await core.say("ada", "one")
        assert len(core.platform.buttons[-1]) == buttons

    async def test_a_click_asks_its_question_though_another_was_asked_since(self, core: Core) -> None:
        click = await failing(core, "ada", "one")
        await core.say("ada", "two")
        assert await core.say("ada", click) == "echo: one"
        assert seen(core) == ["two", "echo: two", "one"]

    async def test_a_second_click_costs_nothing(self, core: Core) -> None:
        click = await failing(core, "ada", "one")
        await core.hear("ada", click)
        await core.hear("ada", click)
        await core.work()
        assert core.platform.sent[-2][1] == "echo: one"
        assert "answered again already" in core.platform.sent[-1][1]
        assert await messages_used(core, "ada") == 1

    async def test_it_works_again_after_a_click_that_was_refused(self, core: Core) -> None:
        click = await failing(core, "ada", "one")
        await core.say(ADMIN, "/quota set @ada messages 0")
        assert "does not reach for this" in await core.say("ada", click)
        await core.say(ADMIN, "/quota set @ada messages 1")
        assert (await core.say("ada", click)).startswith("echo: one")

    async def test_somebody_elses_click_costs_neither_of_them(self, core: Core) -> None:
        click = await failing(core, "ada", "adas", chat="team")
        await core.say("ben", "bens", chat="team")
        assert "none of yours" in await core.say("ben", click, chat="team")
        assert (await messages_used(core, "ada"), await messages_used(core, "ben")) == (0, 1)
        assert await core.say("ada", click, chat="team") == "echo: adas"

    async def test_a_click_after_new_does_not_reach_back(self, core: Core) -> None:
        click = await failing(core, "ada", "one")
        await core.say("ada", "/new")
        assert "none of yours in this conversation" in await core.say("ada", click)

    @pytest.mark.parametrize("number", ["0", "424242", "9" * 18])
    async def test_a_forged_number_finds_nothing(self, core: Core, number: str) -> None:
        await core.say("ada", "one")
        assert "none of yours" in await core.say("ada", f"/retry {number}")

    @pytest.mark.parametrize("words", ["x", "-1", "9" * 19, "1 2"])
    async def test_what_is_no_number_is_told_so(self, core: Core, words: str) -> None:
        assert "I cannot read that" in await core.say("ada", f"/retry {words}")

    async def test_the_number_of_somebody_elses_private_question_is_worth_nothing(self, core: Core) -> None:
        click = await failing(core, "ada", "secret")
        assert "none of yours" in await core.say("ben", click)
        assert "none of yours" in await core.say("ada", click, chat="team")

    async def test_a_blocked_persons_click_is_refused(self, core: Core) -> None:
        click = await failing(core, "ada", "one")
        await core.say(ADMIN, "/block @ada")
        await core.click(ADMIN, "⛔ Block")
        assert "cannot use this bot" in await core.say("ada", click)

    async def test_it_speaks_the_persons_language(self, core: Core) -> None:
        core.model.script = [(DOWN,)]
        await core.say("ada", "one", language="zh-hans")
        assert core.platform.labels[-1] == ["🔁 重试"]


class TestCrash:
    async def test_a_retry_cut_off_asks_the_same_question_after_the_restart(self, storage: Storage) -> None:
        first = make_core(storage)
        await first.say("ada", "one")
        await cut_off(first, "ada", "/retry")
        core = await reborn(storage)
        await core.work()
        assert core.platform.sent == [("ada", "echo: one")]
        assert seen(core) == ["one"]
        assert [state for _, state in await turns(core)] == [TurnState.REPLACED, TurnState.ANSWERED]
        assert await messages_used(core, "ada") == 2

    async def test_a_click_cut_off_counts_once(self, storage: Storage) -> None:
        first = make_core(storage)
        click = await failing(first, "ada", "one")
        await cut_off(first, "ada", click)
        core = await reborn(storage)
        await core.work()
        assert core.platform.sent == [("ada", "echo: one")]
        assert await messages_used(core, "ada") == 1

    async def test_one_that_failed_after_the_restart_gives_the_answer_back(self, storage: Storage) -> None:
        first = make_core(storage)
        await first.say("ada", "one")
        await cut_off(first, "ada", "/retry")
        core = await reborn(storage)
        core.model.script = [(DOWN,)]
        await core.work()
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]
