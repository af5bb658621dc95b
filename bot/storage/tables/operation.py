"""What operators and their admins see: alerts and the audit log; and what may be emptied at any time."""

import sqlalchemy as sa

from bot.storage.tables.base import BigId, metadata
from bot.storage.tables.sealed import SealedJson, SealedText

# Alerts that were told to the admins and are not over yet.
alert = sa.Table(
    "alert",
    metadata,
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("subject", sa.String(256), primary_key=True),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    # When it last held.
    sa.Column("seen_at", sa.BigInteger, nullable=False),
)

# Answers given before, to be given again to the same question. Not history: it may be emptied at any time.
response_cache = sa.Table(
    "response_cache",
    metadata,
    # SHA-256 of what was asked, of which model and for whom: the question is not in here.
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("text", SealedText("response_cache.text"), nullable=False),
    sa.Column("model", sa.String(256), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(160), nullable=False, index=True),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(160), nullable=False, index=True),
    sa.Column("facts", SealedJson("audit.facts"), nullable=False),
    # The number of the act that this one took back: each is taken back once.
    sa.Column("reverts", sa.BigInteger, unique=True),
)

# What admins have switched on for everybody, such as maintenance; a row is there as long as it is on.
switch = sa.Table(
    "switch",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    # What people are told.
    sa.Column("note", SealedText("switch.note"), nullable=False),
)


# Which keys something in this database may be sealed by: what a Parley that starts must have.
seal = sa.Table(
    "seal",
    metadata,
    # bot.seals.Seal.name, in hexadecimal.
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),
)


class BroadcastState:
    """How far a broadcast has come."""

    DRAFT, SENDING, SENT, STOPPED, DISCARDED = range(5)


broadcast = sa.Table(
    "broadcast",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    # The identity of the admin.
    sa.Column("author", sa.String(160), nullable=False),
    sa.Column("said", SealedText("broadcast.said"), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False, index=True),
    # How many people it was for when it was written.
    sa.Column("reach", sa.Integer, nullable=False),
)

# How far a broadcast has come on one platform: to all accounts up to this one, so many of which were written to.
progress = sa.Table(
    "progress",
    metadata,
    sa.Column("broadcast_id", sa.ForeignKey("broadcast.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("platform", sa.String(32), primary_key=True),
    sa.Column("upto", sa.BigInteger, nullable=False),
    sa.Column("handed", sa.Integer, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
)
