"""How people get in: whoever waits at the door, invitations, codes that were tried in vain, and the dashboard."""

import sqlalchemy as sa

from bot.storage.tables.base import SECRET, BigId, metadata
from bot.storage.tables.sealed import SealedJson


class AdmissionState:
    """What admins said about a newcomer."""

    WAITING, APPROVED, DENIED = range(3)


# One row for everybody who knocked.
admission = sa.Table(
    "admission",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("asked_at", sa.BigInteger, nullable=False, index=True),
    # The identity of the admin who decided.
    sa.Column("decided_by", sa.String(160)),
    # The first question, as an arrival (bot.domain.updates.Arrival): answered when its author is let in.
    sa.Column("kept", SealedJson("admission.kept")),
)

invite = sa.Table(
    "invite",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    # SHA-256 of the code: the code itself is nowhere.
    sa.Column("digest", sa.String(64), nullable=False, unique=True, info=SECRET),
    sa.Column("made_by", sa.String(160), nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("uses_left", sa.Integer, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False, server_default=sa.false()),
)

# Codes that join another identity to an account: one at a time for each.
link_code = sa.Table(
    "link_code",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, info=SECRET),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

# Codes that were tried in vain, of any kind.
attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)

# Links that open the dashboard, once.
dashboard_link = sa.Table(
    "dashboard_link",
    metadata,
    # SHA-256 of the link's code: the code itself is nowhere.
    sa.Column("digest", sa.String(64), primary_key=True, info=SECRET),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    # The identity that asked for it, and will be signed in.
    sa.Column("who", sa.String(160), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)

# Whoever is signed in on the dashboard.
session = sa.Table(
    "session",
    metadata,
    # SHA-256 of what the browser keeps.
    sa.Column("digest", sa.String(64), primary_key=True, info=SECRET),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("who", sa.String(160), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)
# Messages that moderation blocked, and for what; not what they said.
strike = sa.Table(
    "strike",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("categories", sa.JSON, nullable=False),
    # An admin did not think so.
    sa.Column("forgiven", sa.Boolean, nullable=False, server_default=sa.false()),
)
sa.Index("ix_strike_account", strike.c.account_id, strike.c.at)
