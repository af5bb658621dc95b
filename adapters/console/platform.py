"""One person at a terminal: lines come in, answers are typed out."""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from bot.commands.declaration import CommandBook
from bot.domain.people import Identity, Sender
from bot.domain.updates import CONTENT, Arrival, Attachment, Button, File, Invocation, Place, Update
from bot.errors import MessageRejected
from bot.files import save
from bot.ports import Accept, Part, Ref

PROMPT = "› "

YOU = Identity(platform="console", user="you")
_HERE = Place(platform="console", chat="terminal", private=True)


class ConsolePlatform:
    """Implements `bot.ports.Platform` on two text streams.

    Args:
        read: gives the next line with its line end, "" at the end; called in a thread.
        output: where answers are typed out.
        commands: what can be asked for by name.
        folder: where files are put that come with answers.
    """

    name = "console"
    slash = "/"
    notices_per_second = 1.0
    one_listener = ""
    connected = True

    def __init__(
        self, read: Callable[[], str], output: TextIO, commands: CommandBook, *, folder: Path = Path("data/files")
    ) -> None:
        self._read = read
        self._output = output
        self._commands = commands
        self._folder = folder
        self._session = uuid.uuid4().hex[:12]
        self._written = ""

    async def listen(self, accept: Accept) -> None:
        """Hand in one line after the other until the input ends."""
        number = 0
        self._write(PROMPT)
        while line := await asyncio.to_thread(self._read):
            number += 1
            if line.strip():
                await accept([self._arrival(number, line.strip())])
            else:
                self._write(PROMPT)

    async def accompany(self) -> None:
        return

    def parse(self, payload: Mapping[str, Any]) -> Update | None:
        line = str(payload["line"])
        you = Sender(identity=YOU, name="you", belonging="full")
        return Update(sender=you, place=_HERE, text=line, invocation=_invocation(line))

    def happening(self, _payload: Mapping[str, Any]) -> None:
        return None

    async def entitle(self, _place: Place, _title: str) -> None:
        return

    def reply(self, _update: Update, _ref: Ref | None = None) -> "ConsoleReply":
        self._written = ""
        return ConsoleReply(self)

    def parts(
        self,
        _place: Place,
        text: str,
        *,
        answer_by: str = "",  # noqa: ARG002
        buttons: Sequence[Button] = (),
        files: Sequence[File] = (),
        instead_of: str = "",  # noqa: ARG002 - what was typed out stays
        about: str = "",  # noqa: ARG002
        only_buttons: bool = False,  # noqa: ARG002
    ) -> list[Part]:
        self._written = ""
        return [{"text": _with_buttons(text, buttons)}, *(file.packed() for file in files)]

    def unsay(self, _place: Place, _message: str) -> list[Part]:
        return []

    async def ask_about(self, sender: Sender) -> Sender:
        return sender

    async def presides(self, _who: Identity, _place: Place) -> bool:
        return True

    def direct(self, _who: Identity) -> Place:
        return _HERE

    async def fetch(self, attachment: Attachment, *, most: int) -> bytes:
        """Nobody can attach a file to what they type."""
        raise MessageRejected(f"{attachment.name} of {most} bytes")

    async def deliver(self, part: Part) -> str:
        self.show(await self._saved(File.unpacked(part)) if CONTENT in part else part["text"])
        self._write(f"\n\n{PROMPT}")
        self._written = ""
        return ""

    async def reread(self, _payload: Mapping[str, Any]) -> Arrival | None:
        return None

    def repeatable(self, _part: Part) -> bool:
        return False

    async def reach(self) -> None:
        return

    async def check(self) -> str:
        return "console: a terminal"

    async def close(self) -> None:
        return

    def show(self, text: str) -> None:
        """Type out what is new in `text`; all of it, on a new line, if it is no continuation."""
        if not text.startswith(self._written):
            self._write("\n")
            self._written = ""
        self._write(text[len(self._written) :])
        self._written = text

    async def _saved(self, file: File) -> str:
        """Put a file into the folder; where it is."""
        path = await asyncio.to_thread(save, self._folder, file)
        return f"📎 {path}"

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()

    def _arrival(self, number: int, line: str) -> Arrival:
        return Arrival(
            source="console:terminal",
            event=f"{self._session}-{number}",
            lane=self._commands.lane(_HERE, _invocation(line)),
            order=number,
            payload={"line": line},
        )


class ConsoleReply:
    """An answer that is typed out as it grows."""

    interval = 0.05
    ref: Ref | None = None

    def __init__(self, console: ConsolePlatform) -> None:
        self._console = console

    async def show(self, text: str, *, waiting: str = "") -> None:  # noqa: ARG002 - a line once typed stays
        self._console.show(text.rstrip())

    def parts(self, text: str, buttons: Sequence[Button] = ()) -> list[Part]:
        return [{"text": _with_buttons(text, buttons)}]

    async def close(self) -> None:
        return


def _with_buttons(text: str, buttons: Sequence[Button]) -> str:
    """A terminal has no buttons: there they are commands to type."""
    return "\n".join([text, *(f"  [{button.label}] /{button.command}" for button in buttons)])


def _invocation(line: str) -> Invocation | None:
    if not line.startswith("/") or not line[1:2].isalpha():
        return None
    name, _, arguments = line[1:].partition(" ")
    return Invocation(name=name.lower(), arguments=arguments.strip())
