import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.errors import (
    CompletionRefused,
    ContextOverflow,
    ModelError,
    StreamInterrupted,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)
from bot.llm.breaker import Breaker, Failure, Ticket, failure_of
from bot.llm.errors import Facts, judge
from tests.fakes import FakeClock

FAILURE = Failure()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(clock: FakeClock) -> Breaker:
    return Breaker(clock)


def ticket(breaker: Breaker) -> Ticket:
    admitted = breaker.admit()
    assert admitted
    return admitted


def fail(breaker: Breaker, times: int = 1, failure: Failure = FAILURE) -> None:
    for _ in range(times):
        breaker.failed(ticket(breaker), failure)


def succeed(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.succeeded(ticket(breaker))


def state(breaker: Breaker) -> str:
    """Not read as an attribute: mypy would believe that it never changes."""
    return breaker.state


def test_five_failures_open_it(breaker: Breaker) -> None:
    fail(breaker, 4)
    assert state(breaker) == "closed"
    fail(breaker)
    assert state(breaker) == "open"
    assert breaker.admit() is None


def test_failures_among_more_successes_do_not(breaker: Breaker) -> None:
    succeed(breaker, 10)
    fail(breaker, 9)
    assert state(breaker) == "closed"
    fail(breaker)
    assert state(breaker) == "open"


def test_old_failures_are_forgotten(breaker: Breaker, clock: FakeClock) -> None:
    fail(breaker, 4)
    clock.pass_(seconds=31)
    fail(breaker, 4)
    assert state(breaker) == "closed"


def test_one_call_tries_whether_it_is_over(breaker: Breaker, clock: FakeClock) -> None:
    fail(breaker, 5)
    clock.pass_(seconds=15)
    assert state(breaker) == "half-open"
    assert breaker.admit()
    assert breaker.admit() is None


def test_a_good_trial_closes_it(breaker: Breaker, clock: FakeClock) -> None:
    fail(breaker, 5)
    clock.pass_(seconds=15)
    succeed(breaker)
    assert state(breaker) == "closed"
    fail(breaker, 4)
    assert state(breaker) == "closed"


def test_every_failed_trial_doubles_the_time_up_to_five_minutes(breaker: Breaker, clock: FakeClock) -> None:
    fail(breaker, 5)
    waits = []
    for _ in range(7):
        waits.append(breaker.wait)
        clock.pass_(seconds=breaker.wait)
        fail(breaker)
    assert waits == pytest.approx([15, 30, 60, 120, 240, 300, 300])


def test_after_closing_the_time_begins_anew(breaker: Breaker, clock: FakeClock) -> None:
    fail(breaker, 5)
    clock.pass_(seconds=15)
    fail(breaker)
    clock.pass_(seconds=30)
    succeed(breaker)
    fail(breaker, 5)
    assert breaker.wait == pytest.approx(15)


def test_retry_after_sets_the_time(breaker: Breaker) -> None:
    fail(breaker, 5, Failure(retry_after=42))
    assert breaker.wait == pytest.approx(42)


def test_a_retry_after_of_years_is_not_believed(breaker: Breaker) -> None:
    fail(breaker, 5, Failure(retry_after=1e9))
    assert breaker.wait == pytest.approx(3600)


def test_an_empty_purse_opens_it_by_itself(breaker: Breaker) -> None:
    fail(breaker, 1, Failure(final=True))
    assert breaker.wait == pytest.approx(300)


def test_dropped_calls_do_not_count(breaker: Breaker) -> None:
    fail(breaker, 4)
    for _ in range(50):
        breaker.dropped(ticket(breaker))
    fail(breaker)
    assert state(breaker) == "open"


def test_a_dropped_trial_lets_another_try(breaker: Breaker, clock: FakeClock) -> None:
    fail(breaker, 5)
    clock.pass_(seconds=15)
    breaker.dropped(ticket(breaker))
    assert state(breaker) == "half-open"
    succeed(breaker)
    assert state(breaker) == "closed"


def test_calls_from_before_it_opened_decide_nothing(breaker: Breaker, clock: FakeClock) -> None:
    good, bad, left = (ticket(breaker) for _ in range(3))
    fail(breaker, 5)
    breaker.succeeded(good)
    assert state(breaker) == "open"
    clock.pass_(seconds=15)
    trial = ticket(breaker)
    breaker.failed(bad, FAILURE)
    breaker.dropped(left)
    assert breaker.admit() is None
    breaker.succeeded(trial)
    assert state(breaker) == "closed"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (UpstreamDown("timed out"), Failure()),
        (StreamInterrupted("cut"), Failure()),
        (judge(Facts(status=500)), Failure()),
        (judge(Facts(status=503, code="server_is_overloaded")), Failure()),
        (judge(Facts(status=503, retry_after=9)), Failure(retry_after=9)),
        (judge(Facts(status=529, retry_after=3)), Failure(retry_after=3)),
        (judge(Facts(status=408)), Failure()),
        (judge(Facts(status=429, type="insufficient_quota")), Failure(final=True)),
        (judge(Facts(status=402)), Failure(final=True)),
        (judge(Facts(status=429, code="rate_limit_exceeded", retry_after=2)), None),
        (judge(Facts(code="rate_limit_exceeded")), None),
        (UpstreamBusy("waited too long in line"), None),
        (judge(Facts(status=400, message="bad")), None),
        (judge(Facts(status=401)), None),
        (judge(Facts(status=404)), None),
        (judge(Facts(status=400, code="context_length_exceeded")), None),
        (ContextOverflow(), None),
        (CompletionRefused(), None),
        (UpstreamMisconfigured(), None),
    ],
)
def test_only_the_endpoints_own_failures_count(error: ModelError, failure: Failure | None) -> None:
    assert failure_of(error) == failure


