"""The worker: claims arrivals and sends each to a command or to a chat turn."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.access import Access
from bot.accounting import Accounting
from bot.alerts import Notice
from bot.answers import found_out, made, parts_of
from bot.attendance import attended
from bot.burial import Burial
from bot.chores import Chore, Chores
from bot.commands.asking import asked_back
from bot.commands.declaration import Ask, AskAgain, Fetch, IfPresiding, Later, Sayable
from bot.commands.inquiry import Inquiry
from bot.delivery import Courier
from bot.domain.people import OPERATOR
from bot.domain.updates import Invocation, Update
from bot.errors import LostLease, NotAdmitted, StorageDown, StorageError, UnknownCommand, UserError
from bot.happenings import Happenings
from bot.inbox import Inbox, Lease
from bot.newcomers import Newcomers
from bot.notifying import Notifier
from bot.pages import Pages
from bot.ports import Platform
from bot.questions import Questions
from bot.storage import Outgoing, UnitOfWork
from bot.storage.tables import InboxState
from bot.switchboard import Switchboard
from bot.telemetry.spans import step
from bot.texts import Text, text
from bot.texts.catalogues import Catalogues

_log = structlog.get_logger(__name__)

_POLL = 1.0
"""Seconds after which a worker looks for work that nobody woke it for."""

_TOO_LATE = text(
    "⌛ Your message waited too long in line, so it was not answered and not charged. Please send it again."
)

_MOST_ATTEMPTS = 3
"""How often an arrival may take the process down with it before it is put aside."""


class Dispatcher:
    """Handles what the inbox holds, `concurrency` lanes at a time.

    Messages that waited for more than `longest_wait` seconds are not answered.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        platforms: Mapping[str, Platform],
        access: Access,
        newcomers: Newcomers,
        switchboard: Switchboard,
        questions: Questions,
        chores: Chores,
        happenings: Happenings,
        accounting: Accounting,
        courier: Courier,
        catalogues: Catalogues,
        concurrency: int,
        longest_wait: float | None = None,
    ) -> None:
        self._inbox = inbox
        self._platforms = platforms
        self._access = access
        self._newcomers = newcomers
        self._switchboard = switchboard
        self._questions = questions
        self._chores = chores
        self._happenings = happenings
        self._accounting = accounting
        self._courier = courier
        self._notifier = Notifier(courier, catalogues)
        self._pages = Pages(switchboard)
        self._burial = Burial(inbox, platforms, accounting)
        self._catalogues = catalogues
        self._concurrency = concurrency
        self._longest_wait = longest_wait
        self._running: dict[asyncio.Task[None], Lease] = {}

    async def run(self) -> None:
        """Claim and handle until cancelled. What runs then goes on: see `drain`."""
        while True:
            free = self._concurrency - len(self._running)
            leases = await self._claim(free) if free > 0 else []
            for lease in leases:
                self.start(lease)
            if len(leases) < free or free <= 0:
                await self._inbox.wait(_POLL)

    async def settle(self) -> None:
        """Wait until everything that was accepted is handled."""
        idle = 0
        while idle < 2:  # twice: a turn may just be between its claim and its task
            await asyncio.sleep(0.05)
            idle = 0 if self._running or self._inbox.awake else idle + 1

    async def drain(self, patience: float) -> None:
        """Let running turns end, for `patience` seconds; what is cut off is taken up at the next start.

        Chores are cut off at once: nobody waits for them.
        """
        for task, lease in self._running.items():
            if Chore.is_one(lease.claim.source):
                task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=patience)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _claim(self, most: int) -> list[Lease]:
        try:
            return await self._inbox.claim(most)
        except StorageError as error:
            _log.warning("claim_failed", reason=str(error))
            return []

    def start(self, lease: Lease) -> None:
        """Handle one lease in a task of its own."""
        task = asyncio.create_task(self._handle(lease))
        self._running[task] = lease
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        was_full = len(self._running) >= self._concurrency
        self._running.pop(task, None)
        if was_full:
            self._inbox.wake()

    async def _handle(self, lease: Lease) -> None:
        with (
            structlog.contextvars.bound_contextvars(arrival=lease.claim.id, lane=lease.claim.lane),
            step("handle", arrival=lease.claim.id, source=lease.claim.source.partition(":")[0]),
        ):
            try:
                await self._route(lease)
            except LostLease:
                _log.warning("lease_lost")
                await self._inbox.excuse(lease)
            except asyncio.CancelledError:
                # A shutdown. What was begun is begun anew, by whoever is there.
                await self._inbox.give_back(lease)
                raise
            except StorageDown as error:
                _log.warning("turn_put_off", reason=str(error))
                await self._inbox.give_back(lease)
            except Exception:  # noqa: BLE001 - whatever it is, the lane goes on
                _log.exception("turn_crashed")
                await self._burial.bury(lease)
            finally:
                self._inbox.let_go(lease)

    async def _route(self, lease: Lease) -> None:
        if Chore.is_one(lease.claim.source):
            await self._chore(lease)
            return
        name = lease.claim.source.partition(":")[0]
        if name == OPERATOR:  # what they did is told to be over, and they are at their command line no more
            await self._complete(lease, InboxState.DONE)
            return
        platform = self._platforms[name]
        if lease.claim.attempts > 1 and await self._courier.resume(lease, platform):
            return
        if lease.claim.faults > _MOST_ATTEMPTS:
            await self._burial.bury(lease)
            return
        if notice := Notice.of(lease.claim.source, lease.claim.payload):
            await self._notifier.say(lease, platform, notice)
            return
        update = platform.parse(lease.claim.payload)
        if update is None:
            await self._happenings.note(lease, platform)
            return
        question = not update.invocation and bool(update.text.strip()) and not lease.claim.is_late(self._longest_wait)
        update = await self._access.introduced(lease, platform, update, question=question)
        try:
            await self._answer(lease, platform, update)
        except NotAdmitted:
            await self._knock(lease, platform, update)

    async def _answer(self, lease: Lease, platform: Platform, update: Update) -> None:
        if update.overheard and not await self._access.may_talk(lease, update):
            await self._complete(lease, InboxState.DONE)
        elif update.invocation:
            await self._command(lease, platform, update, update.invocation)
        elif not update.text.strip() and not update.attachments:
            await self._say(lease, platform, update, text("There is nothing in your message that I can read."))
        elif lease.claim.is_late(self._longest_wait):
            await self._say(lease, platform, update, _TOO_LATE)
        else:
            await self._questions.answer(lease, platform, update)

    async def _chore(self, lease: Lease) -> None:
        if lease.claim.faults > _MOST_ATTEMPTS:
            await self._burial.bury(lease)
        else:
            await self._chores.do(lease)

    async def _command(self, lease: Lease, platform: Platform, update: Update, invocation: Invocation) -> None:
        try:
            async with lease.begin() as work:
                call = await self._switchboard.call(work, update, invocation, lease.claim.id)
                said = await self._pages.asked(call, platform) or await call.command.handler(call)
                put = self._put(work, lease, platform, update, said) if isinstance(said, Sayable) else None
                outgoing = await put if put else []
        except UserError as error:
            await self._refuse(lease, platform, update, error)
            return
        for act in call.afterwards:
            act()
        if isinstance(said, AskAgain):
            await self._questions.ask_again(lease, platform, update, said.question)
        elif isinstance(said, Ask):
            question = self._catalogues.of(update.sender.reads).render(said.question, slash=platform.slash)
            await self._questions.ask(lease, platform, update, question)
        elif isinstance(said, Later):
            making = made(platform, self._catalogues, update, said)
            await self._say(lease, platform, update, await attended(platform, update, making))
        elif isinstance(said, Fetch | IfPresiding | Inquiry):
            await self._found_out(lease, platform, update, said)
        else:
            await self._courier.deliver(lease, platform, outgoing)

    async def _found_out(
        self, lease: Lease, platform: Platform, update: Update, said: Fetch | IfPresiding | Inquiry
    ) -> None:
        """Ask elsewhere what a command has to know, such as the content of a file, and let it be used."""
        content = await attended(platform, update, found_out(platform, update, said))
        async with lease.begin() as work:
            told = content if isinstance(content, Text) else await said.use(work, content.value)
            outgoing = await self._put(work, lease, platform, update, told)
        await self._courier.deliver(lease, platform, outgoing)

    async def _refuse(self, lease: Lease, platform: Platform, update: Update, error: UserError) -> None:
        """Say why not. Who tried what only admins may is on record, and is told what everybody is."""
        async with lease.begin() as work:
            account = await work.people.meet(update.sender)
            if isinstance(error, UnknownCommand) and error.refused:
                await self._access.refused(work, account, update, error.refused)
            outgoing = await self._put(work, lease, platform, update, asked_back(error, update.invocation))
        await self._courier.deliver(lease, platform, outgoing)

    async def _say(self, lease: Lease, platform: Platform, update: Update, said: Sayable) -> None:
        async def admitted(work: UnitOfWork) -> Sayable:
            await self._access.admit(work, update)
            return said

        await self._tell(lease, platform, update, admitted)

    async def _knock(self, lease: Lease, platform: Platform, update: Update) -> None:
        """Somebody whom nobody has let in. Admins may be asked; looking at a page is no knocking."""
        if update.page:
            await self._complete(lease, InboxState.DONE)
            return
        await self._tell(lease, platform, update, lambda work: self._newcomers.knock(work, lease.claim, update))
        self._newcomers.told()

    async def _tell(
        self, lease: Lease, platform: Platform, update: Update, make: Callable[[UnitOfWork], Awaitable[Sayable]]
    ) -> None:
        try:
            async with lease.begin() as work:
                outgoing = await self._put(work, lease, platform, update, await make(work))
        except UserError as error:
            await self._refuse(lease, platform, update, error)
            return
        await self._courier.deliver(lease, platform, outgoing)

    async def _put(
        self, work: UnitOfWork, lease: Lease, platform: Platform, update: Update, said: Sayable
    ) -> list[Outgoing]:
        whole = await self._pages.around(work, update, said, lease.claim.id)
        parts = parts_of(platform, self._catalogues, update, whole)
        if self._is_secret(update.invocation):
            # From here on it is handled by what is in the outbox, whoever goes on with it.
            await work.inbox.blank(lease.claim)
            parts += platform.unsay(update.place, update.message) if update.message and not update.clicked else []
        return await work.outbox.add(lease.claim.id, platform.name, parts)

    def _is_secret(self, invocation: Invocation | None) -> bool:
        command = self._switchboard.book.get(invocation.name) if invocation and invocation.arguments else None
        return command is not None and command.secret

    async def _complete(self, lease: Lease, state: int) -> None:
        async with lease.begin() as work:
            await lease.complete(work, state=state)
