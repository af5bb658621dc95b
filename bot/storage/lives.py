"""The life of a conversation, in facts and without a word of it: its turns, their calls, what was sent."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import OutboxState, TurnState, call, conversation, outbox, turn

_TURNS = {
    TurnState.RUNNING: "running",
    TurnState.ANSWERED: "answered",
    TurnState.FAILED: "failed",
    TurnState.REPLACED: "replaced",
}
_PARTS = {
    OutboxState.PENDING: "waits",
    OutboxState.ATTEMPTED: "attempted",
    OutboxState.SENT: "sent",
    OutboxState.FAILED: "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that is so since `at` (milliseconds): of the arrival with that number, `what` in `facts`."""

    at: int
    arrival: int
    what: str
    facts: str


class Lives:
    """Reads, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def exists(self, number: int) -> bool:
        """Whether there is such a conversation."""
        query = sa.select(conversation.c.id).where(conversation.c.id == number)
        return (await self._connection.execute(query)).first() is not None

    async def latest(self, number: int, turns: int) -> Sequence[Event]:
        """What is known of the newest turns of a conversation, the oldest first."""
        newest = sa.select(turn).where(turn.c.conversation_id == number).order_by(turn.c.id.desc()).limit(turns)
        rows = (await self._connection.execute(newest)).all()
        events = [event for row in rows for event in _turn(row)]
        if rows:
            events += await self._calls(number, {row.account_id for row in rows}, most=5 * turns)
            events += await self._parts([row.inbox_id for row in rows if row.inbox_id is not None])
        return sorted(events, key=lambda one: (one.at, one.arrival))

    async def _calls(self, number: int, accounts: AbstractSet[int], *, most: int) -> list[Event]:
        # By account, because that is what there is an index for.
        of = call.c.account_id.in_(accounts), call.c.conversation_id == number
        query = sa.select(call).where(*of).order_by(call.c.at.desc()).limit(most)
        return [_call(row) for row in await self._connection.execute(query)]

    async def _parts(self, arrivals: Sequence[int]) -> list[Event]:
        query = sa.select(outbox).where(outbox.c.inbox_id.in_(arrivals))
        return [_part(row) for row in await self._connection.execute(query)]


def _turn(row: sa.Row[*tuple[Any, ...]]) -> list[Event]:
    arrival = row.inbox_id or 0
    asked = Event(at=row.started_at, arrival=arrival, what="turn", facts=f"asked, {row.question_tokens} tokens")
    if row.finished_at is None:
        return [asked]
    state = f"{_TURNS[row.state]}, {row.ending}, {row.answer_tokens or 0} tokens"
    return [asked, Event(at=row.finished_at, arrival=arrival, what="turn", facts=state)]


def _call(row: sa.Row[*tuple[Any, ...]]) -> Event:
    cost = "unknown price" if row.cost is None else f"US$ {row.cost / 1_000_000:.6f}"
    facts = (
        f"{row.purpose} {row.asked}: {row.ending}, {row.input_tokens} + {row.output_tokens} tokens, {cost}, "
        f"{row.attempts} attempts, {row.waited_ms} ms in line, {row.first_piece_ms} ms to the first piece, "
        f"{row.lasted_ms} ms"
    )
    return Event(at=row.at, arrival=row.inbox_id, what="call", facts=facts)


def _part(row: sa.Row[*tuple[Any, ...]]) -> Event:
    named = f" as {row.sent_as}" if row.sent_as else f" ({row.failure})" if row.failure else ""
    facts = f"{row.platform} {row.position + 1}: {_PARTS[row.state]}{named}, {row.attempts} attempts"
    return Event(at=row.created_at, arrival=row.inbox_id, what="part", facts=facts)
