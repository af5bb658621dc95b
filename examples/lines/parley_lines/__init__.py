"""A platform in a package of its own: lines over TCP. `nc localhost 6667`, a name, and then one message a line.

Nobody checks that people are who they say, so it listens on this machine only.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.people import Identity, Sender
from bot.domain.updates import Arrival, Attachment, Button, File, Invocation, Place, Update
from bot.errors import ConfigError, MessageRejected, PlatformDown
from bot.extensions import Host
from bot.ports import Accept, Part, Ref


def open_lines(host: Host) -> "Lines | None":
    """What the entry point names. None where LINES_PORT is not set."""
    port = host.environment.get("LINES_PORT", "")
    if port and not port.isdecimal():
        raise ConfigError(["LINES_PORT is no port number"])
    return Lines(host, int(port)) if port else None


class Lines:
    """Implements `bot.ports.Platform`."""

    name = "lines"
    slash = "/"
    notices_per_second = 10.0
    one_listener = "lines"
    connected = True

    def __init__(self, host: Host, port: int) -> None:
        self._host = host
        self._port = port
        self._there: dict[str, asyncio.StreamWriter] = {}

    async def listen(self, accept: Accept) -> None:
        async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            name = (await reader.readline()).decode(errors="replace").strip()
            self._there[name] = writer
            async for line in reader:
                await accept([self._arrival(name, line.decode(errors="replace").strip())])
            writer.close()

        async with await asyncio.start_server(welcome, "127.0.0.1", self._port) as server:
            await server.serve_forever()

    def _arrival(self, name: str, line: str) -> Arrival:
        """All that is known of a line, to be stored. What it means is for `parse`."""
        return Arrival(
            source="lines:tcp",
            event=uuid.uuid4().hex,
            lane=self._host.commands.lane(_place(name), _invocation(line)),
            order=int(self._host.clock.now().timestamp() * 1e6),
            payload={"name": name, "line": line},
            sender=Identity(platform=self.name, user=name),
        )

    def parse(self, payload: Mapping[str, Any]) -> Update | None:
        name, line = str(payload["name"]), str(payload["line"])
        sender = Sender(identity=Identity(platform=self.name, user=name), name=name, username=name, belonging="full")
        return Update(sender=sender, place=_place(name), text=line, invocation=_invocation(line)) if line else None

    def reply(self, update: Update, _ref: Ref | None = None) -> "LinesReply":
        return LinesReply(self, update.place)

    def parts(
        self, place: Place, text: str, *, buttons: Sequence[Button] = (), files: Sequence[File] = (), **_more: Any
    ) -> list[Part]:
        """A button is the command to type, a file its name."""
        shown = [text, *(f"/{one.command}: {one.label}" for one in buttons), *(one.safe_name for one in files)]
        return [{"to": place.chat, "text": "\n".join(shown)}]

    async def deliver(self, part: Part) -> str:
        """Nothing is lost: whoever is not there gets it when they are, for a day."""
        writer = self._there.get(part["to"])
        if writer is None or writer.is_closing():
            raise PlatformDown(f"{part['to']} is not there", outcome_unknown=False)
        writer.write(part["text"].encode() + b"\n")
        await writer.drain()
        return ""

    def direct(self, who: Identity) -> Place:
        return _place(who.user)

    async def check(self) -> str:
        return f"lines on port {self._port}"

    # What there is none of here: threads, groups, files, events beside messages, anything that could be edited.

    async def accompany(self) -> None:
        return

    async def entitle(self, place: Place, title: str) -> None:
        return

    async def ask_about(self, sender: Sender) -> Sender:
        return sender

    async def presides(self, who: Identity, place: Place) -> bool:
        return True

    async def fetch(self, attachment: Attachment, *, most: int) -> bytes:
        raise MessageRejected(attachment.name)

    async def reread(self, payload: Mapping[str, Any]) -> Arrival | None:
        return None

    async def close(self) -> None:
        return

    def happening(self, payload: Mapping[str, Any]) -> None:
        return None

    def repeatable(self, part: Part) -> bool:
        return False


class LinesReply:
    """Implements `bot.ports.Reply`: a line once sent stays, so an answer is shown when it is whole."""

    interval = 1.0
    ref: Ref | None = None

    def __init__(self, lines: Lines, place: Place) -> None:
        self._lines = lines
        self._place = place

    async def show(self, text: str, *, waiting: str = "") -> None:
        return

    def parts(self, text: str, buttons: Sequence[Button] = ()) -> list[Part]:
        return self._lines.parts(self._place, text, buttons=buttons)

    async def close(self) -> None:
        return


def _place(name: str) -> Place:
    return Place(platform="lines", chat=name, private=True)


def _invocation(line: str) -> Invocation | None:
    name, _, arguments = line.removeprefix("/").partition(" ")
    return Invocation(name=name.lower(), arguments=arguments) if line.startswith("/") and name.isalpha() else None
