"""Every table. Times are milliseconds since 1970 (UTC), booleans and states small integers."""

from bot.storage.tables.access import (
    AdmissionState,
    admission,
    attempt,
    dashboard_link,
    invite,
    link_code,
    session,
    strike,
)
from bot.storage.tables.arrivals import InboxState, LaneState, OutboxState, inbox, lane, leadership, outbox
from bot.storage.tables.base import metadata
from bot.storage.tables.history import TurnState, conversation, group_setting, place, turn
from bot.storage.tables.limits import (
    ChargeState,
    RequestState,
    UsageLevel,
    charge,
    credit,
    draw,
    plan,
    quota,
    request,
    usage,
    warning,
)
from bot.storage.tables.memory import context, lesson, memory, piece, posting, summary
from bot.storage.tables.operation import BroadcastState, alert, audit, broadcast, progress, response_cache, switch
from bot.storage.tables.people import account, identity
from bot.storage.tables.personas import persona, thumb, variant
from bot.storage.tables.spending import budget, call, hold

__all__ = [
    "AdmissionState",
    "BroadcastState",
    "ChargeState",
    "InboxState",
    "LaneState",
    "OutboxState",
    "RequestState",
    "TurnState",
    "UsageLevel",
    "account",
    "admission",
    "alert",
    "attempt",
    "audit",
    "broadcast",
    "budget",
    "call",
    "charge",
    "context",
    "conversation",
    "credit",
    "dashboard_link",
    "draw",
    "group_setting",
    "hold",
    "identity",
    "inbox",
    "invite",
    "lane",
    "leadership",
    "lesson",
    "link_code",
    "memory",
    "metadata",
    "outbox",
    "persona",
    "piece",
    "place",
    "plan",
    "posting",
    "progress",
    "quota",
    "request",
    "response_cache",
    "session",
    "strike",
    "summary",
    "switch",
    "thumb",
    "turn",
    "usage",
    "variant",
    "warning",
]
