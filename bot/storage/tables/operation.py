"""What operators and their admins see: alerts and the audit log; and what may be emptied at any time."""

import sqlalchemy as sa

from bot.storage.tables.base import BigId, metadata

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
    sa.Column("text", sa.Text, nullable=False),
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
    sa.Column("facts", sa.JSON, nullable=False),
    # The number of the act that this one took back: each is taken back once.
    sa.Column("reverts", sa.BigInteger, unique=True),
)
