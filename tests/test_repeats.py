"""The same thing said again and again is damped, and nothing else is."""

import pytest

from bot.domain.quotas import Meter
from bot.errors import RepeatedTooOften, UpstreamDown
from bot.repeats import Repeats
from bot.storage import Storage
from tests.books import used
from tests.conftest import Core, make_core
from tests.fakes import FakeClock

UNLIMITED: dict[Meter, int | None] = {"messages": None, "tokens": None}


@pytest.fixture
def patient(storage: Storage) -> Core:
    return make_core(storage, daily=UNLIMITED)


async def messages_used(core: Core, user: str) -> int:
    return (await used(core, user))[0]


async def test_the_fourth_time_within_a_minute_is_not_answered_and_not_charged(patient: Core) -> None:
    for _ in range(3):
        assert await patient.say("ada", "hello") == "echo: hello"
    patient.clock.pass_(seconds=20)
    assert "wait 40 s" in await patient.say("ada", " hello ")
    assert len(patient.model.prompts) == 3
    assert await messages_used(patient, "ada") == 3


async def test_a_minute_later_it_is_answered_again(patient: Core) -> None:
    for _ in range(4):
        await patient.say("ada", "hello")
    patient.clock.pass_(seconds=60)
    assert await patient.say("ada", "hello") == "echo: hello"


async def test_other_words_and_other_people_are_answered(patient: Core) -> None:
    for _ in range(4):
        await patient.say("ada", "hello")
    assert await patient.say("ada", "hello?") == "echo: hello?"
    assert await patient.say("ben", "hello") == "echo: hello"


async def test_damped_questions_do_not_prolong_the_wait(patient: Core) -> None:
    for _ in range(10):
        await patient.say("ada", "hello")
        patient.clock.pass_(seconds=5)
    patient.clock.pass_(seconds=10)
    assert await patient.say("ada", "hello") == "echo: hello"


async def test_questions_that_failed_count_too(patient: Core) -> None:
    patient.model.script = [(UpstreamDown("503"),)] * 3
    for _ in range(3):
        await patient.say("ada", "hello")
    assert "in other words" in await patient.say("ada", "hello")


def test_an_arrival_that_is_handled_again_counts_once() -> None:
    repeats = Repeats(FakeClock(), most=1)
    for _ in range(3):
        repeats.check(1, 7, "hello")
    with pytest.raises(RepeatedTooOften):
        repeats.check(1, 8, "hello")


def test_the_oldest_are_forgotten_so_that_memory_is_bounded() -> None:
    repeats = Repeats(FakeClock(), most=1, remembered=2)
    for number in range(5):
        repeats.check(1, number, f"question {number}")
    assert len(repeats._asked) == 2
    repeats.check(1, 10, "question 0")
    with pytest.raises(RepeatedTooOften):
        repeats.check(1, 11, "question 4")


async def test_a_question_longer_than_allowed_is_refused_with_the_limit(storage: Storage) -> None:
    core = make_core(storage, longest_question=5)
    assert await core.say("ada", "one two three four five") == "echo: one two three four five"
    assert "6 tokens, at most 5" in await core.say("ada", "one two three four five six")
    assert len(core.model.prompts) == 1
