"""A catalogue that puts every sentence into ⟦brackets⟧ shows what never went through a catalogue."""

import asyncio
import re
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import write_po

from bot.errors import StreamInterrupted, UpstreamBusy, UpstreamMisconfigured
from bot.storage import Storage
from bot.texts.extract import Sentence, sentences
from tests.conftest import ADMIN, Core, make_core

PSEUDO = "eo"
"""Any language that Parley does not speak."""


def bracketed(sentence: Sentence) -> str | list[str]:
    return f"⟦{sentence}⟧" if isinstance(sentence, str) else [f"⟦{form}⟧" for form in sentence]


def write_pseudo(folder: Path) -> None:
    catalogue = Catalog(locale=PSEUDO)
    for sentence in sentences():
        catalogue.add(sentence, bracketed(sentence))
    path = folder / PSEUDO / "LC_MESSAGES" / "parley.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, catalogue)


def outside(answer: str) -> str:
    """What stands in no brackets."""
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", "", answer)) != answer:
        answer = less
    return answer.strip()


@pytest.fixture(scope="session")
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    write_pseudo(folder)
    return folder


@pytest.fixture
def core(storage: Storage, pseudo: Path, monkeypatch: pytest.MonkeyPatch) -> Core:
    monkeypatch.setattr("bot.texts.catalogues._FOLDER", pseudo)
    return make_core(storage)


def test_words_outside_of_brackets_are_seen() -> None:
    assert outside("⟦a ⟦b⟧⟧ c ⟦d⟧") == "c"


@pytest.mark.parametrize("words", ["/start", "/help", "/usage", "/stop", "/new", "/dance", "/quota show", " "])
async def test_a_member_is_answered_from_the_catalogue(core: Core, words: str) -> None:
    answer = await core.say("ada", words, language=PSEUDO)
    assert answer.startswith("⟦")
    assert [line for line in answer.splitlines() if outside(line)] == []


@pytest.mark.parametrize(
    "words",
    [
        "/help",
        "/quota",
        "/quota show @ada",
        "/quota set @ada messages unlimited",
        "/quota set @ada tokens 5",
        "/quota add @ada messages 5",
        "/quota reset @ada",
        "/quota show @nobody",
        "/block @ada",
        "/unblock @ada",
    ],
)
async def test_an_admin_is_answered_from_the_catalogue(core: Core, words: str) -> None:
    await core.say("ada", "hello")
    answer = await core.say(ADMIN, words, language=PSEUDO)
    assert answer.startswith("⟦")
    assert outside(answer) == ""


async def test_dropped_messages_are_counted_from_the_catalogue(core: Core) -> None:
    core.model.script = [("half ", asyncio.Event())]
    await core.hear("ada", "one", language=PSEUDO)
    (lease,) = await core.inbox.claim(1)
    core.dispatcher.start(lease)
    for words in ("two", "/stop"):
        await core.hear("ada", words, language=PSEUDO)
    await core.work()
    answers = [said for _, said in core.platform.sent]
    assert any(said.startswith("⟦Stopped, and dropped 1 message") for said in answers)
    assert {outside(said) for said in answers} <= {"", "half"}


@pytest.mark.parametrize("error", [UpstreamBusy(retry_after=3), UpstreamMisconfigured()])
async def test_a_failure_is_told_from_the_catalogue(core: Core, error: Exception) -> None:
    core.model.script.append([error])
    answer = await core.say("ada", "hello", language=PSEUDO)
    assert answer.startswith("⟦")
    assert outside(answer) == ""


async def test_an_ending_is_told_from_the_catalogue(core: Core) -> None:
    core.model.finish_reason = "length"
    assert outside(await core.say("ada", "hello", language=PSEUDO)) == "echo: hello"


async def test_a_broken_answer_is_told_from_the_catalogue(core: Core) -> None:
    core.model.script.append(["half", StreamInterrupted()])
    assert outside(await core.say("ada", "hello", language=PSEUDO)) == "half"


async def test_a_used_up_quota_is_told_from_the_catalogue(storage: Storage, core: Core) -> None:
    poor = make_core(storage, daily={"messages": 0, "tokens": 10})
    answer = await poor.say("ada", "hello", language=PSEUDO)
    assert answer.startswith("⟦Your quota does not reach for this:⟧")
    assert outside(answer) == ""
