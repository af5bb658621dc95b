"""What a command's handler gets to work with, and how it finds the person it is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from bot.budgets import Budgets
from bot.commands.declaration import Command, CommandBook, Role
from bot.domain.models import Catalog
from bot.domain.people import Identity, Sender
from bot.domain.updates import Update
from bot.errors import AmbiguousPerson, BadArgument, UnknownPerson
from bot.inbox import Inbox
from bot.quotas import Quotas
from bot.storage import Account, UnitOfWork

_MOST_DIGITS = 18
"""Of a row's number: more would not fit its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a command. Everything it changes through `work` is undone if it raises.

    What must not happen before the change is committed goes into `afterwards`.
    """

    command: Command
    update: Update
    words: list[str]
    account: Account
    role: Role
    arrival: int
    work: UnitOfWork
    book: CommandBook
    quotas: Quotas
    budgets: Budgets
    catalog: Catalog
    inbox: Inbox
    now: datetime
    zone: tzinfo
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def bad_argument(self) -> BadArgument:
        """The error that shows how the command is used."""
        return BadArgument(
            usage=f"{self.command.name} {self.command.usage}".strip(),
            example=f"{self.command.name} {self.command.example}".strip(),
        )

    async def conversation(self) -> int:
        """The id of the conversation that goes on where the call was made; one is begun if there is none."""
        return await self.work.conversations.current(self.update.place.key, account_id=self.account.id)

    async def audit(self, action: str, subject: Account, facts: Mapping[str, Any]) -> int:
        """Record what was changed, by whom and for whom; returns the record's number."""
        return await self.work.audit.add(
            actor=str(self.account.identity), action=action, subject=str(subject.identity), facts=facts
        )

    async def replied_to(self) -> Account | None:
        """The author of the message to which the call replies."""
        author = self.update.replied_to
        return None if author is None else await self._known_or_new(author)

    async def person(self, name: str) -> Account:
        """The person called `name`: `@username`, `username`, an id of this platform, or `platform:id`.

        An id needs not have been met yet: its limits can be set before its first message. Raises UnknownPerson,
        AmbiguousPerson.
        """
        if identity := self._identity(name):
            return await self._known_or_new(identity)
        found = await self.work.people.named(self.account.identity.platform, name.removeprefix("@"))
        if not found:
            raise UnknownPerson(name)
        if len(found) > 1:
            raise AmbiguousPerson(name, [str(account.identity) for account in found])
        return found[0]

    def _identity(self, name: str) -> Identity | None:
        if ":" in name:
            return self._parsed(name)
        if name.isdecimal():
            return Identity(platform=self.account.identity.platform, user=name)
        return None

    def _parsed(self, name: str) -> Identity:
        try:
            return Identity.parse(name)
        except ValueError as error:
            raise self.bad_argument() from error

    async def _known_or_new(self, identity: Identity) -> Account:
        known = await self.work.people.find(identity)
        if known is None and identity.platform != self.account.identity.platform:
            raise UnknownPerson(str(identity))
        return known or await self.work.people.meet(Sender(identity=identity, name=identity.user))


def is_number(word: str) -> bool:
    """Whether a word is a number as rows of the database have them."""
    return word.isdecimal() and len(word) <= _MOST_DIGITS
