"""Whatever goes wrong for a person, they are told in a sentence of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot import errors
from bot.domain.quotas import Rule, Standing
from bot.domain.windows import Window
from bot.texts.catalogues import Catalogues
from bot.texts.errors import sentence

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)

A_DAY = Rule(meter="messages", window=Window(span="day"), limit=5)
STRONG = Rule(meter="cost", window=Window(hours=3), limit=5000, scope="strong")

SECRET = "sk-secret"

EVERY: tuple[errors.ParleyError, ...] = (
    errors.AccessDenied(SECRET),
    errors.UnderMaintenance("back at noon"),
    errors.UnderMaintenance(""),
    errors.UnknownCommand("dance"),
    errors.BadArgument(usage="/block PERSON", example="/block @ada"),
    errors.UnknownPerson("@ada"),
    errors.AmbiguousPerson("ada", {"#1": "Ada (fake:1)", "#2": "Ada (fake:2)"}),
    errors.Outranked("Ada (fake:1)"),
    errors.ButtonOfAnother(),
    errors.ButtonExpired(),
    errors.TooManyAttempts(),
    errors.NotReversible(7, "late"),
    errors.MessageTooLong(limit=1000, size=2000),
    errors.RepeatedTooOften(seconds=12.3),
    errors.QuotaExceeded(Standing(rule=A_DAY, used=5, resets_at=MIDNIGHT)),
    errors.QuotaExceeded(Standing(rule=A_DAY, used=5)),
    errors.QuotaExceeded(Standing(rule=STRONG, used=4990, whose="pool")),
    errors.QuotaExceeded(Standing(rule=STRONG, used=4990, whose="chat")),
    errors.QuotaExceeded(Standing(rule=STRONG, used=4990, whose="member")),
    errors.QuotaFrozen(),
    errors.UnknownPlan("gold"),
    errors.RequestDecided(3, by="telegram:12"),
    errors.BudgetExhausted(scope=SECRET, span="day", resets_at=MIDNIGHT),
    errors.BudgetExhausted(scope=SECRET, span="month", resets_at=MIDNIGHT),
    errors.PriceUnknown([SECRET]),
    errors.UnknownModel("gpt-none"),
    errors.UnknownPersona("nobody"),
    errors.LeftOut(SECRET),
    errors.AnsweredElsewhere(""),
    errors.MessageFlagged([SECRET]),
    errors.AnswerFlagged([SECRET]),
    errors.TimedOut(datetime(2026, 1, 2, tzinfo=UTC)),
    errors.PictureFailed(SECRET),
    errors.UpstreamBusy(SECRET),
    errors.UpstreamBusy(SECRET, retry_after=0.2),
    errors.UpstreamDown(SECRET),
    errors.ContextOverflow(SECRET, window=8000),
    errors.CompletionRefused(SECRET),
    errors.OwnKeyRefused("main"),
    errors.StreamInterrupted(SECRET),
    errors.UpstreamMisconfigured(SECRET, hint=SECRET),
)

each = pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)


def leaves(kind: type[errors.ParleyError]) -> Iterator[type[errors.ParleyError]]:
    """The classes below `kind` that have none below them, in the product's own modules."""
    below = [one for one in kind.__subclasses__() if one.__module__.partition(".")[0] in ("bot", "adapters")]
    if not below:
        yield kind
    for one in below:
        yield from leaves(one)


def test_every_error_that_a_person_meets_is_among_the_examples() -> None:
    assert {type(error) for error in EVERY} == {*leaves(errors.UserError), *leaves(errors.ModelError)}


def test_every_example_has_a_sentence_of_its_own() -> None:
    english = Catalogues("en", ZoneInfo("UTC")).of("en")
    said = [english.render(sentence(error)) for error in EVERY]
    assert len({*said, english.render(sentence(errors.ParleyError()))}) == len(said) + 1


@each
def test_the_sentence_can_be_said_in_every_language(error: errors.ParleyError) -> None:
    said = [catalogue.render(sentence(error)) for catalogue in Catalogues("en", ZoneInfo("UTC"))]
    assert len(set(said)) == len(said)


@each
def test_the_error_s_own_text_is_not_told(error: errors.ParleyError) -> None:
    assert SECRET not in Catalogues("en", ZoneInfo("UTC")).of("en").render(sentence(error))


def test_nobody_is_told_to_wait_no_time() -> None:
    assert sentence(errors.UpstreamBusy(retry_after=0.2)).values == {"seconds": 1}


@pytest.mark.parametrize("error", [errors.Conflict("row 5"), errors.PlatformBusy("flood"), errors.ParleyError("?")])
def test_what_nobody_can_act_on_is_told_in_general(error: errors.ParleyError) -> None:
    assert "Something went wrong" in sentence(error).message
