"""The terminal as a platform."""

import io
from collections.abc import Sequence
from pathlib import Path

from adapters.console import ConsolePlatform
from bot.commands import all_commands
from bot.domain.updates import Arrival, Button, File, Invocation


def console(*lines: str) -> tuple[ConsolePlatform, io.StringIO]:
    typed, screen = io.StringIO("".join(f"{line}\n" for line in lines)), io.StringIO()
    return ConsolePlatform(typed.readline, screen, all_commands()), screen


async def heard(platform: ConsolePlatform) -> list[Arrival]:
    arrivals: list[Arrival] = []

    async def accept(batch: Sequence[Arrival]) -> None:
        arrivals.extend(batch)

    await platform.listen(accept)
    return arrivals


async def test_each_line_is_an_arrival_and_blank_ones_are_not() -> None:
    platform, _ = console("hello", "", "  ", "again")
    arrivals = await heard(platform)
    assert [arrival.payload["line"] for arrival in arrivals] == ["hello", "again"]
    assert arrivals[0].event != arrivals[1].event


async def test_a_command_is_read_with_its_arguments() -> None:
    platform, _ = console("/quota show you")
    (arrival,) = await heard(platform)
    update = platform.parse(arrival.payload)
    assert update
    assert update.invocation == Invocation(name="quota", arguments="show you")


async def test_stop_overtakes_the_conversation() -> None:
    platform, _ = console("hello", "/stop")
    talk, stop = await heard(platform)
    assert stop.lane != talk.lane


async def test_a_path_is_no_command() -> None:
    platform, _ = console("/ is the root")
    (arrival,) = await heard(platform)
    update = platform.parse(arrival.payload)
    assert update
    assert update.invocation is None


async def test_an_answer_is_typed_out_as_it_grows_and_not_twice() -> None:
    platform, screen = console()
    update = platform.parse({"line": "hi"})
    assert update
    reply = platform.reply(update)
    await reply.show("Hel")
    await reply.show("Hello ")
    (part,) = reply.parts("Hello there")
    await platform.deliver(part)
    assert screen.getvalue() == "Hello there\n\n› "


async def test_a_final_text_that_differs_from_the_preview_is_shown_whole() -> None:
    platform, screen = console()
    update = platform.parse({"line": "hi"})
    assert update
    reply = platform.reply(update)
    await reply.show("Hel")
    await platform.deliver(reply.parts("Sorry.")[0])
    assert "\nSorry.\n" in screen.getvalue()


async def test_buttons_are_commands_to_type() -> None:
    platform, screen = console()
    update = platform.parse({"line": "/page"})
    assert update
    for part in platform.parts(update.place, "Page 1.", buttons=[Button(label="On", command="page 2")]):
        await platform.deliver(part)
    assert screen.getvalue() == "Page 1.\n  [On] /page 2\n\n› "


async def test_files_are_put_into_a_folder_and_nothing_there_is_overwritten(tmp_path: Path) -> None:
    screen = io.StringIO()
    platform = ConsolePlatform(io.StringIO().readline, screen, all_commands(), folder=tmp_path / "files")
    update = platform.parse({"line": "/export"})
    assert update
    for content in (b"one", b"two"):
        file = File(name="../export.csv", content=content, media_type="text/csv")
        for part in platform.parts(update.place, "Here:", files=[file]):
            await platform.deliver(part)
    assert [(tmp_path / "files" / name).read_bytes() for name in ("export.csv", "export-2.csv")] == [b"one", b"two"]
    assert str(tmp_path / "files" / "export-2.csv") in screen.getvalue()
