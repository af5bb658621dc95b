"""The door: people whom nobody has let in yet, what they are told, and the admins who are asked."""

from collections.abc import Sequence

from bot.access import Access
from bot.alerts.notices import Notice
from bot.commands.declaration import Choice
from bot.domain.updates import Arrival, Update
from bot.domain.windows import milliseconds
from bot.errors import AccessDenied
from bot.inbox import Inbox
from bot.ports import Clock
from bot.storage import Account, Claim, UnitOfWork
from bot.storage.tables import AdmissionState
from bot.texts import Text, Typed, code, text

_HOUR = 3_600_000
_MOST_ASKED = 20
"""Newcomers of an hour about whom admins are asked one by one: a crowd of made-up accounts is a list, not a flood."""


class Newcomers:
    """Everybody's first steps, always in the transaction of what they said."""

    def __init__(self, access: Access, inbox: Inbox, clock: Clock) -> None:
        self._access = access
        self._inbox = inbox
        self._clock = clock

    async def knock(self, work: UnitOfWork, claim: Claim, update: Update) -> Text:
        """What somebody is told who is not let in. Call `told` after the commit. Raises AccessDenied."""
        account = await work.people.meet(update.sender)
        match self._access.policy.entry:
            case "approval":
                return await self._wait(work, claim, update, account)
            case "invitation":
                return text(
                    "This bot is for invited people. If you have a code, send {join} with it.", join=Typed("join CODE")
                )
        return text(
            "You cannot use this bot yet. Ask an admin to let you in; your id is {id}.", id=code(str(account.identity))
        )

    def told(self) -> None:
        """Admins may have been asked."""
        self._inbox.wake()

    async def _wait(self, work: UnitOfWork, claim: Claim, update: Update, account: Account) -> Text:
        known = await work.admissions.of(account.id)
        if known and known.state == AdmissionState.DENIED:
            raise AccessDenied(str(account.identity))
        fresh = known is None or known.state != AdmissionState.WAITING
        if fresh:
            await work.admissions.ask(account.id, now=milliseconds(self._clock.now()))
            await self._ask(work, account, claim)
        if update.text.strip() and update.invocation is None and (fresh or known is None or known.kept is None):
            await work.admissions.keep(account.id, _kept(claim))
            return text("I have asked the admins to let you in. Your message is kept, and answered as soon as they do.")
        if fresh:
            return text("I have asked the admins to let you in. You will hear from me.")
        return text("The admins have not decided yet whether to let you in. You will hear from me.")

    async def _ask(self, work: UnitOfWork, account: Account, claim: Claim) -> None:
        """Ask every admin, with buttons; of a crowd, tell only that it is there."""
        now = milliseconds(self._clock.now())
        crowd = await work.admissions.asked_since(now - _HOUR)
        if crowd > _MOST_ASKED + 1:
            return
        said, choices = _question(account) if crowd <= _MOST_ASKED else _crowd()
        for admin in await self._access.admins(work):
            await work.inbox.put(Notice(said=said, to=admin, choices=choices).arrival(f"knock {claim.id}", at=now))


def _kept(claim: Claim) -> Arrival:
    """The arrival once more, to be answered when its author is in."""
    return Arrival(
        source=claim.source, event=f"admitted-{claim.id}", lane=claim.lane, order=claim.id, payload=claim.payload
    )


def _question(account: Account) -> tuple[Text, Sequence[Choice]]:
    said = text("{person} would like to use this bot.", person=code(account.label))
    return said, (
        Choice(label=text("✅ Let in"), command=f"newcomers approve {account.called}"),
        Choice(label=text("⛔ Turn away"), command=f"newcomers deny {account.called}"),
    )


def _crowd() -> tuple[Text, Sequence[Choice]]:
    said = text("Many people knock: more than {count} within an hour. I list the others.", count=_MOST_ASKED)
    return said, (Choice(label=text("Who is waiting?"), command="newcomers"),)
