"""Who is speaking, and what they may do here."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from bot.domain.access import AccessPolicy, turned_away
from bot.domain.people import Identity, Role
from bot.domain.updates import Place, Update
from bot.errors import UnderMaintenance
from bot.inbox import Lease
from bot.ports import Platform
from bot.storage import Account, AuditFilter, UnitOfWork
from bot.storage.switches import MAINTENANCE

_REFUSED = "refused"
_HOUR = 3_600_000
_MOST_REFUSED = 20
"""Refusals of one person that are put on record in an hour: the log is for reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person who speaks, with the role they have where they speak."""

    account: Account
    role: Role


class Access:
    """Applies the operator's policy and the admins' decisions.

    Args:
        platforms: those that are served; admins of others cannot be asked anything.
    """

    def __init__(self, policy: AccessPolicy, platforms: AbstractSet[str] = frozenset()) -> None:
        self.policy = policy
        self._platforms = platforms

    async def introduced(self, lease: Lease, platform: Platform, update: Update, *, question: bool = False) -> Update:
        """The update with what has to be known of its sender before anything else. Platforms are asked but once.

        A question needs no look of its own: its first transaction meets its sender, see `acquainted`.
        """
        if question and update.sender.belonging is not None:
            return update
        async with lease.storage.begin() as work:  # only read: there is nothing to fence
            account = await work.people.find(update.sender.identity)
        if account is not None:
            update = acquainted(update, account)
        if update.sender.belonging is None:
            update = replace(update, sender=await platform.ask_about(update.sender))
        return update

    async def meet(self, work: UnitOfWork, update: Update) -> Visitor:
        """Whoever it is, blocked people and newcomers included."""
        account = await work.people.meet(update.sender)
        return Visitor(account=account, role=self.here(account, update.place))

    def here(self, account: Account, place: Place) -> Role:
        """What somebody is where they speak."""
        return self.policy.here(self.role(account, place), place)

    async def admit(self, work: UnitOfWork, update: Update) -> Visitor:
        """Somebody who may talk to the bot now. Raises AccessDenied, NotAdmitted, UnderMaintenance."""
        visitor = await self.meet(work, update)
        if visitor.role < Role.GUEST:
            raise turned_away(visitor.role)
        await self.check_open(work, visitor)
        return visitor

    async def may_talk(self, lease: Lease, update: Update) -> bool:
        """Whether somebody may talk to the bot where they speak; they are told nothing."""
        async with lease.begin() as work:
            return (await self.meet(work, update)).role >= Role.GUEST

    async def check_open(self, work: UnitOfWork, visitor: Visitor) -> None:
        """During maintenance only admins are answered, wherever they speak. Raises UnderMaintenance."""
        note = await work.switches.note(MAINTENANCE)
        if note is not None and self.rank(visitor.account) < Role.ADMIN:
            raise UnderMaintenance(note)

    async def refused(self, work: UnitOfWork, account: Account, update: Update, words: str) -> None:
        """Put on record what somebody tried to whom it does not exist; not every time, if they go on and on."""
        who = str(account.identity)
        recent = AuditFilter(who=[who], what=_REFUSED, age=_HOUR)
        if len(await work.audit.last(_MOST_REFUSED, recent)) < _MOST_REFUSED:
            facts = {"command": words, "place": update.place.key}
            await work.audit.add(actor=who, action=_REFUSED, subject=who, facts=facts)

    def role(self, account: Account, place: Place | None = None) -> Role:
        """What somebody is, wherever others read along or not."""
        return self.policy.role(
            account.identity, account.belonging, given=account.role, blocked=account.blocked, place=place
        )

    async def admins(self, work: UnitOfWork) -> list[Identity]:
        """Whom to ask: owners, and whoever an owner made an admin, each where they can be reached."""
        made = [one for one in await work.people.with_role(Role.ADMIN) if self.role(one) >= Role.ADMIN]
        # One who has several identities is asked once.
        reached = {one.id: one.identity for one in made if one.identity.platform in self._platforms}
        owners = {one for one in self.policy.owners if one.platform in self._platforms}
        return sorted({*owners, *reached.values()}, key=str)

    def reached(self, identities: Sequence[Account]) -> Account:
        """Somebody under the identity by which they can be written to; under the first where there is none."""
        return next((one for one in identities if one.identity.platform in self._platforms), identities[0])

    def rank(self, account: Account) -> Role:
        """What somebody would be if nobody had blocked them: whoever stands below that may change it."""
        return self.policy.role(account.identity, account.belonging, given=account.role, blocked=False)


def acquainted(update: Update, account: Account) -> Update:
    """The update with what is known of its sender: above all in which language they read."""
    sender = update.sender
    known = replace(
        sender,
        language=sender.language or account.language,
        chosen=account.chosen_language,
        belonging=sender.belonging or account.belonging,
    )
    return replace(update, sender=known)
