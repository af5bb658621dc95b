"""The desk: a command from elsewhere, run by the handler that runs it in a chat, with its giver's rights."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.admin.sheet import Line
from bot.commands import confirmation
from bot.commands.asking import asked_back
from bot.commands.call import Call
from bot.commands.declaration import (
    Answer,
    Ask,
    AskAgain,
    Command,
    CommandBook,
    Fetch,
    IfPresiding,
    Later,
    Role,
    Said,
    Silence,
)
from bot.commands.inquiry import Inquiry
from bot.domain.people import OPERATOR, Identity, Sender
from bot.domain.updates import Invocation, Place, Update
from bot.errors import UserError
from bot.storage import Storage, UnitOfWork
from bot.switchboard import Switchboard
from bot.texts import Text, text
from bot.texts.errors import sentence

_NO_ARRIVAL = 0
"""An operator's command did not arrive from a platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a command: its answer, and the error if it was refused."""

    answer: Answer
    error: UserError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of the lines of a sheet: what was said to each command, or why it was refused."""

    said: list[tuple[Line, Text]] = field(default_factory=list)
    refused: list[tuple[Line, Sequence[str], Text]] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)


class _UndoError(Exception):
    """Leaves a transaction so that nothing of it stays."""


def offered(book: CommandBook) -> CommandBook:
    """The commands that are of use here: those of admins, and help."""
    return CommandBook([command for command in book if command.name == "help" or _most(command) >= Role.SUPPORT])


class Desk:
    """Runs commands for one person: an operator, or an admin on the dashboard.

    Args:
        storage: the bot's database, which may be in use by the bot.
        switchboard: makes calls of commands; its access policy must know an operator as an owner.
        who: whoever gives the commands.
        platforms: names of platforms whose people may be named before they have written anything.
    """

    def __init__(self, storage: Storage, switchboard: Switchboard, who: Sender, platforms: Sequence[str]) -> None:
        self._storage = storage
        self._switchboard = switchboard
        self._who = who
        self._named = re.compile(rf"(?:{'|'.join(platforms)}):\S+")

    async def run(self, words: Sequence[str], render: Callable[[Text], str]) -> Outcome:
        """Run a command, given with its arguments, in one transaction. Raises StorageError."""
        try:
            return Outcome(answer=await self._answer(words, render))
        except UserError as error:
            told = asked_back(error, Invocation(name=words[0], arguments=" ".join(words[1:])))
            return Outcome(answer=_whole(told), error=error)

    async def apply(self, lines: Sequence[Line], occasion: Mapping[str, Any], *, keep: bool) -> Applied:
        """Run all commands of some lines in one transaction, which is undone if one is refused or not to be kept.

        Whatever commands ask to be confirmed is confirmed. `occasion` goes on record. Raises StorageError.
        """
        applied = Applied()
        try:
            async with self._storage.begin() as work:
                for line in lines:
                    await self._apply(work, line, applied)
                _undo_unless(keep and not applied.refused)
                await work.audit.add(
                    actor=str(self._who.identity), action="import", subject=str(self._who.identity), facts=occasion
                )
        except _UndoError:
            return applied
        for act in applied.afterwards:
            act()
        return applied

    async def _apply(self, work: UnitOfWork, line: Line, applied: Applied) -> None:
        for words in line.commands:
            try:
                call, said = await self._call(work, words)
                if isinstance(said, Answer) and (asked := confirmation.asked_for(said)):
                    call, said = await self._call(work, asked.split())
            except UserError as error:
                applied.refused.append((line, words, sentence(error)))
                return
            applied.afterwards.extend(call.afterwards)
            if isinstance(said, Text | Answer):
                applied.said.append((line, _whole(said).said))

    async def _call(self, work: UnitOfWork, words: Sequence[str]) -> tuple[Call, Said]:
        invocation = Invocation(name=words[0], arguments=" ".join(words[1:]))
        await self._meet_named(work, invocation.arguments)
        call = await self._switchboard.call(work, self._update(invocation), invocation, _NO_ARRIVAL)
        return call, await call.command.handler(call)

    async def _answer(self, words: Sequence[str], render: Callable[[Text], str]) -> Answer:
        async with self._storage.begin() as work:
            call, said = await self._call(work, words)
        for act in call.afterwards:
            act()
        if isinstance(said, Later):
            return await said.make(render)
        if isinstance(said, Ask | AskAgain | Fetch | IfPresiding | Inquiry | Silence):
            return Answer(said=text("That needs a chat."))
        return _whole(said)

    async def _meet_named(self, work: UnitOfWork, arguments: str) -> None:
        """Somebody's limits can be set before their first message; if the command fails, this is undone with it."""
        for name in self._named.findall(arguments):
            identity = Identity.parse(name)
            if await work.people.find(identity) is None:
                await work.people.meet(Sender.by_id(identity))

    def _update(self, invocation: Invocation) -> Update:
        return Update(
            sender=self._who,
            place=Place(platform=OPERATOR, chat=self._who.identity.user, private=True),
            text="",
            invocation=invocation,
        )


def _undo_unless(kept: bool) -> None:  # noqa: FBT001 - reads like the sentence it is
    if not kept:
        raise _UndoError


def _most(command: Command) -> Role:
    return max((command.role, *command.roles.values()))


def _whole(said: Text | Answer) -> Answer:
    return Answer(said=said) if isinstance(said, Text) else said
