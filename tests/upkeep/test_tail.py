"""The life of a conversation, told without a word of it."""

import pytest

from bot.errors import ConfigError
from bot.upkeep.tail import follow
from tests.conftest import Core


async def told(core: Core, conversation: int = 1) -> list[str]:
    said: list[str] = []
    await follow(core.storage, conversation, said.append, once=True)
    return [line.split("  ", 1)[1].strip() for line in said]


async def test_a_turn_is_told_from_question_to_delivery(core: Core) -> None:
    await core.say("ada", "secret words")
    lines = await told(core)
    figures = "stop, 10 + 5 tokens, unknown price, 1 attempts, 0 ms in line, 100 ms to the first piece, 1000 ms"
    assert f"1  call   chat main/fake-1: {figures}" in lines
    assert "1  part   fake 1: sent as 1, 1 attempts" in lines
    assert [line for line in lines if "turn" in line and "answered, stop" in line]
    assert len(lines) == 4


async def test_nobody_s_words_are_told(core: Core) -> None:
    await core.say("ada", "secret words")
    assert "secret" not in "".join(await told(core))


async def test_a_turn_that_failed_says_why(core: Core) -> None:
    core.model.script = [(RuntimeError("a defect"),)]
    await core.say("ada", "hello")
    assert any("turn   failed, crashed" in line for line in await told(core))


async def test_other_conversations_are_not_told(core: Core) -> None:
    await core.say("ada", "hello")
    await core.say("ben", "hello")
    assert len(await told(core, 1)) == len(await told(core, 2)) == 4


async def test_a_number_that_is_none_is_told(core: Core) -> None:
    with pytest.raises(ConfigError, match="no conversation 9"):
        await told(core, 9)
