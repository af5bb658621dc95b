"""Personas that admins wrote, and experiments with them."""

import sqlalchemy as sa

from bot.storage.tables.base import BigId, metadata, partial
from bot.storage.tables.sealed import SealedText

persona = sa.Table(
    "persona",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    # As it was written: settings and prompt. It stands before a file of the same name.
    sa.Column("text", SealedText("persona.text"), nullable=False),
    sa.Column("written_at", sa.BigInteger, nullable=False),
)

# One prompt of several that are compared. `text` is NULL for the first of them: the persona as it is.
variant = sa.Table(
    "variant",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("persona", sa.String(32), nullable=False),
    sa.Column("label", sa.String(1), nullable=False),
    sa.Column("text", SealedText("variant.text")),
    # Of a hundred conversations; the first variant has what the others leave.
    sa.Column("share", sa.SmallInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
)
sa.Index("ix_variant_running", variant.c.persona, **partial(variant.c.ended_at.is_(None)))

thumb = sa.Table(
    "thumb",
    metadata,
    sa.Column("turn_id", sa.ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("up", sa.Boolean, nullable=False),
)
