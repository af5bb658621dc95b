"""What accounts may use and what they used."""

import sqlalchemy as sa

from bot.storage.tables.base import metadata


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

allowance = sa.Table(
    "allowance",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("meter", sa.String(16), primary_key=True),
    # NULL: what the default plan says; -1: unlimited.
    sa.Column("per_day", sa.BigInteger),
    sa.Column("bonus", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("bonus_until", sa.BigInteger, nullable=False, server_default="0"),
    # Charges before this do not count any more (an admin's reset).
    sa.Column("counted_from", sa.BigInteger, nullable=False, server_default="0"),
)
