"""The table in `bot.llm.policy`, row by row, on errors as servers word them."""

import pytest

from bot.errors import (
    CompletionRefused,
    ContextOverflow,
    ModelError,
    StreamInterrupted,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)
from bot.llm import errors
from bot.llm.breaker import Failure
from bot.llm.emulator.refusals import QUOTA_CODES
from bot.llm.errors import Facts
from bot.llm.policy import Patience, Verdict, judge

COUNTS, OPENS = Failure(), Failure(final=True)

OUTAGE = Verdict(again=True, elsewhere=True, breaker=COUNTS)
LIMIT = Verdict(again=True, elsewhere=True)
NO_MONEY = Verdict(elsewhere=True, breaker=OPENS, of="key", alert=True)
WRONG_KEY = Verdict(elsewhere=True, alert=True)
WRONG_PLACE = Verdict(elsewhere=True, breaker=OPENS, alert=True)
NOTHING_HELPS = Verdict()


def patient(error: ModelError, attempt: int = 1, chance: float = 0.5) -> float | None:
    return Patience(attempts=3, backoff=0.5, longest_wait=5.0).wait(error, attempt, chance)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(message="connection reset"), OUTAGE),
        (Facts(status=408), OUTAGE),
        (Facts(status=409), OUTAGE),
        (Facts(status=500), OUTAGE),
        (Facts(status=502), OUTAGE),
        (Facts(status=504), OUTAGE),
        (Facts(status=503, code="server_is_overloaded"), OUTAGE),
        (Facts(status=529, type="overloaded_error"), OUTAGE),
        (Facts(status=429, code="rate_limit_exceeded"), LIMIT),
        (Facts(status=429, code="slow_down"), LIMIT),
        (Facts(status=402, message="Insufficient credits"), NO_MONEY),
        *((Facts(status=429, code=code), NO_MONEY) for code in QUOTA_CODES),
        (Facts(status=429, type="insufficient_quota"), NO_MONEY),
        (Facts(status=401), WRONG_KEY),
        (Facts(status=403), WRONG_KEY),
        (Facts(status=403, flagged=("violence",)), NOTHING_HELPS),
        (Facts(status=403, code="content_policy_violation"), NOTHING_HELPS),
        (Facts(status=404), WRONG_PLACE),
        (Facts(status=400, code="model_not_found"), WRONG_PLACE),
        (Facts(status=400, code="context_length_exceeded"), NOTHING_HELPS),
        (Facts(status=400, code="content_filter"), NOTHING_HELPS),
        (Facts(status=400), NOTHING_HELPS),
        (Facts(status=422), NOTHING_HELPS),
    ],
    ids=lambda value: " ".join(map(str, (value.status, value.code or value.type))) if isinstance(value, Facts) else "",
)
def test_every_answer_of_a_server_has_its_row(facts: Facts, expected: Verdict) -> None:
    assert judge(errors.judge(facts)) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UpstreamDown("timed out"), OUTAGE),
        (UpstreamBusy("waited too long in line"), LIMIT),
        (UpstreamMisconfigured("answered with text/html"), WRONG_PLACE),
        (CompletionRefused("the model refused"), NOTHING_HELPS),
        (ContextOverflow("too long"), NOTHING_HELPS),
        (StreamInterrupted("cut"), Verdict(breaker=COUNTS)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_of_our_own_has_its_row(error: ModelError, expected: Verdict) -> None:
    assert judge(error) == expected


def test_an_overloaded_server_keeps_its_breaker_open_for_as_long_as_it_asks() -> None:
    overloaded = errors.judge(Facts(status=503, code="server_is_overloaded", retry_after=20))
    assert judge(overloaded).breaker == Failure(retry_after=20)


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 0.5), (2, 1.0)])
def test_waits_are_drawn_from_all_of_a_doubling_span(attempt: int, ceiling: float) -> None:
    assert patient(UpstreamDown("503"), attempt, chance=0.0) == 0
    assert patient(UpstreamDown("503"), attempt, chance=0.5) == ceiling / 2
    assert patient(UpstreamDown("503"), attempt, chance=0.999) == pytest.approx(ceiling, rel=0.01)


def test_the_span_stops_growing_at_the_longest_wait() -> None:
    eager = Patience(attempts=1000, longest_wait=5.0)
    assert eager.wait(UpstreamDown("503"), 900, 1.0) == 5


@pytest.mark.parametrize("asked", [0.15, 1, 5])
def test_a_short_wait_that_the_server_asks_for_is_kept_and_hardly_lengthened(asked: float) -> None:
    waits = [patient(UpstreamBusy("429", retry_after=asked), chance=chance) for chance in (0.0, 0.5, 0.999)]
    assert all(wait is not None and asked <= wait <= asked * 1.1 for wait in waits)


def test_a_longer_one_is_not_waited_for() -> None:
    assert patient(UpstreamBusy("429", retry_after=5.1)) is None


def test_a_limit_without_a_time_is_waited_for_like_an_outage() -> None:
    assert patient(UpstreamBusy("429"), chance=0.5) == 0.25


def test_attempts_are_bounded() -> None:
    assert [patient(UpstreamDown("503"), attempt) is not None for attempt in (1, 2, 3, 4)] == [True, True, False, False]


@pytest.mark.parametrize(
    "error",
    [
        UpstreamMisconfigured("429", cause="credit"),
        UpstreamMisconfigured("401", cause="key"),
        UpstreamMisconfigured("404", cause="model"),
        CompletionRefused("400"),
        ContextOverflow("too long"),
        StreamInterrupted("cut"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_time_does_not_cure_is_not_repeated(error: ModelError) -> None:
    assert patient(error) is None
