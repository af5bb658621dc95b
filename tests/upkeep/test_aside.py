"""What was put aside is listed without words, handled again in line, or forgotten."""

import pytest

from bot.domain.updates import Arrival
from bot.errors import ConfigError
from bot.upkeep.aside import drop, retry, show
from tests.conftest import Core


async def put_aside(core: Core) -> tuple[int, int]:
    """A message that failed each time, and one that could not be read. Returns their numbers."""
    core.model.script = [(RuntimeError("a defect"),)]
    await core.say("ada", "secret words")
    poison = Arrival(source="fake:bot", event="p", lane="fake:quarantine", order=0, payload={"raw": "?"}, poison=True)
    await core.inbox.accept([poison])
    return 1, 3  # between them, the notice that apologises


async def shown(core: Core) -> list[str]:
    said: list[str] = []
    await show(core.storage, 10, said.append)
    return said


async def again(core: Core, *numbers: int) -> list[str]:
    said: list[str] = []
    await retry(core.storage, {"fake": core.platform}, numbers, said.append)
    await core.work()
    return said


async def test_both_kinds_are_listed_and_nobody_s_words(core: Core) -> None:
    await put_aside(core)
    unreadable, failed = await shown(core)
    assert ("unreadable" in unreadable, "failed" in failed) == (True, True)
    assert "secret" not in unreadable + failed


async def test_an_empty_list_says_so(core: Core) -> None:
    assert await shown(core) == ["Nothing was put aside."]


async def test_a_message_that_failed_is_answered_when_it_is_tried_again(core: Core) -> None:
    failed, _ = await put_aside(core)
    assert await again(core, failed) == ["1 is in line again."]
    assert core.platform.sent[-1] == ("ada", "echo: secret words")
    assert len(await shown(core)) == 1


async def test_one_that_can_be_read_by_now_is_answered(core: Core) -> None:
    _, unreadable = await put_aside(core)
    await again(core, unreadable)
    assert core.platform.sent[-1] == ("ada", "echo: read at last")


async def test_it_waits_in_line_with_what_was_said_since(core: Core) -> None:
    failed, _ = await put_aside(core)
    await core.hear("ada", "later")
    await again(core, failed)
    assert {text for _, text in core.platform.sent[-2:]} == {"echo: secret words", "echo: later"}
    async with core.storage.begin() as work:
        assert await work.books.contradictions() == {}


async def test_one_that_still_cannot_be_read_stays(core: Core) -> None:
    poison = Arrival(source="fake:bot", event="p", lane="q", order=0, payload={"hopeless": True}, poison=True)
    await core.inbox.accept([poison])
    with pytest.raises(ConfigError, match="parley inbox drop 1"):
        await again(core, 1)
    assert len(await shown(core)) == 1


async def test_trying_twice_answers_once(core: Core) -> None:
    failed, _ = await put_aside(core)
    await again(core, failed)
    with pytest.raises(ConfigError, match="1 was not put aside"):
        await again(core, failed)
    assert [text for _, text in core.platform.sent].count("echo: secret words") == 1


@pytest.mark.parametrize("number", [4, 99])
async def test_what_was_not_put_aside_is_left_alone(core: Core, number: int) -> None:
    await put_aside(core)
    await core.say("ben", "fine")
    with pytest.raises(ConfigError, match=f"{number} was not put aside"):
        await again(core, number)
    with pytest.raises(ConfigError, match=f"{number} was not put aside"):
        await drop(core.storage, [number], lambda _line: None)


async def test_what_is_dropped_is_gone_with_its_words(core: Core) -> None:
    failed, unreadable = await put_aside(core)
    await drop(core.storage, [failed, unreadable], lambda _line: None)
    assert await shown(core) == ["Nothing was put aside."]
