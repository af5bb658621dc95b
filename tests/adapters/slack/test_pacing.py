from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.slack.pacing import APPEND, POST, START, STOP, UPDATE, Pacing, Rate, patient, tiers


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
    assert await patient(lambda: pacing.final(START, ""), clock, at_most=2) == 0
    assert await patient(lambda: pacing.final(START, ""), clock, at_most=2) == 0
    assert clock.at == 1001
    pacing.hold(START, "", 9)
    assert await patient(lambda: pacing.final(START, ""), clock, at_most=2) == 9
