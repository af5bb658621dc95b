"""Accounts and who they are on platforms."""

import sqlalchemy as sa

from bot.storage.tables.base import SECRET, BigId, follows, merged, metadata
from bot.storage.tables.sealed import SealedText

account = sa.Table(
    "account",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("created_at", sa.BigInteger, nullable=False, info=merged(min)),
    sa.Column("blocked_at", sa.BigInteger, info=merged(lambda one, other: one or other)),
    # What an admin or a code made of the person: guest, member, support, admin. NULL: nobody has decided.
    sa.Column("role", sa.String(16)),
    # Wants to hear nothing from admins (/notices off).
    sa.Column(
        "quiet", sa.Boolean, nullable=False, server_default=sa.false(), info=merged(lambda one, other: one or other)
    ),
    # The model the person chose by /model, as endpoint/name; NULL leaves it to the rules.
    sa.Column("pinned_model", sa.String(256)),
    # The persona the person chose for conversations and places that have none.
    sa.Column("persona", sa.String(32)),
    # What becomes of messages that come while an answer is written: bot.domain.people.Busy; NULL: they wait.
    sa.Column("busy", sa.String(8)),
    # Milliseconds: where turns wait, this person's count as so much older.
    sa.Column("head_start", sa.BigInteger, nullable=False, server_default="0"),
    # NULL: the default plan. After `plan_until` it is that again.
    sa.Column("plan", sa.String(32)),
    sa.Column("plan_until", sa.BigInteger, info=follows("plan")),
    # What was used before does not count any more (an admin's reset).
    sa.Column("counted_from", sa.BigInteger, nullable=False, server_default="0", info=merged(min)),
    # Since then the account may use nothing, whatever its limits (an admin's freeze).
    sa.Column("frozen_at", sa.BigInteger, info=merged(lambda one, other: one or other)),
    # The language the person chose, as its catalogue is called; NULL: the platform's.
    sa.Column("language", sa.String(16)),
    # A name of the IANA list; NULL: the operator's.
    sa.Column("zone", sa.String(64)),
)

identity = sa.Table(
    "identity",
    metadata,
    sa.Column("platform", sa.String(32), primary_key=True),
    sa.Column("user", sa.String(64), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.String(256), nullable=False),
    # In lower case: platforms compare usernames without regard to it.
    sa.Column("username", sa.String(64)),
    # The same for usernames that look alike (bot.domain.names.skeleton).
    sa.Column("handle", sa.String(64), index=True),
    # The name as it is searched for (bot.domain.names.folded).
    sa.Column("folded", sa.String(256), nullable=False, server_default=""),
    sa.Column("language", sa.String(16)),
    # bot.domain.people.Belonging; NULL: the platform was not asked yet.
    sa.Column("belonging", sa.String(16)),
    # Since when they want to hear nothing from the bot: they blocked it on their platform.
    sa.Column("gone_at", sa.BigInteger),
)

# Keys that people gave for model endpoints: who asks along one pays for it.
own_key = sa.Table(
    "own_key",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("endpoint", sa.String(64), primary_key=True),
    sa.Column("secret", SealedText("own_key.secret"), nullable=False, info=SECRET),
    sa.Column("since", sa.BigInteger, nullable=False, info=merged(lambda stays, _: stays)),
)
