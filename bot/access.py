"""Who is speaking, what they may do here, and which command that leaves them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.commands.declaration import Command, CommandBook
from bot.domain.access import AccessPolicy
from bot.domain.people import Role
from bot.domain.updates import Invocation, Place, Update
from bot.errors import AccessDenied, NotAdmitted, UnknownCommand
from bot.storage import Account, UnitOfWork

_LONGEST = 64
"""Characters of a refused command that are kept: what is beyond is nobody's command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person who speaks, with the role they have where they speak."""

    account: Account
    role: Role


class Access:
    """Applies the operator's policy and the admins' decisions, always in the transaction of what is asked for."""

    def __init__(self, policy: AccessPolicy) -> None:
        self.policy = policy

    async def meet(self, work: UnitOfWork, update: Update) -> Visitor:
        """Whoever it is, blocked people and newcomers included."""
        account = await work.people.meet(update.sender)
        return Visitor(account=account, role=self.policy.here(self.role(account, update.place), update.place))

    async def admit(self, work: UnitOfWork, update: Update) -> Visitor:
        """Somebody who may talk to the bot. Raises AccessDenied, NotAdmitted."""
        visitor = await self.meet(work, update)
        if visitor.role < Role.GUEST:
            raise _turned_away(visitor)
        return visitor

    def role(self, account: Account, place: Place | None = None) -> Role:
        """What somebody is, wherever others read along or not."""
        return self.policy.role(
            account.identity, account.belonging, given=account.role, blocked=account.blocked, place=place
        )

    def command(self, visitor: Visitor, book: CommandBook, invocation: Invocation, words: Sequence[str]) -> Command:
        """The command that is called. Raises AccessDenied, NotAdmitted, UnknownCommand."""
        command = book.get(invocation.name)
        if command is not None and command.needs(words) <= visitor.role:
            return command
        if visitor.role < Role.GUEST:
            raise _turned_away(visitor)
        if command is None:
            raise UnknownCommand(invocation.name)
        called = " ".join((command.name, *words[:1]))[:_LONGEST]
        raise UnknownCommand(called if command.least <= visitor.role else invocation.name, refused=called)


def _turned_away(visitor: Visitor) -> AccessDenied | NotAdmitted:
    who = str(visitor.account.identity)
    return AccessDenied(who) if visitor.role is Role.BLOCKED else NotAdmitted(who)
