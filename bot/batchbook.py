"""The books of a batch: held in the budgets before it is sent, charged and written down once when it is done."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.budgets import Budgets
from bot.database import storage_of, upgrade_if_needed
from bot.domain.completions import Call, Usage
from bot.domain.models import ModelCard
from bot.domain.people import Identity, Sender
from bot.domain.windows import milliseconds
from bot.errors import BudgetExhausted, ConfigError
from bot.llm.batch import Answer, BatchTrouble
from bot.ports import Clock
from bot.records import row_of
from bot.settings import Settings
from bot.storage import CallRecord, Storage, UnitOfWork
from bot.storage.lock import sqlite_file
from bot.storage.store import HEAD
from bot.turns import Cause

_NOTHING = Usage(input=0, output=0)


class BatchBook:
    """One batch's. Whoever runs the command has an account like anybody else, and a conversation that nobody reads.

    Args:
        run: the batch's mark, by which the next run of the command knows it again.
    """

    def __init__(self, storage: Storage, budgets: Budgets, clock: Clock, who: Identity, run: str) -> None:
        self._storage = storage
        self._budgets = budgets
        self._clock = clock
        self._who = who
        # Budgets hold by arrival. There is none; those that there are have positive numbers.
        self._arrival = -int(run[:15], 16) - 1

    async def hold(self, most: int) -> None:
        """Reserve `most` micro-US$. Holding again, after a restart, holds nothing more. Raises BatchTrouble."""
        try:
            async with self._storage.begin() as work:
                await self._budgets.reserve(work, self._arrival, self._who.platform, most, limited=True)
        except BudgetExhausted as error:
            problem = f"the budget {error} has no room for it: it may cost US$ {most / 1e6:.2f} at most"
            raise BatchTrouble("Nothing was sent:", [problem]) from None

    async def let_go(self) -> None:
        """Nothing was sent, or nothing of it will be charged."""
        async with self._storage.begin() as work:
            await self._budgets.release(work, self._arrival)

    async def write(self, card: ModelCard, answers: Sequence[Answer]) -> None:
        """Charge and write down every request. Writing twice writes once."""
        async with self._storage.begin() as work:
            if await work.calls.has(self._arrival):
                return
            await self._budgets.settle(work, self._arrival, sum(one.cost or 0 for one in answers))
            await work.calls.add_all(await self._records(work, card, answers))

    async def _records(self, work: UnitOfWork, card: ModelCard, answers: Sequence[Answer]) -> list[CallRecord]:
        account = await work.people.meet(Sender(identity=self._who, name=self._who.user, username=self._who.user))
        cause = Cause(
            purpose="batch",
            arrival=self._arrival,
            account=account.id,
            conversation=await work.conversations.current(f"{self._who}/batches", account_id=account.id),
            platform=self._who.platform,
        )
        at = milliseconds(self._clock.now())
        return [_record(one, card, cause, at) for one in answers]


@asynccontextmanager
async def open_books(settings: Settings, clock: Clock, who: Identity, run: str) -> AsyncIterator[BatchBook]:
    """The book of one batch in the bot's database, which may be running beside. Raises ConfigError."""
    if (path := sqlite_file(settings.database_url)) is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    storage = storage_of(settings)
    try:
        if await storage.revision() not in (None, HEAD):
            raise ConfigError(["DATABASE_URL: the database is of another version; start the bot once"])
        await upgrade_if_needed(storage)
        budgets = Budgets(settings.budgets(), ZoneInfo(settings.timezone), clock)
        yield BatchBook(storage, budgets, clock, who, run)
    finally:
        await storage.close()


def _record(answer: Answer, card: ModelCard, cause: Cause, at: int) -> CallRecord:
    no_call = Call(card=card, attempts=1, waited=0.0, first_piece=0.0, lasted=0.0)
    return replace(
        row_of(cause, no_call, answer.usage or _NOTHING, model=answer.model, at=at),
        # What was not answered and not billed cost nothing; an answer without a bill, nobody knows.
        cost=0 if answer.failed and answer.usage is None else answer.cost,
        ending=(answer.code if answer.failed else answer.finish or "stop")[:32],
        failed=answer.failed,
    )
