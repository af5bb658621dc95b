"""What a command may answer besides a sentence, as people see it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bot.alerts import Notice
from bot.commands import Command
from bot.commands.declaration import Answer, Choice, Later, Table
from bot.domain.people import Identity, Sender
from bot.domain.updates import File
from bot.errors import PictureFailed, UserError
from bot.storage import Storage
from bot.texts import Text, text
from tests.conftest import Core, make_core


async def page(call: Any) -> Answer:
    """Pages to turn: `page 2`."""
    number = int(call.words[0]) if call.words else 1
    return Answer(
        said=text("Page {number}.", number=number),
        choices=[
            Choice(label=text("Back"), command=f"page {number - 1}"),
            Choice(label=text("On"), command=f"page {number + 1}"),
        ],
        in_place=True,
    )


async def rows(call: Any) -> Answer:
    """A table of so many rows."""
    lines = [[f"*name* {number}", Decimal(number) / 4] for number in range(int(call.words[0]))]
    return Answer(said=text("Rows:"), table=Table(columns=[text("Who"), text("How much")], rows=lines))


async def picture(call: Any) -> Answer:
    del call
    return Answer(said=text("Look:"), files=[File(name="dot.png", content=b"\x89PNG", media_type="image/png")])


COMMANDS = [Command(name=handler.__name__, summary=text("Try"), handler=handler) for handler in (page, rows, picture)]


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, more_commands=COMMANDS)


async def test_choices_stand_under_the_sentence(core: Core) -> None:
    assert await core.say("ada", "/page") == "Page 1."
    assert (core.platform.labels[-1], core.platform.buttons[-1]) == (["Back", "On"], ["page 0", "page 2"])


async def test_a_click_turns_the_page_in_place(core: Core) -> None:
    await core.say("ada", "/page")
    assert await core.click("ada", "On") == "Page 2."
    assert core.platform.instead_of == ["", "1"]


async def test_the_same_command_typed_is_answered_anew(core: Core) -> None:
    await core.say("ada", "/page")
    await core.say("ada", "/page 2")
    assert core.platform.instead_of == ["", ""]


async def test_a_table_is_aligned_and_no_markdown_in_it_takes_effect(core: Core) -> None:
    answer = await core.say("ada", "/rows 2")
    assert answer == "Rows:\n\n```\nWho       How much\n────────  ────────\n*name* 0         0\n*name* 1      0.25\n```"
    assert core.platform.files[-1] == []


async def test_a_table_longer_than_one_reads_in_a_chat_is_a_file_too(core: Core) -> None:
    answer = await core.say("ada", "/rows 50")
    (file,) = core.platform.files[-1]
    assert answer.endswith("```\n… and 10 more rows")
    assert (file.name, file.content.decode("utf-8-sig").splitlines()[-1]) == ("table.csv", "*name* 49,12.25")


async def test_words_that_a_spreadsheet_would_compute_are_defused(storage: Storage) -> None:
    async def hostile(call: Any) -> Answer:
        del call
        return Answer(said=text("Rows:"), table=Table(columns=[text("Who")], rows=[["=1+1"], *[["ada"]] * 50]))

    core = make_core(storage, more_commands=[Command(name="hostile", summary=text("Try"), handler=hostile)])
    await core.say("ada", "/hostile")
    assert core.platform.files[-1][0].content.decode("utf-8-sig").splitlines()[1] == "'=1+1"


async def test_files_come_with_the_sentence(core: Core) -> None:
    await core.say("ada", "/picture")
    assert [file.name for file in core.platform.files[-1]] == ["dot.png"]


async def test_a_notice_has_its_choices_too(core: Core) -> None:
    notice = Notice(
        said=text("Somebody knocks."),
        to=Identity(platform="fake", user="ada"),
        choices=[Choice(label=text("Let in"), command="page 7")],
    )
    await core.inbox.accept([notice.arrival("knock", at=1)])
    await core.work()
    assert await core.click("ada", "Let in") == "Page 7."


async def test_nobody_is_written_to_at_a_command_line(core: Core, caplog: pytest.LogCaptureFixture) -> None:
    notice = Notice(said=text("It is out."), to=Identity(platform="cli", user="root"))
    await core.inbox.accept([notice.arrival("out", at=1)])
    await core.work()
    assert (core.platform.sent, caplog.text) == ([], "")


@pytest.mark.parametrize("command", ["", "quota set " + "x" * 60])
def test_a_choice_has_room_for_64_bytes(command: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        Choice(label=text("On"), command=command)


def test_a_message_has_room_for_100_choices() -> None:
    with pytest.raises(ValueError, match="101 choices"):
        Answer(said=text("Which?"), choices=[Choice(label=text("On"), command="page")] * 101)


def drawing(storage: Storage, error: UserError | None = None) -> Command:
    """A command whose answer takes time, in which others use the database."""

    async def make(words: Callable[[Text], str]) -> Answer:
        async with storage.begin() as work:
            await work.people.meet(Sender(identity=Identity(platform="fake", user="ben"), name="Ben"))
        if error:
            raise error
        return Answer(said=text("Drawn for {who}.", who=words(text("you"))))

    async def draw(call: Any) -> Later:
        del call
        return Later(make=make)

    return Command(name="draw", summary=text("Try"), handler=draw)


async def test_an_answer_that_takes_time_keeps_nobody_from_the_database(storage: Storage) -> None:
    core = make_core(storage, more_commands=[drawing(storage)])
    assert await core.say("ada", "/draw") == "Drawn for you."


async def test_a_picture_that_fails_is_told_in_a_sentence(storage: Storage) -> None:
    core = make_core(storage, more_commands=[drawing(storage, PictureFailed())])
    assert "cannot draw pictures" in await core.say("ada", "/draw")