class Life(RuleBasedStateMachine):
    """Any order of calls, ends and pauses."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.breaker = Breaker(self.clock)
        self.under_way: list[tuple[Ticket, str]] = []
        self.failures: list[float] = []

    @initialize()
    def begin(self) -> None:
        assert self.breaker.state == "closed"

    @rule()
    def call(self) -> None:
        state = self.breaker.state
        admitted = self.breaker.admit()
        assert admitted or state != "closed"
        if admitted:
            self.under_way.append((admitted, state))

    @precondition(lambda self: self.under_way)
    @rule(end=st.sampled_from(["good", "bad", "dropped", "final"]), which=st.integers(0, 100))
    def end(self, end: str, which: int) -> None:
        ticket, _ = self.under_way.pop(which % len(self.under_way))
        before = self.breaker.state
        if end == "good":
            self.breaker.succeeded(ticket)
        elif end == "dropped":
            self.breaker.dropped(ticket)
        else:
            self.failures.append(self.clock.monotonic())
            self.breaker.failed(ticket, Failure(final=end == "final"))
        after = self.breaker.state
        assert after == before or (before, after) in {
            ("closed", "open"),
            ("half-open", "open"),
            ("half-open", "closed"),
        }
        if (before, after) == ("closed", "open") and end != "final":
            recent = [moment for moment in self.failures if moment >= self.clock.monotonic() - 30]
            assert len(recent) >= 5

    @rule(seconds=st.sampled_from([0.0, 1.0, 14.0, 16.0, 31.0, 301.0]))
    def pass_(self, seconds: float) -> None:
        self.clock.pass_(seconds=seconds)

    @invariant()
    def one_trial_at_most(self) -> None:
        trials = [one for one, state in self.under_way if state == "half-open" and one.epoch == self.breaker._epoch]
        assert len(trials) <= (self.breaker.state == "half-open")

    @invariant()
    def never_open_for_longer_than_the_longest(self) -> None:
        assert self.breaker.wait <= 300
        assert (self.breaker.wait > 0) == (self.breaker.state == "open")

    def teardown(self) -> None:
        """It always comes back."""
        self.clock.pass_(hours=1)
        for ticket, _ in self.under_way:
            self.breaker.dropped(ticket)
        assert self.breaker.admit()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
