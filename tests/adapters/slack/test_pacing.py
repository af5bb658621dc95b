import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.slack.calls import Calls
from adapters.slack.emulator import SlackEmulator, Tiers
from adapters.slack.pacing import APPEND, POST, START, STOP, UPDATE, Pacing, Rate, patient, tiers
from bot.allowances import SharedAllowance
from bot.errors import PlatformBusy
from bot.llm.shaping import MemoryBuckets
from tests.adapters.slack.conftest import Make
from tests.fakes import FakeClock


@dataclass
class Time:
    """A clock that stands still until somebody waits."""

    at: float = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def previews(pacing: Pacing, method: str, reply: str = "r", at_most: int = 1000) -> int:
    return next(n for n in range(at_most) if not pacing.preview(method, "C1", reply))


def test_previews_leave_a_reserve_for_the_ends_of_answers() -> None:
    pacing = Pacing(Time())
    for number in range(100):
        pacing.preview(UPDATE, "C1", f"r{number}")
    assert not pacing.preview(UPDATE, "C1", "another")
    assert sum(1 for _ in range(40) if pacing.final(UPDATE, "C1") == 0) == 20


def test_a_minute_never_has_more_calls_than_the_burst_and_the_refill() -> None:
    clock = Time()
    pacing = Pacing(clock)
    went = 0
    for _ in range(600):
        went += pacing.preview(APPEND, "C1", "r")
        clock.at += 0.1
    assert 150 <= went <= 200


def test_a_busy_workspace_shares_its_previews_fairly() -> None:
    clock = Time()
    pacing = Pacing(clock)
    went = dict.fromkeys("abcdefghij", 0)
    for _ in range(1200):
        for reply in went:
            went[reply] += pacing.preview(APPEND, "C1", reply)
        clock.at += 0.1
    assert max(went.values()) - min(went.values()) <= 4


def test_posts_are_counted_by_channel() -> None:
    pacing = Pacing(Time())
    while pacing.final(POST, "C1") == 0:
        pass
    assert pacing.final(POST, "C2") == 0


def test_streams_are_not_begun_if_their_ends_cannot_be_paid() -> None:
    pacing = Pacing(Time())
    pacing.open_streams = 20
    assert not pacing.start("C1", "r")
    pacing.open_streams = 19
    assert pacing.start("C1", "r")


def test_edited_answers_are_not_begun_if_their_ends_cannot_be_paid() -> None:
    """Two hundred a minute, each with an end ten seconds later, where Slack allows fifty edits a minute."""
    clock = Time()
    pacing, ends, ended = Pacing(clock), list[float](), 0
    for number in range(1000):
        clock.at += 0.3
        if pacing.edit(f"D{number}", f"r{number}"):
            pacing.open_edits += 1
            ends.append(clock.at + 10)
        while ends and ends[0] <= clock.at:
            assert pacing.final(UPDATE, "") == 0
            pacing.open_edits -= 1
            ends.pop(0)
            ended += 1
    assert ended > 200


def test_a_429_holds_previews_and_ends_back() -> None:
    clock = Time()
    pacing = Pacing(clock)
    pacing.hold(STOP, "C1", 7)
    assert pacing.final(STOP, "C1") == 7
    assert not pacing.preview(STOP, "C1", "r")
    clock.at += 7
    assert pacing.final(STOP, "C1") == 0


def test_idle_channels_and_replies_are_forgotten() -> None:
    clock = Time()
    pacing = Pacing(clock)
    for number in range(3000):
        pacing.preview(POST, f"C{number}", f"r{number}")
        clock.at += 1
    assert len(pacing._buckets) < 1100
    assert len(pacing._previews) < 20


def test_the_interval_grows_with_the_number_of_replies() -> None:
    pacing = Pacing(Time())
    for number in range(10):
        pacing.preview(APPEND, "C1", f"r{number}")
    assert round(pacing.interval(APPEND), 1) == 6.0


async def test_a_short_wait_is_waited_and_a_long_one_is_told() -> None:
    clock = Time()
    pacing = Pacing(clock, {**tiers(), START: Rate(burst=1, per_second=1)})

    async def take() -> float:
        return pacing.final(START, "")

    assert await patient(take, clock, at_most=2) == 0
    assert await patient(take, clock, at_most=2) == 0
    assert clock.at == 1001
    pacing.hold(START, "", 9)
    assert await patient(take, clock, at_most=2) == 9


async def test_workers_that_share_an_allowance_are_never_refused(make: Make) -> None:
    """Each would stay within Slack's limits alone; together they make four times as many calls as those allow."""
    async with SlackEmulator(limits=Tiers(per_window={1: 1, 2: 20, 3: 5, 4: 100})) as slack:
        ada, allowance = slack.person("U1", name="ada"), SharedAllowance(MemoryBuckets(FakeClock()))
        rates = {"chat.update": Rate(burst=5, per_second=5 / 60)}
        workers = [make(api_url=slack.url, allowance=allowance, rates=rates)._calls for _ in range(4)]
        ts = (await workers[0].final("chat.postMessage", channel=slack.dm(ada).id, text="x"))["ts"]

        async def update(calls: Calls) -> bool:
            try:
                await calls.preview("chat.update", channel="DU1", ts=ts, text="y")
            except PlatformBusy:
                return False
            return True

        done = await asyncio.gather(*(update(calls) for calls in workers for _ in range(5)))
    assert sum(done) == 5
    assert not [call for call in slack.calls if call.error]
