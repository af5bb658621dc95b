"""The ledger in tests: what it says somebody used, and quotas without a bot around them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.people import Identity, Sender
from bot.domain.quotas import Amount, Plan, Rule, Standing, account_subject
from bot.domain.windows import EPOCH, Stretch, milliseconds
from bot.plans import Plans
from bot.quotas import Demand, Quotas, Reserved
from bot.storage import Account, Storage, UnitOfWork
from tests.conftest import Core
from tests.fakes import FakeClock

ADA = Sender(identity=Identity(platform="fake", user="ada"), name="Ada")


async def taken(work: UnitOfWork, account_id: int, *, now: int) -> Amount:
    """Of each meter, ever."""
    (settled,) = await work.ledger.sums([(account_subject(account_id), Stretch(level="ever", since=EPOCH))])
    reserved = [one.amount for one in await work.ledger.open(account_id, "", now=now) if not one.pooled]
    together = Amount()
    for amount in (*(one.amount for one in settled), *reserved):
        together = together.plus(amount)
    return together


async def used(core: Core, user: str = "ada") -> tuple[int, int]:
    """Messages and tokens that a person was charged."""
    async with core.storage.begin() as work:
        (account,) = await work.people.named("fake", user)
        amount = await taken(work, account.id, now=milliseconds(core.clock.now()))
        return amount.messages, amount.tokens


class Books:
    """Quotas on a database, for one account on a plan with these rules. A token costs a micro-US$."""

    def __init__(self, storage: Storage, *rules: Rule, default: str = "free") -> None:
        self.storage = storage
        self.clock = FakeClock()
        self.quotas = Quotas(Plans([Plan(name="free", rules=rules)], default), ZoneInfo("UTC"), self.clock)

    async def account(self, sender: Sender = ADA) -> Account:
        async with self.storage.begin() as work:
            return await work.people.meet(sender)

    async def reserve(
        self,
        arrival: int,
        prompt: int = 100,
        room: int = 100,
        *,
        tier: str = "default",
        chat: str = "",
        sender: Sender = ADA,
    ) -> Reserved:
        account = await self.account(sender)

        def amount_of(answer: int) -> Amount:
            return Amount.of_turn(prompt=prompt, answer=answer, cost=prompt + answer)

        demand = Demand(arrival=arrival, chat=chat, tier=tier, model=f"fake/{tier}-1", room=room, amount_of=amount_of)
        async with self.storage.begin() as work:
            return await self.quotas.reserve(work, account, demand)

    async def settle(self, arrival: int, used: int, *, model: str = "fake/default-1") -> None:
        amount = Amount.of_turn(prompt=used, answer=0, cost=used)
        async with self.storage.begin() as work:
            await self.quotas.settle(work, arrival, model=model, used=amount)

    async def release(self, arrival: int) -> None:
        async with self.storage.begin() as work:
            await self.quotas.release(work, arrival)

    async def spend(self, arrival: int, *, tier: str = "default", chat: str = "", sender: Sender = ADA) -> None:
        """A turn from begin to end."""
        await self.reserve(arrival, tier=tier, chat=chat, sender=sender)
        await self.settle(arrival, 10)

    async def used(self) -> tuple[int, int]:
        """Messages and tokens, of all time."""
        account = await self.account()
        async with self.storage.begin() as work:
            amount = await taken(work, account.id, now=milliseconds(self.clock.now()))
        return amount.messages, amount.tokens

    async def standings(self) -> list[Standing]:
        account = await self.account()
        async with self.storage.begin() as work:
            return await self.quotas.standings(work, account)

    async def decide(self, subject: str, rule: Rule, until: datetime | None = None) -> None:
        async with self.storage.begin() as work:
            await work.limits.set(subject, rule, until=milliseconds(until) if until else None)

    async def give(self, rule: Rule, **valid: float) -> None:
        account, until = await self.account(), self.clock.now() + timedelta(**valid)
        async with self.storage.begin() as work:
            await work.limits.add_credit(account.id, rule, until=milliseconds(until))
