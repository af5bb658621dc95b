"""What turns take of the limits, as values: charges, and the sums of those that were settled."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.quotas import METERS, Amount, account_subject, subjects
from bot.storage.tables import ChargeState

LIFE = int(timedelta(minutes=30) / timedelta(milliseconds=1))
"""Milliseconds after which a reservation that nobody settled or released does not count any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a turn took of the limits. `bucket` is the beginning of the five minutes it counts in (milliseconds).

    `amount` is what the payer's limits cover, `credited` what credits pay beside it.
    """

    arrival: int
    account_id: int
    chat: str
    pooled: bool
    tier: str
    model: str
    at: int
    bucket: int
    amount: Amount
    credited: Amount = field(default_factory=Amount)
    state: int = ChargeState.RESERVED

    def holds(self, now: int) -> bool:
        """Whether it counts at an instant (milliseconds)."""
        alive = self.state == ChargeState.RESERVED and self.at > now - LIFE
        return alive or self.state == ChargeState.SETTLED

    @property
    def subjects(self) -> Sequence[str]:
        """Whose use it is."""
        return subjects(self.account_id, self.chat, pooled=self.pooled)

    def against(self, subject: str) -> Amount:
        """What of it counts for one of its subjects: credits spare the account, and nothing of a group's limits."""
        return self.amount if subject == account_subject(self.account_id) else self.amount.plus(self.credited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What was used along one chain of one model. `starts_at` in milliseconds; 0 where sums were added up."""

    tier: str
    model: str
    amount: Amount
    starts_at: int = 0


def amount_of(row: sa.Row[*tuple[Any, ...]]) -> Amount:
    """The meters of a row."""
    return Amount(**{meter: int(getattr(row, meter)) for meter in METERS})


def charge_of(row: sa.Row[*tuple[Any, ...]]) -> Charge:
    """A row of `charge`."""
    return Charge(
        arrival=row.inbox_id,
        account_id=row.account_id,
        chat=row.chat,
        pooled=row.pooled,
        tier=row.tier,
        model=row.model,
        at=row.at,
        bucket=row.bucket,
        amount=amount_of(row),
        state=row.state,
    )


def row_of(reserved: Charge) -> dict[str, Any]:
    """A charge as its row."""
    return {
        "inbox_id": reserved.arrival,
        "account_id": reserved.account_id,
        "chat": reserved.chat,
        "pooled": reserved.pooled,
        "tier": reserved.tier,
        "model": reserved.model,
        "at": reserved.at,
        "bucket": reserved.bucket,
        "state": reserved.state,
        **asdict(reserved.amount),
    }
