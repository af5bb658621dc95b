"""What has served its purpose goes after its time; what waits, what was said and what is owed stays."""

import asyncio

import pytest
import sqlalchemy as sa

from bot.domain.context import ContextPolicy
from bot.retention import Retention
from bot.storage import Storage
from bot.storage.tables import conversation, inbox, lane, outbox, piece, posting, summary, turn
from tests.conftest import ADMIN, Core
from tests.databases import on
from tests.test_forgetting import found
from tests.test_memory import chatter, remembering

DAYS = 30
SECRET = "xyzzy"


async def aged(core: Core, days: int) -> None:
    """Time passes."""
    async with core.storage.begin() as work:
        past = days * 86_400_000
        await work.inbox._connection.execute(sa.update(inbox).values(received_at=inbox.c.received_at - past))
        await work.inbox._connection.execute(sa.update(lane).values(rank=lane.c.rank - past))
        await work.inbox._connection.execute(sa.update(turn).values(started_at=turn.c.started_at - past))


async def kept(core: Core, table: sa.Table) -> int:
    async with core.storage.begin() as work:
        return await work.inbox._connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def prune(core: Core) -> int:
    return await Retention(core.storage, core.clock, days=DAYS, default_plan="free").prune()


async def expire(core: Core) -> int:
    return await Retention(core.storage, core.clock, days=DAYS, default_plan="free").expire()


async def keep(core: Core, plan: str, days: int) -> None:
    await core.say(ADMIN, f"/plan set {plan} keep {days}")
    await core.click(ADMIN, "🗑 Keep no longer")


async def test_old_events_go_and_what_was_said_stays(core: Core) -> None:
    await core.say("ada", "hello")
    await aged(core, 31)
    assert await prune(core) == 1
    assert [await kept(core, table) for table in (inbox, outbox, lane, turn)] == [0, 0, 0, 1]
    await core.say("ada", "and now?")
    assert [message.text for message in core.model.prompts[-1].messages][-3:] == ["hello", "echo: hello", "and now?"]


async def test_what_is_not_old_enough_stays(core: Core) -> None:
    await core.say("ada", "hello")
    await aged(core, 29)
    assert await prune(core) == 0
    assert [await kept(core, table) for table in (inbox, outbox, lane)] == [1, 1, 1]


async def test_what_waits_stays_however_old_it_is(core: Core) -> None:
    await core.hear("ada", "hello")
    await aged(core, 365)
    assert await prune(core) == 0
    await core.work()
    assert core.platform.sent == [("ada", "echo: hello")]


async def test_a_conversation_at_work_keeps_its_lane(core: Core) -> None:
    await core.say("ada", "hello")
    await aged(core, 31)
    await core.hear("ada", "again")
    (lease,) = await core.inbox.claim(1)
    await prune(core)
    async with lease.begin() as work:
        await lease.complete(work)
    assert await kept(core, lane) == 1


@pytest.mark.parametrize("events", [499, 500, 1100])
async def test_any_number_goes_in_batches(core: Core, events: int) -> None:
    await core.inbox.accept([core.platform.arrival("ada", "noise", ignored="yes") for _ in range(events)])
    async with core.storage.begin() as work:
        await work.inbox._connection.execute(sa.update(inbox).values(state=1))
    await aged(core, 31)
    assert await prune(core) == events
    assert await kept(core, inbox) == 0


