"""What people are told about what the model sees of them."""

import pytest

from bot.charts.studio import Studio
from bot.charts.values import Chart, Words
from bot.domain.context import ContextPolicy
from bot.domain.updates import File
from bot.errors import PictureFailed
from bot.storage import Storage
from tests.conftest import Core
from tests.test_memory import RECALL, SECRET, chatter, remembering


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes seconds and has tests of its own."""
    monkeypatch.setattr(Studio, "open", False)


def cell(answer: str, part: str) -> int:
    """The tokens of a part, from the table."""
    (line,) = [line for line in answer.splitlines() if line.startswith(part)]
    return int(line.split()[-1].replace(",", ""))


async def test_the_parts_are_told_with_their_tokens(core: Core) -> None:
    await core.say("ada", "hello there")
    answer = await core.say("ada", "/context what else?")
    assert "`what else?`" in answer
    assert cell(answer, "System prompt") == 2 + 4
    assert cell(answer, "Turns, word for word (1)") == 2 + 4 + 3 + 4
    assert cell(answer, "Window") == 1000
    assert "Nothing is recalled" in answer


async def test_without_a_message_the_last_question_stands_for_it(core: Core) -> None:
    await core.say("ada", "hello there")
    assert "`hello there`" in await core.say("ada", "/context")


async def test_before_anything_was_said_there_is_only_the_system_prompt(core: Core) -> None:
    answer = await core.say("ada", "/context")
    assert cell(answer, "Turns, word for word (0)") == 0
    assert "none yet" in answer


async def test_what_is_recalled_is_told_with_the_reason(storage: Storage) -> None:
    core = remembering(storage)
    await core.say("ada", SECRET)
    await chatter(core, 40)
    answer = await core.say("ada", "/context What is my locker number?")
    assert f"you: `{SECRET}` — found by `locker, number`" in answer


async def test_the_summary_is_told(storage: Storage) -> None:
    core = remembering(storage, ContextPolicy(budget=400, recall=0, summary=40))
    core.model.summary = ("Ada counts bottles.",)
    await chatter(core, 40)
    assert "`Ada counts bottles.`" in await core.say("ada", "/context")


async def test_looking_changes_nothing(storage: Storage) -> None:
    core = remembering(storage, RECALL)
    await chatter(core, 23)
    async with storage.begin() as work:
        before = await work.contexts.of(1)
    for _ in range(3):
        await core.say("ada", "/context " + "word " * 150)
    async with storage.begin() as work:
        assert await work.contexts.of(1) == before


async def test_nobody_is_told_what_another_person_said_in_private(storage: Storage) -> None:
    core = remembering(storage)
    await core.say("ada", SECRET)
    answer = await core.say("ben", "/context What is my locker number?")
    assert SECRET not in answer


async def test_a_picture_goes_along_where_pictures_can_be_drawn(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drawn(_studio: Studio, name: str, chart: Chart, words: Words) -> File:
        slices = [one["tokens"] for one in chart.to_json(words)["slices"]]
        return File(name=f"{name}.png", content=str(slices).encode(), media_type="image/png")

    monkeypatch.setattr(Studio, "open", True)
    monkeypatch.setattr(Studio, "picture", drawn)
    await core.say("ada", "/context hello")
    (picture,) = core.platform.files[-1]
    assert picture.content == b"[6, 0, 0, 0, 5, 100]"


async def test_without_its_picture_the_answer_is_told_all_the_same(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failed(*_: object) -> File:
        raise PictureFailed

    monkeypatch.setattr(Studio, "open", True)
    monkeypatch.setattr(Studio, "picture", failed)
    assert "`hello`" in await core.say("ada", "/context hello")
