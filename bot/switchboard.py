"""The switchboard: a command that was typed is connected with its handler and everything that may need."""

from datetime import tzinfo

from bot.access import Access
from bot.accounting import Accounting
from bot.brain import Brain
from bot.charts.studio import Studio
from bot.commands import confirmation
from bot.commands.call import Call
from bot.commands.declaration import CommandBook
from bot.dashboard.doors import Doors
from bot.disclosure import Disclosure
from bot.domain.models import Catalog
from bot.domain.updates import Invocation, Update
from bot.inbox import Inbox
from bot.offers import Offers
from bot.ownkeys import OwnKeys
from bot.personas import Personas
from bot.ports import Clock
from bot.storage import UnitOfWork


class Switchboard:
    """Makes calls out of invocations, for chats, the command line and the dashboard alike."""

    def __init__(
        self,
        book: CommandBook,
        access: Access,
        accounting: Accounting,
        *,
        catalog: Catalog,
        inbox: Inbox,
        studio: Studio,
        personas: Personas,
        clock: Clock,
        zone: tzinfo,
        brain: Brain | None = None,
        offers: Offers = Offers(),  # noqa: B008 - a value
        doors: Doors | None = None,
        disclosure: Disclosure = Disclosure(),  # noqa: B008 - a value
        own_keys: OwnKeys | None = None,
    ) -> None:
        self.book = book
        self.access = access
        self.accounting = accounting
        self.catalog = catalog
        self._inbox = inbox
        self._studio = studio
        self._brain = brain
        self._personas = personas
        self._offers = offers
        self._clock = clock
        self._zone = zone
        self.doors = doors
        self.disclosure = disclosure
        self._own_keys = own_keys

    async def call(self, work: UnitOfWork, update: Update, invocation: Invocation, arrival: int) -> Call:
        """One call, of whoever speaks. Raises UserError and NotAdmitted for what they may not."""
        visitor, now, words = await self.access.meet(work, update), self._clock.now(), invocation.arguments.split()
        # Before anything else is said: a confirmation tells that there is something to confirm.
        command = self.book.allowed(invocation, words, visitor.role)
        await self.access.check_open(work, visitor)
        words, confirmed = confirmation.taken(words, account_id=visitor.account.id, now=now)
        # Once more: without the confirmation it may be another thing that is asked for.
        command = self.book.allowed(invocation, words, visitor.role)
        return Call(
            command=command,
            update=update,
            words=words,
            confirmed=confirmed,
            account=visitor.account,
            role=visitor.role,
            arrival=arrival,
            work=work,
            book=self.book,
            access=self.access,
            quotas=self.accounting.quotas,
            budgets=self.accounting.budgets,
            catalog=self.catalog,
            inbox=self._inbox,
            studio=self._studio,
            brain=self._brain,
            personas=self._personas,
            offers=self._offers,
            doors=self.doors,
            own_keys=self._own_keys,
            disclosure=self.disclosure,
            now=now,
            zone=self._zone,
        )
