"""One row for every answer: who caused it, who gave it, what it took and what that cost."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.completions import Lost, Usage
from bot.errors import CompletionRefused, ContextOverflow, StreamInterrupted, UpstreamDown
from bot.storage import CallRecord, Storage
from tests.books import taken
from tests.calls import PRICED, answered, card, catalog
from tests.conftest import Core, make_core


@pytest.fixture
def priced(storage: Storage) -> Core:
    return make_core(
        storage, catalog=catalog(card("gpt-test", prices=PRICED)), daily={"messages": None, "tokens": None}
    )


async def cost_of(core: Core, usage: Usage) -> int | None:
    """What a turn of that usage is charged, in micro-US$."""
    core.model.usage = usage
    await core.say("ada", "hello")
    cost: int | None = (await answered(core.storage))[-1]["cost"]
    return cost


async def test_an_answer_has_its_row(priced: Core) -> None:
    priced.model.usage = Usage(input=40, output=20, cached=8, cache_written=4, reasoning=16)
    await priced.say("ada", "hello")
    (row,) = await answered(priced.storage)
    told = ("purpose", "platform", "endpoint", "asked", "answered", "ending", "attempts", "estimated")
    assert [row[name] for name in told] == ["chat", "fake", "main", "main/gpt-test", "gpt-test", "stop", 1, False]
    tokens = ("input", "cached", "cache_written", "output", "reasoning")
    assert [row[f"{name}_tokens"] for name in tokens] == [40, 8, 4, 20, 16]
    assert (row["first_piece_ms"], row["lasted_ms"], row["waited_ms"]) == (100, 1000, 0)


async def test_every_answer_has_one_row_and_it_is_its_author_s(priced: Core) -> None:
    for user in ("ada", "ben", "ada"):
        await priced.say(user, "hello")
    rows = await answered(priced.storage)
    assert len(rows) == 3
    assert rows[0]["account_id"] == rows[2]["account_id"] != rows[1]["account_id"]
    assert rows[0]["conversation_id"] == rows[2]["conversation_id"] != rows[1]["conversation_id"]
    assert len({row["inbox_id"] for row in rows}) == 3


async def test_a_broken_answer_has_a_row_with_what_was_counted(priced: Core) -> None:
    priced.model.script = [("half ", "an answer", StreamInterrupted("cut"))]
    await priced.say("ada", "hello")
    (row,) = await answered(priced.storage)
    assert (row["ending"], row["estimated"], row["output_tokens"]) == ("interrupted", True, 3)
    assert row["input_tokens"] == priced.model.prompts[-1].tokens


async def test_a_stopped_answer_has_a_row(priced: Core) -> None:
    priced.model.script = [("so far ", asyncio.Event())]
    await priced.hear("ada", "talk")
    (lease,) = await priced.inbox.claim(1)
    priced.dispatcher.start(lease)
    await priced.platform.shown("so far ")
    await priced.hear("ada", "/stop")
    await priced.work()
    (row,) = await answered(priced.storage)
    assert (row["ending"], row["estimated"], row["output_tokens"]) == ("stopped", True, 2)


@pytest.mark.parametrize("error", [UpstreamDown("503"), CompletionRefused("400")], ids=lambda e: type(e).__name__)
async def test_a_turn_without_an_answer_took_nothing(priced: Core, error: Exception) -> None:
    priced.model.script = [(error,)]
    await priced.say("ada", "hello")
    assert await answered(priced.storage) == []


async def test_an_answer_without_a_word_was_paid_for_and_is_not_charged(priced: Core) -> None:
    priced.model.script = [(" ",)]
    priced.model.usage = Usage(input=40, output=20, reasoning=20)
    await priced.say("ada", "hello")
    (row,) = await answered(priced.storage)
    assert (row["failed"], row["ending"], row["cost"]) == (True, "UpstreamDown", 300)  # 40 × 2.50 + 20 × 10.00
    async with priced.storage.begin() as work:
        assert (await taken(work, row["account_id"], now=0)).tokens == 0


async def test_attempts_that_were_lost_have_rows_of_their_own(priced: Core) -> None:
    priced.model.lost = [
        Lost(
            card=card("gpt-test", prices=PRICED),
            answered="gpt-test-1",
            usage=Usage(input=40, output=0, estimated=True),
            service_tier=None,
            reason="UpstreamDown",
            lasted=0.5,
        )
    ]
    await priced.say("ada", "hello")
    lost, row = await answered(priced.storage)
    assert (lost["failed"], lost["cost"], lost["answered"], lost["lasted_ms"]) == (True, 100, "gpt-test-1", 500)
    assert (row["failed"], row["inbox_id"]) == (False, lost["inbox_id"])
    async with priced.storage.begin() as work:
        assert (await taken(work, row["account_id"], now=0)).tokens == 15
        (group,) = await work.calls.spent(0, "model")
    assert (group.calls, group.tokens, group.cost) == (1, 55, 100 + row["cost"])


async def test_a_call_that_failed_and_took_nothing_is_in_no_sum(priced: Core) -> None:
    priced.model.script = [(CompletionRefused("400"),)]
    await priced.say("ada", "hello")
    async with priced.storage.begin() as work:
        assert await work.calls.spent(0, "model") == []


@pytest.mark.parametrize(
    ("error", "failed"),
    [(UpstreamDown("503"), 1), (CompletionRefused("400"), 0), (ContextOverflow("too long", window=None), 0)],
    ids=lambda value: type(value).__name__,
)
async def test_what_was_refused_for_its_words_is_no_error_of_the_endpoint_s(
    priced: Core, error: Exception, failed: int
) -> None:
    priced.model.script = [(error,), (error,)]
    await priced.say("ada", "hello")
    async with priced.storage.begin() as work:
        sums = await work.activity.sums(0, 2**60)
    assert (sums.calls, sums.failed) == (1, failed)


async def test_a_batch_is_money_and_no_traffic(priced: Core) -> None:
    await priced.say("ada", "hello")
    (row,) = await answered(priced.storage)
    values = {name: value for name, value in row.items() if name != "id"}
    async with priced.storage.begin() as work:
        await work.calls.add_all([CallRecord(**{**values, "purpose": "batch", "inbox_id": -1, "cost": 1000})] * 3)
        sums = await work.activity.sums(0, 2 * row["at"])
    assert (sums.calls, sums.failed, sums.cost) == (1, 0, 3000 + row["cost"])


async def test_an_answer_after_an_overflow_has_one_row(priced: Core) -> None:
    priced.model.script = [(ContextOverflow("too long", window=400),)]
    await priced.say("ada", "hello")
    assert len(await answered(priced.storage)) == 1


async def test_a_command_has_none(priced: Core) -> None:
    await priced.say("ada", "/usage")
    assert await answered(priced.storage) == []


async def test_what_the_server_does_not_say_is_counted_and_marked(priced: Core) -> None:
    priced.model.usage = None
    await priced.say("ada", "hello")
    (row,) = await answered(priced.storage)
    assert row["estimated"]
    assert (row["input_tokens"], row["output_tokens"]) == (priced.model.prompts[-1].tokens, 2)


@pytest.mark.parametrize(
    ("usage", "micro"),
    [
        # 1,000 in at 2.50, 77 out at 10.00 US$ a million: 2,500 + 770.
        (Usage(input=1000, output=77), 3270),
        # 500 plain at 2.50, 300 cached at 0.25, 200 written to the cache at 3.125, 77 out: 1250 + 75 + 625 + 770.
        (Usage(input=1000, cached=300, cache_written=200, output=77), 2720),
        # Reasoning is output already.
        (Usage(input=1000, output=77, reasoning=70), 3270),
        # 499 × 2.50 + 301 × 0.25 + 200 × 3.125 + 770 = 2717.75, of which the last three quarters become one.
        (Usage(input=1000, cached=301, cache_written=200, output=77), 2718),
        # 1 × 2.50 is a half too many, which is rounded up, once.
        (Usage(input=1, output=0), 3),
        # 272,000 is not yet more than 272,000: 680,000 + 10.
        (Usage(input=272_000, output=1), 680_010),
        # One token more, and all of them cost 5.00: 1,360,005 + 15.
        (Usage(input=272_001, output=1), 1_360_020),
    ],
)
async def test_a_call_costs_what_it_costs_by_hand(priced: Core, usage: Usage, micro: int) -> None:
    assert await cost_of(priced, usage) == micro


async def test_an_unknown_price_is_unknown_and_not_nothing(storage: Storage) -> None:
    core = make_core(storage, catalog=catalog(card("nobody-knows")))
    assert await cost_of(core, Usage(input=1000, output=77)) is None


async def test_use_is_told_by_the_days_of_a_time_zone(storage: Storage) -> None:
    """Nepal is 5:45 ahead of UTC, so its days begin within an hour."""
    core = make_core(storage, catalog=catalog(card("gpt-test", prices=PRICED)))
    core.model.usage = Usage(input=40, output=20)
    zone = ZoneInfo("Asia/Kathmandu")
    core.clock.pass_(hours=6, minutes=14, seconds=59)  # 18:14:59 UTC
    await core.say("ada", "one")
    core.clock.pass_(seconds=1)
    await core.say("ada", "two")
    await core.say("ben", "three")
    async with storage.begin() as work:
        everybody = await work.calls.by_day(datetime(2026, 11, 22, tzinfo=zone))
        (ada,) = await work.people.named("fake", "ada")
        hers = await work.calls.by_day(datetime(2026, 11, 23, tzinfo=zone), account=ada.id)
    assert [(use.day.isoformat(), use.group, use.tokens) for use in everybody] == [
        ("2026-11-22", "main/gpt-test", 60),
        ("2026-11-23", "main/gpt-test", 120),
    ]
    assert [(use.day.isoformat(), use.tokens) for use in hers] == [("2026-11-23", 60)]
    assert everybody[0].cost > 0


@pytest.mark.parametrize(
    ("hour", "day"), [(22, "2026-03-28"), (23, "2026-03-29"), (45, "2026-03-29"), (46, "2026-03-30")]
)
async def test_days_are_as_long_as_the_clock_makes_them(storage: Storage, hour: int, day: str) -> None:
    """In Berlin the 29th of March 2026 has 23 hours: from 23:00 UTC of the 28th to 22:00 UTC of the 29th."""
    core = make_core(storage, catalog=catalog(card("gpt-test", prices=PRICED)))
    core.clock.pass_(
        seconds=(datetime(2026, 3, 28, tzinfo=UTC) + timedelta(hours=hour) - core.clock.now()).total_seconds()
    )
    core.model.usage = Usage(input=40, output=20)
    await core.say("ada", "one")
    async with storage.begin() as work:
        (use,) = await work.calls.by_day(datetime(2026, 3, 20, tzinfo=ZoneInfo("Europe/Berlin")))
    assert use.day.isoformat() == day