class TestWords:
    async def test_a_plan_keeps_words_until_they_are_forgotten_unless_it_says_otherwise(self, core: Core) -> None:
        await core.say("ada", "hello")
        await aged(core, 3650)
        assert await expire(core) == 0
        assert await kept(core, turn) == 1

    async def test_what_is_older_than_the_plan_keeps_is_gone_and_the_rest_goes_on(self, core: Core) -> None:
        await core.say("ada", f"my word is {SECRET}")
        await aged(core, 3)
        await core.say("ada", "and now?")
        await keep(core, "free", 2)
        assert await expire(core) == 1
        assert await found(core, SECRET) == []
        await core.say("ada", "what did I say?")
        said = [message.text for message in core.model.prompts[-1].messages]
        assert said == ["be kind", "and now?", "echo: and now?", "what did I say?"]

    async def test_a_conversation_of_which_nothing_is_left_has_no_title(self, core: Core) -> None:
        await core.say("ada", f"/new {SECRET}")
        await core.say("ada", "hello")
        await aged(core, 3)
        await keep(core, "free", 2)
        await expire(core)
        async with core.storage.begin() as work:
            query = sa.select(conversation.c.title, conversation.c.forgotten_at.is_not(None))
            rows = (await work.inbox._connection.execute(query)).all()
        assert [tuple(row) for row in rows if row[1]] == [(None, True)]

    async def test_each_plan_keeps_its_own_time_and_one_that_ended_is_the_default_again(self, core: Core) -> None:
        await core.say(ADMIN, "/plan assign fake:ada vip")
        await core.say(ADMIN, "/plan assign fake:ben vip for 1d")
        async with core.storage.begin() as work:
            await work.inbox._connection.execute(sa.text("UPDATE account SET plan_until = 1 WHERE plan_until > 0"))
        for person in ("ada", "ben", "eve"):
            await core.say(person, f"I am {person}")
        await aged(core, 3)
        await keep(core, "free", 2)
        assert await expire(core) == 2
        async with core.storage.begin() as work:
            assert list(await work.inbox._connection.scalars(sa.select(turn.c.question))) == ["I am ada"]
        await keep(core, "vip", 1)
        assert await expire(core) == 1

    async def test_summaries_and_the_index_lose_what_is_gone_and_keep_the_rest(self, storage: Storage) -> None:
        core = remembering(storage, ContextPolicy(budget=400, summary=40))
        core.model.summary = (f"Her word is {SECRET}.",)
        await core.say("ada", f"My word is {SECRET}")
        await chatter(core, 30)
        async with core.storage.begin() as work:
            asked = await work.history._connection.execute(sa.select(turn.c.id, turn.c.question))
            told = [row.id for row in asked if SECRET in row.question]
            past = sa.update(turn).where(turn.c.id.in_(told)).values(started_at=0)
            await work.inbox._connection.execute(past)
        pieces, postings = await kept(core, piece), await kept(core, posting)
        await keep(core, "free", 2)
        assert await expire(core) == 1
        assert await found(core, SECRET) == []
        assert await kept(core, summary) == 0
        assert pieces - 2 == await kept(core, piece) > 0
        assert postings > await kept(core, posting)
        await core.say("ada", "What is my word?")
        assert SECRET not in str(core.model.prompts[-1])

    @on("postgresql")
    async def test_a_conversation_that_goes_on_meanwhile_stays(self, core: Core) -> None:
        await core.say("ada", "hello")
        await aged(core, 3)
        await keep(core, "free", 2)
        async with core.storage.begin() as work:
            await work.history.begin(10**6, conversation_id=1, account_id=1, question="again", tokens=1)
            expiring = asyncio.create_task(expire(core))
            await asyncio.sleep(0.3)
            assert not expiring.done()
        assert await expiring == 1
        async with core.storage.begin() as work:
            rows = await work.inbox._connection.execute(
                sa.select(conversation.c.forgotten_at, turn.c.question).join(turn)
            )
            assert [tuple(row) for row in rows] == [(None, "again")]

    async def test_an_answer_that_is_being_written_is_not_taken_away(self, core: Core) -> None:
        await keep(core, "free", 1)
        await core.say("ada", "hello")
        await aged(core, 3)
        async with core.storage.begin() as work:
            await work.inbox._connection.execute(sa.update(turn).values(state=0))
        assert await expire(core) == 0

    async def test_any_number_goes_in_batches(self, core: Core) -> None:
        await core.say("ada", "hello")
        async with core.storage.begin() as work:
            columns = [one for one in turn.c if one.name not in ("id", "inbox_id")]
            rows = sa.text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450) SELECT i FROM n"
            )
            numbers = rows.columns(sa.column("i", sa.Integer)).subquery()
            copies = sa.select(*columns).select_from(turn.join(numbers, sa.true()))
            await work.inbox._connection.execute(sa.insert(turn).from_select([one.name for one in columns], copies))
        await aged(core, 3)
        await keep(core, "free", 2)
        assert await expire(core) == 451
