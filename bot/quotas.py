"""Reserve before the call, settle with what was used, release what failed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.quotas import ANY_MODEL, Amount, Bound, Credit, Purse, Rule, Standing, account_subject
from bot.domain.windows import floor, freed, instant, milliseconds, stretches
from bot.errors import QuotaExceeded, QuotaFrozen
from bot.plans import Held, Plans
from bot.ports import Clock
from bot.storage import Account, UnitOfWork
from bot.storage.charges import Charge, Sum

_HEAD_START = 30_000
"""Milliseconds by which each step of a plan's priority is ahead in line. Whoever waits longer than that goes first."""

LEAST_ANSWER = 64
"""Tokens of answer below which a turn is not worth beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a turn along a chain (`tier`) wants: an answer of `room` tokens, or less, which takes `amount_of` its room.

    `model` is the one that is asked first, `chat` the group it was asked in ("": none). `again`: the turn may have been
    begun before.
    """

    arrival: int
    chat: str
    tier: str
    model: str
    room: int
    amount_of: Callable[[int], Amount]
    again: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What a turn got: the tokens its answer may have, its priority, and its payer's limits as they were before."""

    room: int = 0
    priority: int = 0
    standings: Sequence[Standing] = ()
    pooled: bool = False


class Quotas:
    """Limits of accounts and groups.

    Args:
        zone: whose midnight begins a new day, for accounts that have no time zone of their own.
    """

    def __init__(self, plans: Plans, zone: tzinfo, clock: Clock) -> None:
        self.plans = plans
        self._zone = zone
        self._clock = clock

    async def reserve(self, work: UnitOfWork, account: Account, demand: Demand) -> Reserved:
        """Reserve what a turn may use at most. Its answer's room is smaller than asked for when less is left.

        The member pays or, when his limits do not reach, the group's pool; the group's own limits hold for both. A turn
        that is begun again, after a crash, keeps what it has. Raises QuotaExceeded, QuotaFrozen.
        """
        chat = (f"chat:{demand.chat}",) if demand.chat else ()
        await work.ledger.lock((account_subject(account.id), *chat))
        if account.frozen:
            raise QuotaFrozen
        held = await self.plans.held(work, account, demand.chat, now=self._now())
        if account.head_start != (ahead := held.plan.priority * _HEAD_START):
            await work.people.advance(account.id, ahead)
        known = await work.ledger.find(demand.arrival) if demand.again else None
        if known is not None:
            if known.holds(self._now()) and known.tier == demand.tier:
                return Reserved(room=max(known.amount.output, LEAST_ANSWER), priority=held.plan.priority)
            await work.ledger.forget(demand.arrival)
        try:
            return await self._take(work, account, held, demand, pooled=False)
        except QuotaExceeded as refused:
            if refused.standing.whose != "own" or not held.pool_pays(demand.tier, demand.model):
                raise
            return await self._take(work, account, held, demand, pooled=True)

    async def settle(self, work: UnitOfWork, arrival: int, *, model: str, used: Amount) -> None:
        """Charge what was really used."""
        await work.ledger.settle(arrival, model=model, used=used)

    async def release(self, work: UnitOfWork, arrival: int) -> None:
        """Charge nothing: the turn had no answer."""
        await work.ledger.release(arrival)

    async def warnings(self, work: UnitOfWork, account: Account, reserved: Reserved, used: Amount) -> list[Standing]:
        """The account's limits that are nearly used up now, each told once in its window."""
        now, told = self._clock.now(), []
        for standing in reserved.standings:
            if standing.whose == "own" and standing.is_soft_after(used):
                window = milliseconds(standing.rule.window.since(now, self.zone_of(account)))
                since = max(window, account.counted_from)
                if await work.limits.warn(account_subject(account.id), standing.rule, since=since, now=self._now()):
                    told.append(replace(standing, used=standing.used + used.of(standing.rule.meter)))
        return told

    async def standings(self, work: UnitOfWork, account: Account) -> list[Standing]:
        """How far each of an account's own limits is used up."""
        held = await self.plans.held(work, account, "", now=self._now())
        return await self._standings(work, account, held.bounds(account.id, "", pooled=False), "")

    async def shown(self, work: UnitOfWork, account: Account) -> list[Standing]:
        """The same for people to read: rolling windows tell when the first of what was used comes back."""
        (own,) = (await self.plans.held(work, account, "", now=self._now())).bounds(account.id, "", pooled=False)
        found = await self._standings(work, account, [own], "")
        rolling = [one for one in found if one.rule.window.hours]
        back = {one: await self._back(work, account, own, one, wanted=1) for one in rolling}
        return [replace(one, resets_at=back.get(one, one.resets_at)) for one in found]

    async def in_chat(self, work: UnitOfWork, account: Account, chat: str) -> list[Standing]:
        """How far the limits of a group are used up; those of its members, by this account."""
        held = await self.plans.held(work, account, chat, now=self._now())
        return await self._standings(work, account, held.bounds(account.id, chat, pooled=True), chat)

    async def share_left(self, work: UnitOfWork, account: Account) -> float:
        """The share (0 to 1) that is left of an account's scarcest limit; 1 when nothing is limited."""
        return Purse(standings=await self.standings(work, account)).share_left

    def plan_of(self, account: Account) -> str:
        """The name of an account's plan."""
        return self.plans.name_of(account, now=self._now())

    def plan_end(self, account: Account) -> datetime | None:
        """When an account's plan is over and it is on the default one again; None: it does not end."""
        until = account.plan_until
        return None if until is None or until <= self._now() else instant(until)

    def zone_of(self, account: Account) -> tzinfo:
        """Whose midnight begins a new day for an account."""
        return ZoneInfo(account.zone) if account.zone else self._zone

    async def _take(self, work: UnitOfWork, account: Account, held: Held, demand: Demand, *, pooled: bool) -> Reserved:
        """Reserve, with the account or the group's pool as payer."""
        bounds = [one.on(demand.tier, demand.model) for one in held.bounds(account.id, demand.chat, pooled=pooled)]
        purse = Purse(standings=await self._standings(work, account, bounds, demand.chat))
        room = purse.largest(demand.amount_of, wanted=demand.room, least=LEAST_ANSWER)
        if room != demand.room and not pooled:
            purse = replace(purse, credits=await self._credits(work, account, demand))
            room = purse.largest(demand.amount_of, wanted=demand.room, least=LEAST_ANSWER)
        if room is None:
            raise await self._refused(work, account, bounds, purse, demand)
        await self._record(work, account, demand, purse, room=room, pooled=pooled)
        return Reserved(room=room, priority=held.plan.priority, standings=purse.standings, pooled=pooled)

    async def _record(
        self, work: UnitOfWork, account: Account, demand: Demand, purse: Purse, *, room: int, pooled: bool
    ) -> None:
        now, amount = self._clock.now(), demand.amount_of(room)
        meters = {credit.id: credit.meter for credit in purse.credits}
        reserved = Charge(
            arrival=demand.arrival,
            account_id=account.id,
            chat=demand.chat,
            pooled=pooled,
            tier=demand.tier,
            model=demand.model,
            at=milliseconds(now),
            # A reset begins a bucket of its own: what is used after it counts, what was used just before does not.
            bucket=max(milliseconds(floor(now)), account.counted_from),
            amount=amount,
        )
        draws = {credit_id: (meters[credit_id], drawn) for credit_id, drawn in purse.drawn(amount).items()}
        await work.ledger.reserve(reserved, draws)

    async def _credits(self, work: UnitOfWork, account: Account, demand: Demand) -> list[Credit]:
        held = await work.limits.credits(account.id, now=self._now())
        return [one for one in held if one.scope in (ANY_MODEL, demand.tier, demand.model)]

    async def _standings(
        self, work: UnitOfWork, account: Account, bounds: Sequence[Bound], chat: str
    ) -> list[Standing]:
        """How far each rule is used up, with what is reserved."""
        now, zone = self._clock.now(), self.zone_of(account)
        asked = [(bound, rule, self._since(account, bound, rule)) for bound in bounds for rule in bound.rules]
        if not asked:
            return []
        # What is reserved first: a turn that is settled in between counts twice for a moment, and never not at all.
        open_ = await work.ledger.open(account.id, chat, now=milliseconds(now))
        settled = await self._settled(work, {(bound.subject, since) for bound, _, since in asked})
        return [
            Standing(
                rule=rule,
                used=_together(rule, settled[bound.subject, since]) + _reserved(rule, bound.subject, since, open_),
                whose=bound.whose,
                resets_at=rule.window.until(now, zone),
            )
            for bound, rule, since in asked
        ]

    async def _settled(
        self, work: UnitOfWork, asked: Iterable[tuple[str, datetime]]
    ) -> Mapping[tuple[str, datetime], Sequence[Sum]]:
        """What each subject used since an instant."""
        now = self._clock.now()
        reads = [(one, stretch) for one in sorted(asked) for stretch in stretches(one[1], now)]
        found: dict[tuple[str, datetime], list[Sum]] = {one: [] for one, _ in reads}
        sums = await work.ledger.sums([(subject, stretch) for (subject, _), stretch in reads])
        for (one, _), some in zip(reads, sums, strict=True):
            found[one].extend(some)
        return found

    def _since(self, account: Account, bound: Bound, rule: Rule) -> datetime:
        since = rule.window.since(self._clock.now(), self.zone_of(account))
        return max(since, instant(account.counted_from)) if bound.whose == "own" else since

    async def _refused(
        self, work: UnitOfWork, account: Account, bounds: Sequence[Bound], purse: Purse, demand: Demand
    ) -> QuotaExceeded:
        """The error that says which limit does not reach, and when there is room again."""
        amount = demand.amount_of(min(LEAST_ANSWER, demand.room))
        standing = purse.refusal(amount)
        assert standing is not None  # noqa: S101 - there was no room
        rule = standing.rule
        if amount.of(rule.meter) > standing.limit:
            return QuotaExceeded(replace(standing, resets_at=None))
        if not rule.window.hours:
            return QuotaExceeded(standing)
        (bound,) = (one for one in bounds if one.whose == standing.whose)
        room_at = await self._back(work, account, bound, standing, wanted=standing.lacks(amount))
        return QuotaExceeded(replace(standing, resets_at=room_at))

    async def _back(
        self, work: UnitOfWork, account: Account, bound: Bound, standing: Standing, *, wanted: int
    ) -> datetime | None:
        """When so much of what was used has left a rolling window."""
        rule = standing.rule
        rows = await work.ledger.buckets(bound.subject, milliseconds(self._since(account, bound, rule)))
        used = [(instant(row.starts_at), _together(rule, [row])) for row in rows]
        return freed(used, wanted=wanted, window=rule.window)

    def _now(self) -> int:
        return milliseconds(self._clock.now())


def _together(rule: Rule, sums: Iterable[Sum]) -> int:
    return sum(one.amount.of(rule.meter) for one in sums if rule.counts(one.tier, one.model))


def _reserved(rule: Rule, subject: str, since: datetime, charges: Iterable[Charge]) -> int:
    counted = (
        one
        for one in charges
        if subject in one.subjects and instant(one.bucket) >= since and rule.counts(one.tier, one.model)
    )
    return sum(one.against(subject).of(rule.meter) for one in counted)
