"""What accounts may use and what they used."""

import operator

import sqlalchemy as sa

from bot.storage.tables.base import GOES_ALONG, merged, metadata


class ChargeState:
    """A charge counts against the limit unless it was released."""

    RESERVED, SETTLED, RELEASED = range(3)


charge = sa.Table(
    "charge",
    metadata,
    sa.Column("inbox_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("messages", sa.Integer, nullable=False),
    sa.Column("tokens", sa.Integer, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
)
sa.Index("ix_charge_account", charge.c.account_id, charge.c.at)


def _stricter(one: int | None, other: int | None) -> int | None:
    """Of two limits: a number, the plan's (None), or none at all (-1)."""
    numbers = [limit for limit in (one, other) if limit is not None and limit >= 0]
    if numbers:
        return min(numbers)
    return None if None in (one, other) else -1


allowance = sa.Table(
    "allowance",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("meter", sa.String(16), primary_key=True),
    # NULL: what the default plan says; -1: unlimited.
    sa.Column("per_day", sa.BigInteger, info=merged(_stricter)),
    sa.Column("bonus", sa.BigInteger, nullable=False, server_default="0", info=merged(operator.add)),
    sa.Column("bonus_until", sa.BigInteger, nullable=False, server_default="0", info=merged(max)),
    # Charges before this do not count any more (an admin's reset).
    sa.Column("counted_from", sa.BigInteger, nullable=False, server_default="0", info=merged(min)),
    info=GOES_ALONG,
)
