"""What came in and what goes out: lanes, inbox, outbox; and who does what only one process may do."""

import sqlalchemy as sa

from bot.storage.tables.base import BigId, metadata, partial
from bot.storage.tables.sealed import SealedJson


class LaneState:
    """What a lane is doing. PARKED: its answer waits for a platform that is away."""

    IDLE, READY, RUNNING, PARKED = range(4)


class InboxState:
    """What became of an arrival. POISON could not be read, DEAD failed each time it was tried, JOINED is part of the
    turn of another one that is not over.
    """

    QUEUED, DONE, DROPPED, DEAD, POISON, JOINED = range(6)


class OutboxState:
    """How far a part has come. ATTEMPTED: handed to the platform, outcome not yet known."""

    PENDING, ATTEMPTED, SENT, FAILED = range(4)


lane = sa.Table(
    "lane",
    metadata,
    sa.Column("key", sa.String(160), primary_key=True),
    sa.Column("state", sa.SmallInteger, nullable=False),
    # A counter and not an EXISTS: under READ COMMITTED the latter loses wake-ups.
    sa.Column("pending", sa.Integer, nullable=False),
    # The lower the earlier: the time it became ready, less the head start, more for each other lane of the person.
    sa.Column("rank", sa.BigInteger, nullable=False),
    sa.Column("owner", sa.String(64)),
    # The fencing token: counts how often the lane was claimed.
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("lease_until", sa.BigInteger),
    sa.Column("stop_epoch", sa.BigInteger),
    # For whom it works: `#` and an account's number, an identity of somebody new, "" for nobody in particular.
    sa.Column("person", sa.String(160), nullable=False, server_default=""),
    sa.Column("head_start", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("not_before", sa.BigInteger, nullable=False, server_default="0"),
)
sa.Index("ix_lane_ready", lane.c.rank, **partial(lane.c.state == LaneState.READY))
sa.Index("ix_lane_running", lane.c.lease_until, **partial(lane.c.state == LaneState.RUNNING))
sa.Index("ix_lane_parked", lane.c.not_before, **partial(lane.c.state == LaneState.PARKED))
sa.Index("ix_lane_person", lane.c.person, **partial(lane.c.state > LaneState.IDLE))

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
    sa.Column("payload", SealedJson("inbox.payload"), nullable=False),
    # What already stands on the platform for this arrival (bot.ports.Ref).
    sa.Column("ref", SealedJson("inbox.ref")),
    # Attempts that ended without any fault of its own: a shutdown, an outage.
    sa.Column("excused", sa.SmallInteger, nullable=False, server_default="0"),
    # The arrival of whose turn it is a part.
    sa.Column("joined", sa.BigInteger),
    sa.UniqueConstraint("source", "event"),
    # Turns and charges refer to these numbers: one that was pruned must not come again.
    sqlite_autoincrement=True,
)
sa.Index("ix_inbox_head", inbox.c.lane, inbox.c.order_key, inbox.c.id, **partial(inbox.c.state == InboxState.QUEUED))

sa.Index("ix_inbox_joined", inbox.c.joined, **partial(inbox.c.joined.is_not(None)))

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
    sa.Column("part", SealedJson("outbox.part"), nullable=False),
    sa.Column("sent_as", sa.String(128)),
    # Why it could not be delivered: the class of the error.
    sa.Column("failure", sa.String(64)),
    sa.UniqueConstraint("inbox_id", "position"),
)

# How many messages a person sent since counting began; may be emptied at any time.
pace = sa.Table(
    "pace",
    metadata,
    # An identity; with OVERTAKING behind it for commands that overtake.
    sa.Column("person", sa.String(160), primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("sent", sa.Integer, nullable=False),
)

leadership = sa.Table(
    "leadership",
    metadata,
    sa.Column("duty", sa.String(96), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)
