"""What an overflow teaches: of the model's window, and not of one person's words."""

import pytest

from bot.calibration import Calibration
from bot.errors import ContextOverflow
from tests.calls import card
from tests.conftest import Core

CARD = card("m")


def size(calibration: Calibration) -> int:
    """What is used of the window, which has 1000 tokens."""
    return calibration.window(CARD, longest=5000, answer=100).size


def test_a_size_that_the_server_tells_is_believed_from_then_on() -> None:
    calibration = Calibration()
    assert calibration.overflowed(CARD, 400, tried=1000) == 400
    assert size(calibration) == 400


@pytest.mark.parametrize("told", [None, 1000, 4000])
def test_without_news_half_is_tried_and_nothing_is_learnt(told: int | None) -> None:
    calibration = Calibration()
    for _ in range(20):
        assert calibration.overflowed(CARD, told, tried=1000) == 500
    assert size(calibration) == 1000


async def test_somebody_s_odd_words_leave_everybody_else_their_past(core: Core) -> None:
    await core.say("ben", "hello")
    for number in range(4):
        core.model.script = [(ContextOverflow("too long", window=None),), (ContextOverflow("too long", window=None),)]
        assert "/new" in await core.say("ada", f"{number} odd")
    await core.say("ben", "and now?")
    assert [message.text for message in core.model.prompts[-1].messages[1:]] == ["hello", "echo: hello", "and now?"]
