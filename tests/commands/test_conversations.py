"""Conversations by command: several at a place, gone back to, branched off, taken back."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.access import AccessPolicy
from bot.domain.people import Identity
from bot.domain.quotas import Meter
from bot.storage import Storage
from bot.storage.tables import TurnState, conversation, place, turn
from tests.conftest import ADMIN, Core, make_core

MANY: dict[Meter, int | None] = {"messages": None, "tokens": None}


def seen(core: Core) -> list[str]:
    """What the model saw last, after its instructions."""
    return [message.text for message in core.model.prompts[-1].messages[1:]]


async def states(core: Core) -> list[int]:
    async with core.storage.begin() as work:
        rows = await work.history._connection.execute(sa.select(turn.c.state).order_by(turn.c.id))
        return list(rows.scalars())


async def pass_by(core: Core, **interval: float) -> None:
    """Everything that was answered and chosen was so much longer ago."""
    back = round(timedelta(**interval).total_seconds() * 1000)
    async with core.storage.begin() as work:
        await work.history._connection.execute(sa.update(turn).values(finished_at=turn.c.finished_at - back))
        await work.history._connection.execute(sa.update(place).values(chosen_at=place.c.chosen_at - back))


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily=MANY)


@pytest.fixture
async def two(core: Core) -> Core:
    """Ada has talked about soup, then about rain in a conversation that goes on."""
    await core.say("ada", "soup")
    await core.say("ada", "/new Weather")
    await core.say("ada", "rain")
    return core


class TestList:
    async def test_it_shows_titles_or_first_words_the_latest_first(self, two: Core) -> None:
        answer = await two.say("ada", "/chats")
        heading, first, second = answer.splitlines()
        assert heading == "Conversations here, 1 to 2 of 2:"
        assert first.startswith("▶ 1. `Weather` goes on here (answers: 1, last on")
        assert second.startswith("2. `soup` (answers: 1,")

    async def test_it_has_a_button_for_each_conversation(self, two: Core) -> None:
        await two.say("ada", "/chats")
        assert two.platform.labels[-1] == ["1. Weather", "2. soup", "🗄 Archive"]

    async def test_long_lists_are_turned_page_by_page_in_place(self, core: Core) -> None:
        for number in range(10):
            await core.say("ada", f"/new Number {number}")
        await core.say("ada", "/chats")
        listed = len(core.platform.sent)
        answer = await core.click("ada", "▶")
        assert answer.splitlines()[0] == "Conversations here, 9 to 10 of 10:"
        assert core.platform.instead_of[-1] == str(listed)
        assert "◀" in core.platform.labels[-1]

    @pytest.mark.parametrize("page", ["0", "7", "99999"])
    async def test_a_page_that_is_not_there_is_the_nearest_one(self, two: Core, page: str) -> None:
        assert (await two.say("ada", f"/chats page {page}")).startswith("Conversations here, 1 to 2 of 2:")

    async def test_an_empty_place_says_so(self, core: Core) -> None:
        assert await core.say("ada", "/chats") == "There is no conversation here yet."

    async def test_a_title_is_shown_as_it_was_typed(self, core: Core) -> None:
        await core.say("ada", "/new **loud** [x](http://evil)")
        assert "`**loud** [x](http://evil)`" in await core.say("ada", "/chats")

    @pytest.mark.parametrize("words", ["open", "open x", "rename 1", "archive 1 2", "page x", f"open {'9' * 40}"])
    async def test_what_it_cannot_read_is_answered_with_its_usage(self, two: Core, words: str) -> None:
        assert "Usage: `/chats" in await two.say("ada", f"/chats {words}")


class TestSwitch:
    async def test_an_old_conversation_goes_on_where_it_was(self, two: Core) -> None:
        await two.say("ada", "/chats")
        await two.click("ada", "2. soup")
        assert await two.click("ada", "▶ Go on with it") == "`soup` goes on here from now."
        await two.say("ada", "salt?")
        assert seen(two) == ["soup", "echo: soup", "salt?"]

    async def test_the_other_one_is_one_tap_away(self, two: Core) -> None:
        await two.say("ada", "/chats switch 1")
        await two.click("ada", "↩ Back to the other one")
        await two.say("ada", "snow")
        assert seen(two) == ["rain", "echo: rain", "snow"]

    async def test_each_place_has_its_own(self, two: Core) -> None:
        await two.say("ada", "hello", chat="team")
        await two.say("ada", "/chats switch 1")
        await two.say("ada", "again", chat="team")
        assert seen(two) == ["hello", "echo: hello", "again"]

    @pytest.mark.parametrize("verb", ["open", "switch", "archive", "restore", "rename"])
    async def test_a_conversation_of_another_place_does_not_exist(self, two: Core, verb: str) -> None:
        words = f"/chats {verb} 1" + (" x" if verb == "rename" else "")
        assert await two.say("eve", words) == "There is no such conversation here."

    async def test_it_outlives_a_restart(self, two: Core, storage: Storage) -> None:
        await two.say("ada", "/chats switch 1")
        again = make_core(storage, daily=MANY)
        await again.say("ada", "salt?")
        assert seen(again) == ["soup", "echo: soup", "salt?"]


class TestChange:
    async def test_rename(self, two: Core) -> None:
        assert (await two.say("ada", "/chats rename 1 Minestrone alla nonna")).startswith("`Minestrone alla nonna` (")

    async def test_archived_conversations_leave_the_list_and_stay(self, two: Core) -> None:
        await two.say("ada", "/chats archive 1")
        assert "soup" not in await two.say("ada", "/chats")
        assert "soup" in await two.click("ada", "🗄 Archive")

    async def test_one_is_taken_out_of_the_archive(self, two: Core) -> None:
        await two.say("ada", "/chats archive 1")
        await two.click("ada", "Take out of the archive")
        assert "soup" in await two.say("ada", "/chats")

    async def test_going_on_with_one_takes_it_out_of_the_archive(self, two: Core) -> None:
        await two.say("ada", "/chats archive 1")
        await two.say("ada", "/chats switch 1")
        assert "▶" in await two.say("ada", "/chats")
        assert await two.say("ada", "/chats archived") == "Nothing is archived here."

    async def test_in_a_group_only_who_began_it_may(self, core: Core) -> None:
        await core.say("ada", "plans", chat="team")
        assert "Only who began" in await core.say("ben", "/chats rename 1 Mine", chat="team")
        assert (await core.say("ada", "/chats rename 1 Ours", chat="team")).startswith("`Ours`")

    async def test_in_a_group_for_admins_an_admin_may(self, storage: Storage) -> None:
        core = make_core(storage, policy=AccessPolicy(admin_chats={Identity(platform="fake", user="team")}))
        await core.say("ada", "plans", chat="team")
        assert (await core.say(ADMIN, "/chats archive 1", chat="team")).startswith("`plans`")


class TestUndo:
    async def test_the_last_turn_leaves_the_context_and_stays_on_record(self, core: Core) -> None:
        await core.say("ada", "one")
        await core.say("ada", "two")
        assert await core.say("ada", "/undo") == "Taken back: `two`"
        await core.say("ada", "three")
        assert seen(core) == ["one", "echo: one", "three"]
        assert await states(core) == [TurnState.ANSWERED, TurnState.REPLACED, TurnState.ANSWERED]

    async def test_again_and_again_it_goes_further_back(self, core: Core) -> None:
        for words in ("one", "two", "three", "/undo", "/undo", "four"):
            await core.say("ada", words)
        assert seen(core) == ["one", "echo: one", "four"]

    async def test_it_can_be_put_back(self, core: Core) -> None:
        await core.say("ada", "one")
        await core.say("ada", "/undo")
        assert await core.click("ada", "↪ Put it back") == "It is back."
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]

    async def test_it_cannot_be_put_back_after_something_else_was_answered(self, core: Core) -> None:
        await core.say("ada", "one")
        await core.say("ada", "/undo")
        await core.say("ada", "two")
        assert await core.click("ada", "↪ Put it back") == "That can no longer be put back."

    async def test_an_answer_that_was_replaced_by_a_retry_comes_back(self, core: Core) -> None:
        await core.say("ada", "one")
        core.model.script = [("worse",)]
        await core.say("ada", "/retry")
        assert await core.say("ada", "/undo") == (
            "Taken back: `one`\n1 turn that it had replaced is back in its place."
        )
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]

    async def test_putting_back_a_retry_replaces_the_first_answer_once_more(self, core: Core) -> None:
        core.model.script = [("first",), ("second",)]
        for words in ("one", "/retry", "/undo"):
            await core.say("ada", words)
        await core.click("ada", "↪ Put it back")
        await core.say("ada", "two")
        assert seen(core) == ["one", "second", "two"]

    async def test_after_an_undo_retry_asks_what_was_asked_before(self, core: Core) -> None:
        for words in ("one", "two", "/undo"):
            await core.say("ada", words)
        assert await core.say("ada", "/retry") == "echo: one"

    async def test_in_a_group_everybody_undoes_their_own(self, core: Core) -> None:
        await core.say("ada", "adas", chat="team")
        await core.say("ben", "bens", chat="team")
        await core.say("ada", "/undo", chat="team")
        await core.say("ben", "more", chat="team")
        assert seen(core) == ["bens", "echo: bens", "more"]

    async def test_nobody_puts_back_what_somebody_else_took_back(self, core: Core) -> None:
        await core.say("ada", "adas", chat="team")
        await core.say("ada", "/undo", chat="team")
        assert await core.click("ben", "↪ Put it back", chat="team") == "That can no longer be put back."

    async def test_with_nothing_to_undo_it_says_so(self, core: Core) -> None:
        assert await core.say("ada", "/undo") == "There is nothing of yours in this conversation to undo."


class TestFork:
    async def test_the_copy_has_the_same_past_and_a_future_of_its_own(self, core: Core) -> None:
        await core.say("ada", "one")
        await core.say("ada", "/fork")
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]
        await core.click("ada", "↩ Back to the other one")
        await core.say("ada", "three")
        assert seen(core) == ["one", "echo: one", "three"]

    async def test_what_was_undone_is_not_copied(self, core: Core) -> None:
        for words in ("one", "two", "/undo", "/fork", "three"):
            await core.say("ada", words)
        assert seen(core) == ["one", "echo: one", "three"]

    async def test_it_is_named_after_the_other_one_unless_told_otherwise(self, core: Core) -> None:
        for words in ("one", "/fork", "/fork Another ending"):
            await core.say("ada", words)
        answer = await core.say("ada", "/chats")
        assert "`one ⑂`" in answer
        assert "`Another ending`" in answer


class TestIdle:
    @pytest.fixture
    def core(self, storage: Storage) -> Core:
        return make_core(storage, daily=MANY, idle=timedelta(hours=12))

    async def test_after_a_long_pause_a_fresh_conversation_begins(self, core: Core) -> None:
        await core.say("ada", "one")
        await pass_by(core, hours=13)
        await core.say("ada", "two")
        assert seen(core) == ["two"]

    async def test_the_old_one_is_one_tap_away(self, core: Core) -> None:
        await core.say("ada", "one")
        await pass_by(core, hours=13)
        await core.say("ada", "two")
        await core.click("ada", "↩ Go on with the last conversation")
        await core.say("ada", "three")
        assert seen(core) == ["one", "echo: one", "three"]

    async def test_within_the_time_it_goes_on(self, core: Core) -> None:
        await core.say("ada", "one")
        await pass_by(core, hours=11)
        await core.say("ada", "two")
        assert seen(core) == ["one", "echo: one", "two"]
        assert core.platform.labels[-1] == []

    async def test_an_empty_conversation_is_not_renewed(self, core: Core) -> None:
        await core.say("ada", "/new")
        async with core.storage.begin() as work:
            await work.history._connection.execute(sa.update(conversation).values(started_at=0))
        await core.say("ada", "one")
        assert core.platform.labels[-1] == []
