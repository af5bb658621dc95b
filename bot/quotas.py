"""Reserve before the call, settle with what was used, release what failed."""

from datetime import UTC, datetime, timedelta, tzinfo

from bot.domain.quotas import METERS, Amount, Day, Meter, Plan, Quota, Standing
from bot.ports import Clock
from bot.storage import UnitOfWork
from bot.storage.ledger import Allowance

_LEAST_ANSWER = 64
"""Tokens of answer below which a turn is not worth beginning."""


class Quotas:
    """Limits per day: the plan's, unless an admin decided otherwise.

    Args:
        plan: the default limits.
        zone: whose midnight begins a new day.
    """

    def __init__(self, plan: Plan, zone: tzinfo, clock: Clock) -> None:
        self._plan = plan
        self._zone = zone
        self._clock = clock

    async def quota(self, work: UnitOfWork, account_id: int) -> Quota:
        """How an account stands today."""
        now = self._clock.now()
        day = Day.of(now, self._zone)
        allowances = await work.ledger.allowances(account_id)
        start = milliseconds(day.starts_at)
        since: dict[Meter, int] = {
            meter: max(start, allowances.get(meter, Allowance()).counted_from) for meter in METERS
        }
        used = await work.ledger.used(account_id, since=since)

        def standing(meter: Meter) -> Standing:
            limit = self._limit(meter, allowances.get(meter, Allowance()), milliseconds(now))
            return Standing(meter=meter, limit=limit, used=used.of(meter), resets_at=day.ends_at)

        return Quota(messages=standing("messages"), tokens=standing("tokens"))

    async def reserve(self, work: UnitOfWork, arrival: int, account_id: int, *, prompt: int, answer_room: int) -> int:
        """Reserve one message, the prompt and the answer of a turn; returns the answer's room, all in tokens.

        The room is smaller than asked for when less is left. A turn that is begun again, after a crash, keeps what
        it has. Raises QuotaExceeded.
        """
        await work.people.lock(account_id)
        if kept := await work.ledger.reserved(arrival):
            return max(kept.tokens - prompt, _LEAST_ANSWER)
        quota = await self.quota(work, account_id)
        room = quota.answer_room(prompt=prompt, wanted=answer_room, least=_LEAST_ANSWER)
        amount = Amount(messages=1, tokens=prompt + room)
        await work.ledger.reserve(arrival, account_id, amount, now=milliseconds(self._clock.now()))
        return room

    async def settle(self, work: UnitOfWork, arrival: int, *, tokens: int) -> None:
        """Charge what was really used."""
        await work.ledger.settle(arrival, tokens=tokens)

    async def release(self, work: UnitOfWork, arrival: int) -> None:
        """Charge nothing: the turn had no answer."""
        await work.ledger.release(arrival)

    async def set_limit(self, work: UnitOfWork, account_id: int, meter: Meter, per_day: int | str | None) -> None:
        """Change the limit per day: a number, None for unlimited, "default" for the plan's."""
        await work.ledger.limit(account_id, meter, per_day)

    async def add(self, work: UnitOfWork, account_id: int, meter: Meter, amount: int) -> None:
        """Allow `amount` more for the rest of the day; several additions add up."""
        now = self._clock.now()
        today = Day.of(now, self._zone)
        held = (await work.ledger.allowances(account_id)).get(meter, Allowance())
        bonus = held.bonus if held.bonus_until > milliseconds(now) else 0
        await work.ledger.grant(account_id, meter, bonus=bonus + amount, until=milliseconds(today.ends_at))

    async def reset(self, work: UnitOfWork, account_id: int, meter: Meter) -> None:
        """Forgive what was used today so far."""
        # The instant after now: a charge of this very millisecond is forgiven too.
        await work.ledger.forgive(account_id, meter, before=milliseconds(self._clock.now()) + 1)

    def _limit(self, meter: Meter, allowance: Allowance, now: int) -> int | None:
        per_day = self._plan[meter] if allowance.per_day == "default" else allowance.per_day
        if not isinstance(per_day, int):
            return None
        return per_day + (allowance.bonus if allowance.bonus_until > now else 0)


def milliseconds(instant: datetime) -> int:
    """Exact, unlike `timestamp()`."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
