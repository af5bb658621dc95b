"""What a command's handler gets to work with, and how it finds the person it is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from bot.access import Access
from bot.brain import Brain
from bot.budgets import Budgets
from bot.charts.studio import Studio
from bot.commands import confirmation
from bot.commands.declaration import Answer, Choice, Command, CommandBook, Role
from bot.commands.questionnaires import Blank, Questionnaire
from bot.dashboard.doors import Doors
from bot.disclosure import Disclosure
from bot.domain.models import Catalog
from bot.domain.names import folded
from bot.domain.people import OPERATOR, Identity, Sender
from bot.domain.updates import Update
from bot.errors import AmbiguousPerson, BadArgument, Outranked, UnknownPerson
from bot.inbox import Inbox
from bot.offers import Offers
from bot.ownkeys import OwnKeys
from bot.personas import Personas
from bot.quotas import Quotas
from bot.storage import Account, AuditRecord, UnitOfWork
from bot.texts import Text, lines, text
from bot.texts.errors import sentence

_MOST_DIGITS = 18
"""Of a row's number: more would not fit its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a command. Everything it changes through `work` is undone if it raises.

    What must not happen before the change is committed goes into `afterwards`. `confirmed`: the caller was asked
    whether they mean it, and does (see `confirm`). `brain` is None on the command line, where nobody is answered;
    `doors` where there is no dashboard, `own_keys` where people can give none.
    """

    command: Command
    update: Update
    words: list[str]
    confirmed: bool
    account: Account
    role: Role
    arrival: int
    work: UnitOfWork
    book: CommandBook
    access: Access
    quotas: Quotas
    budgets: Budgets
    catalog: Catalog
    inbox: Inbox
    studio: Studio
    brain: Brain | None
    personas: Personas
    offers: Offers
    doors: Doors | None
    own_keys: OwnKeys | None
    disclosure: Disclosure
    now: datetime
    zone: tzinfo
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def bad_argument(self) -> BadArgument:
        """The error that shows how the command is used."""
        return BadArgument(
            usage=f"{self.command.name} {self.command.usage_for(self.role)}".strip(),
            example=f"{self.command.name} {self.command.example}".strip(),
        )

    def ask_for(self, title: Text, command: str, *blanks: Blank) -> Questionnaire:
        """A form that ends in a command; where it cannot be shown, how the command is used."""
        otherwise = sentence(self.bad_argument())
        return Questionnaire(title=title, command=command, blanks=blanks, otherwise=otherwise)

    async def conversation(self) -> int:
        """The id of the conversation that goes on where the call was made; one is begun if there is none."""
        return await self.work.conversations.current(self.update.place.key, account_id=self.account.id)

    def confirm(self, question: Text, label: Text, arguments: str) -> Answer:
        """Ask before it is done; the button calls this command with `arguments` and `confirmed`."""
        command = f"{self.command.name} {arguments}".strip()
        return confirmation.asked(question, label, command, account_id=self.account.id, now=self.now)

    async def audit(
        self, action: str, subject: Account | str, facts: Mapping[str, Any], *, reverts: int | None = None
    ) -> int:
        """Record what was changed, by whom and for whom or what; returns the record's number."""
        return await self.work.audit.add(
            actor=str(self.account.identity),
            action=action,
            subject=subject if isinstance(subject, str) else str(subject.identity),
            facts=facts,
            reverts=reverts,
        )

    def changed(self, what: Text, before: Text, after: Text, number: int) -> Answer:
        """Tell what was changed, under which number it is on record, and how it is taken back."""
        return Answer(
            said=lines(
                text("{what}: {before} → {after}", what=what, before=before, after=after),
                text("No. {number} in the audit log.", number=number),
            ),
            choices=[Choice(label=text("↩ Take it back"), command=f"revert {number}")],
            in_place=True,
        )

    async def check_rank(self, subject: Account, role: Role = Role.BLOCKED) -> None:
        """Whether the caller stands above somebody, whatever they go by, and above the role they are to get.

        Raises Outranked.
        """
        known = await self.work.people.identities(subject.id)
        if max(role, *map(self.access.rank, known)) >= self.role:
            raise Outranked(subject.label)

    async def replied_to(self) -> Account | None:
        """The author of the message to which the call replies."""
        author = self.update.replied_to
        return None if author is None else await self._known_or_new(author)

    async def person_replied_to(self) -> Account:
        """The same, where a call without it means nobody. Raises BadArgument."""
        author = await self.replied_to()
        if author is None:
            raise self.bad_argument()
        return author

    async def person(self, name: str) -> Account:
        """The person called `name`: `@username`, `username`, an id of this platform, `platform:id`, or `#account`.

        An id needs not have been met yet: its limits can be set before its first message. A username of this platform
        goes before one of another. Raises UnknownPerson, AmbiguousPerson.
        """
        if identity := self._identity(name):
            return await self._known_or_new(identity)
        people = self.work.people
        if name.startswith("#") and is_number(name[1:]):
            found = (await people.identities(int(name[1:])))[:1]
            exact = True
        else:
            found = await people.named(self.account.identity.platform, name) or await people.named(None, name)
            exact = len({one.id for one in found}) == 1 and found[0].username == folded(name).removeprefix("@")
        if not found:
            raise UnknownPerson(name)
        if not exact:
            raise AmbiguousPerson(name, {one.called: one.label for one in found})
        return found[0]

    async def subject_of(self, record: AuditRecord) -> Account:
        """The person whom an act of the audit log was about. Raises UnknownPerson."""
        found = await self.work.people.find(Identity.parse(record.subject))
        if found is None:
            raise UnknownPerson(record.subject)
        return found

    def _identity(self, name: str) -> Identity | None:
        if ":" in name:
            return self._parsed(name)
        if name.isdecimal() and self.account.identity.platform != OPERATOR:
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
        return known or await self.work.people.meet(Sender.by_id(identity))


def is_number(word: str) -> bool:
    """Whether a word is a number as rows of the database have them."""
    return word.isdecimal() and len(word) <= _MOST_DIGITS
