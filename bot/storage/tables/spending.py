"""What models took and cost, and what all together may spend."""

import sqlalchemy as sa

from bot.storage.tables.base import BigId, metadata

call = sa.Table(
    "call",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("inbox_id", sa.BigInteger, nullable=False),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("endpoint", sa.String(64), nullable=False),
    sa.Column("asked", sa.String(256), nullable=False),
    sa.Column("answered", sa.String(256), nullable=False),
    sa.Column("input_tokens", sa.Integer, nullable=False),
    sa.Column("cached_tokens", sa.Integer, nullable=False),
    sa.Column("cache_written_tokens", sa.Integer, nullable=False),
    sa.Column("output_tokens", sa.Integer, nullable=False),
    sa.Column("reasoning_tokens", sa.Integer, nullable=False),
    sa.Column("estimated", sa.Boolean, nullable=False),
    # Micro-US$; NULL: nobody knows the price, which is not the same as nothing.
    sa.Column("cost", sa.BigInteger),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("waited_ms", sa.Integer, nullable=False),
    sa.Column("first_piece_ms", sa.Integer, nullable=False),
    sa.Column("lasted_ms", sa.Integer, nullable=False),
    # As in the table `turn`; the class of the error if the call failed.
    sa.Column("ending", sa.String(32), nullable=False),
    sa.Column("failed", sa.Boolean, nullable=False),
    # `own`: a person's own key, and then it cost the operator nothing; "": the operator's.
    sa.Column("payer", sa.String(8), nullable=False, server_default=""),
)
sa.Index("ix_call_at", call.c.at)
sa.Index("ix_call_account", call.c.account_id, call.c.at)

# One row for each budget and each day or month of it in which something was spent. Money is micro-US$.
budget = sa.Table(
    "budget",
    metadata,
    # A platform's name; "" for all of them together.
    sa.Column("scope", sa.String(32), primary_key=True),
    sa.Column("span", sa.String(8), primary_key=True),
    sa.Column("starts_at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("spent", sa.BigInteger, nullable=False),
    sa.Column("reserved", sa.BigInteger, nullable=False),
)

# What a running turn has reserved of each: gone when it is settled or released.
hold = sa.Table(
    "hold",
    metadata,
    sa.Column("inbox_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("scope", sa.String(32), primary_key=True),
    sa.Column("span", sa.String(8), primary_key=True),
    sa.Column("starts_at", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
)
