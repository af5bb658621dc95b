"""What accounts may use and what they used."""

import operator

import sqlalchemy as sa

from bot.storage.tables.base import GOES_ALONG, NAMES_ACCOUNT, NAMES_PLACE, BigId, merged, metadata, partial
from bot.storage.tables.sealed import SealedText


class ChargeState:
    """A charge counts against limits unless it was released. A reservation that nobody settled counts for a while."""

    RESERVED, SETTLED, RELEASED = range(3)


# The ledger: what each turn took. Where credits paid a part of it, that part is in `draw` and not here.
charge = sa.Table(
    "charge",
    metadata,
    sa.Column("inbox_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("messages", sa.Integer, nullable=False),
    sa.Column("tokens", sa.Integer, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("input", sa.Integer, nullable=False, server_default="0"),
    sa.Column("output", sa.Integer, nullable=False, server_default="0"),
    # Micro-US$; 0 where nobody knows the price.
    sa.Column("cost", sa.BigInteger, nullable=False, server_default="0"),
    # The group it was said in, "" in private; and whether its pool paid.
    sa.Column("chat", sa.String(160), nullable=False, server_default="", info=NAMES_PLACE),
    sa.Column("pooled", sa.Boolean, nullable=False, server_default=sa.false()),
    # The chain and the model (as endpoint/name) that it was reserved for, and then used.
    sa.Column("tier", sa.String(64), nullable=False, server_default=""),
    sa.Column("model", sa.String(256), nullable=False, server_default=""),
    # Where it counts in `usage`: the beginning of its bucket.
    sa.Column("bucket", sa.BigInteger, nullable=False, server_default="0"),
)
sa.Index("ix_charge_account", charge.c.account_id, charge.c.at)
sa.Index("ix_charge_open", charge.c.account_id, **partial(charge.c.state == ChargeState.RESERVED))
sa.Index("ix_charge_open_chat", charge.c.chat, **partial(charge.c.state == ChargeState.RESERVED))


class UsageLevel:
    """How long the time is that a row of `usage` sums up: five minutes, a day of UTC, or everything."""

    BUCKET, DAY, EVER = range(3)


# Settled charges summed up, so that a limit is checked without reading a month of them. `subject` is whose use it is:
# account:ID, chat:KEY, member:ID@KEY (an account in a chat) or pool:KEY (what a chat's pool paid).
usage = sa.Table(
    "usage",
    metadata,
    sa.Column("subject", sa.String(240), primary_key=True, info=NAMES_ACCOUNT | NAMES_PLACE),
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("starts_at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("tier", sa.String(64), primary_key=True),
    sa.Column("model", sa.String(256), primary_key=True),
    sa.Column("messages", sa.BigInteger, nullable=False, info=merged(operator.add)),
    sa.Column("input", sa.BigInteger, nullable=False, info=merged(operator.add)),
    sa.Column("output", sa.BigInteger, nullable=False, info=merged(operator.add)),
    sa.Column("tokens", sa.BigInteger, nullable=False, info=merged(operator.add)),
    sa.Column("cost", sa.BigInteger, nullable=False, info=merged(operator.add)),
)

# Plans that admins made, or whose limits they changed. Those that Parley comes with need no row.
plan = sa.Table(
    "plan",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    # For how many days words of those on it are kept, NULL: until they have them forgotten.
    sa.Column("keep_days", sa.Integer),
)


def _stricter(one: int | None, other: int | None) -> int | None:
    """Of two limits, of which None is unlimited."""
    return min((limit for limit in (one, other) if limit is not None), default=None)


def _longer(one: int | None, other: int | None) -> int | None:
    """Of two ends, of which None is none."""
    return None if one is None or other is None else max(one, other)


# Limits that admins set. `subject` is what they are for: plan:NAME, account:ID, chat:KEY (all of a chat together),
# each:KEY (every member in it) or pool:KEY (what the chat pays for its members).
quota = sa.Table(
    "quota",
    metadata,
    sa.Column("subject", sa.String(200), primary_key=True, info=NAMES_ACCOUNT | NAMES_PLACE),
    sa.Column("meter", sa.String(16), primary_key=True),
    # A chain, a model as endpoint/name, or "" for whatever answers.
    sa.Column("scope", sa.String(256), primary_key=True),
    # With a ~ where it was decided for a time: what was decided for good stands in a row of its own.
    sa.Column("span", sa.String(8), primary_key=True),
    # NULL lifts a limit that the plan sets.
    sa.Column("amount", sa.BigInteger, info=merged(_stricter)),
    # When it ends, NULL: never.
    sa.Column("until", sa.BigInteger, info=merged(_longer)),
    info=GOES_ALONG,
)

# What somebody may use beside their limits.
credit = sa.Table(
    "credit",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("meter", sa.String(16), nullable=False),
    sa.Column("scope", sa.String(256), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)

# What credits paid of turns. It counts as long as the turn's charge does.
draw = sa.Table(
    "draw",
    metadata,
    sa.Column("inbox_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("credit_id", sa.ForeignKey("credit.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
)
sa.Index("ix_draw_credit", draw.c.credit_id)

# When somebody was last told that a limit is nearly used up.
warning = sa.Table(
    "warning",
    metadata,
    sa.Column("subject", sa.String(240), primary_key=True, info=NAMES_ACCOUNT | NAMES_PLACE),
    sa.Column("meter", sa.String(16), primary_key=True),
    sa.Column("scope", sa.String(256), primary_key=True),
    sa.Column("span", sa.String(8), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, info=merged(max)),
)


class RequestState:
    """What became of a request for more."""

    OPEN, APPROVED, DENIED = range(3)


request = sa.Table(
    "request",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("what", SealedText("request.what"), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    # The identity of the admin who decided.
    sa.Column("decided_by", sa.String(160)),
)
sa.Index("ix_request_open", request.c.account_id, **partial(request.c.state == RequestState.OPEN))
