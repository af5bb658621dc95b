"""Every table. Times are milliseconds since 1970 (UTC), booleans and states small integers."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column that is called INTEGER.
BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class LaneState:
    """What a lane is doing."""

    IDLE, READY, RUNNING = range(3)


class InboxState:
    """What became of an arrival. POISON could not be read, DEAD failed each time it was tried."""

    QUEUED, DONE, DROPPED, DEAD, POISON = range(5)


class OutboxState:
    """How far a part has come. ATTEMPTED: handed to the platform, outcome not yet known."""

    PENDING, ATTEMPTED, SENT, FAILED = range(4)


class TurnState:
    """ANSWERED turns alone are part of the context, also when they were cut short. REPLACED: asked again since."""

    RUNNING, ANSWERED, FAILED, REPLACED = range(4)


class ChargeState:
    """A charge counts against the limit unless it was released."""

    RESERVED, SETTLED, RELEASED = range(3)


def _partial(condition: ColumnElement[bool]) -> dict[str, Any]:
    return {"postgresql_where": condition, "sqlite_where": condition}


lane = sa.Table(
    "lane",
    metadata,
    sa.Column("key", sa.String(160), primary_key=True),
    sa.Column("state", sa.SmallInteger, nullable=False),
    # A counter and not an EXISTS: under READ COMMITTED the latter loses wake-ups.
    sa.Column("pending", sa.Integer, nullable=False),
    # The lower the earlier: the time it became ready.
    sa.Column("rank", sa.BigInteger, nullable=False),
    sa.Column("owner", sa.String(64)),
    # The fencing token: counts how often the lane was claimed.
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("lease_until", sa.BigInteger),
    sa.Column("stop_epoch", sa.BigInteger),
)
sa.Index("ix_lane_ready", lane.c.rank, **_partial(lane.c.state == LaneState.READY))
sa.Index("ix_lane_running", lane.c.lease_until, **_partial(lane.c.state == LaneState.RUNNING))

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("event", sa.String(160), nullable=False),
    sa.Column("lane", sa.String(160), nullable=False),
    sa.Column("order_key", sa.BigInteger, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    # What already stands on the platform for this arrival (bot.ports.Ref).
    sa.Column("ref", sa.JSON(none_as_null=True)),
    sa.UniqueConstraint("source", "event"),
    # Turns and charges refer to these numbers: one that was pruned must not come again.
    sqlite_autoincrement=True,
)
sa.Index("ix_inbox_head", inbox.c.lane, inbox.c.order_key, inbox.c.id, **_partial(inbox.c.state == InboxState.QUEUED))

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("inbox_id", sa.BigInteger, nullable=False),
    sa.Column("position", sa.SmallInteger, nullable=False),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("part", sa.JSON, nullable=False),
    sa.Column("sent_as", sa.String(128)),
    sa.UniqueConstraint("inbox_id", "position"),
)

account = sa.Table(
    "account",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("blocked_at", sa.BigInteger),
    # The model the person chose by /model, as endpoint/name; NULL leaves it to the rules.
    sa.Column("pinned_model", sa.String(256)),
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
    sa.Column("language", sa.String(16)),
    sa.Index(None, "platform", "username"),
)

conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("place", sa.String(160), nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
)
sa.Index("ix_conversation_current", conversation.c.place, conversation.c.id)

turn = sa.Table(
    "turn",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    # No foreign key: an inbox row is pruned long before the history is.
    sa.Column("inbox_id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("question_tokens", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("answer_tokens", sa.Integer),
    # stop, length, content_filter, stopped (by the person), interrupted (the stream broke off)
    sa.Column("ending", sa.String(32)),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("finished_at", sa.BigInteger),
)
sa.Index("ix_turn_history", turn.c.conversation_id, turn.c.id, **_partial(turn.c.state == TurnState.ANSWERED))
sa.Index("ix_turn_account", turn.c.account_id)

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

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(160), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(160), nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
)
