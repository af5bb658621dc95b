"""Experiments with personas: variants, what came of them, and what people thought."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import now_ms
from bot.storage.tables import TurnState, call, thumb, turn, variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of a variant. `cost` is micro-US$; `again` are answers whose question was asked again at once."""

    persona: str
    label: str
    text: str | None
    share: int
    conversations: int
    answers: int
    again: int
    up: int
    down: int
    tokens: int
    cost: int


_given = turn.c.state.in_((TurnState.ANSWERED, TurnState.REPLACED))
_COUNTS = (
    sa.select(
        turn.c.variant_id,
        sa.func.count(sa.distinct(turn.c.conversation_id)).label("conversations"),
        sa.func.count().label("answers"),
    )
    .where(turn.c.variant_id.is_not(None), _given)
    .group_by(turn.c.variant_id)
    .subquery()
)
_CALLS = (
    sa.select(
        turn.c.variant_id,
        sa.func.sum(call.c.input_tokens + call.c.output_tokens).label("tokens"),
        sa.func.sum(sa.func.coalesce(call.c.cost, 0)).label("cost"),
    )
    .join_from(turn, call, call.c.inbox_id == turn.c.inbox_id)
    .where(turn.c.variant_id.is_not(None))
    .group_by(turn.c.variant_id)
    .subquery()
)
_THUMBS = (
    sa.select(
        turn.c.variant_id,
        sa.func.sum(sa.case((thumb.c.up, 1), else_=0)).label("up"),
        sa.func.sum(sa.case((thumb.c.up, 0), else_=1)).label("down"),
    )
    .join_from(turn, thumb, thumb.c.turn_id == turn.c.id)
    .where(turn.c.variant_id.is_not(None))
    .group_by(turn.c.variant_id)
    .subquery()
)


def _sum(column: sa.ColumnElement[int], name: str) -> sa.Label[int]:
    return sa.func.coalesce(column, 0).label(name)


_TALLIES = (
    sa.select(
        variant.c.id,
        variant.c.persona,
        variant.c.label,
        variant.c.text,
        variant.c.share,
        _sum(_COUNTS.c.conversations, "conversations"),
        _sum(_COUNTS.c.answers, "answers"),
        _sum(_THUMBS.c.up, "up"),
        _sum(_THUMBS.c.down, "down"),
        _sum(_CALLS.c.tokens, "tokens"),
        _sum(_CALLS.c.cost, "cost"),
    )
    .select_from(variant)
    .join(_COUNTS, _COUNTS.c.variant_id == variant.c.id, isouter=True)
    .join(_CALLS, _CALLS.c.variant_id == variant.c.id, isouter=True)
    .join(_THUMBS, _THUMBS.c.variant_id == variant.c.id, isouter=True)
    .where(variant.c.ended_at.is_(None))
    .order_by(variant.c.persona, variant.c.label)
)
_next = turn.alias("next")
_REPLACED = (
    sa.select(turn.c.variant_id, turn.c.question, _next.c.question.label("then"))
    .join_from(turn, _next, _next.c.id == turn.c.replaced_by)
    .join(variant, variant.c.id == turn.c.variant_id)
    .where(variant.c.ended_at.is_(None), _given)
)
_ADD = sa.insert(variant).values(started_at=now_ms())
_END = (
    sa.update(variant)
    .where(variant.c.persona == sa.bindparam("its_persona"), variant.c.ended_at.is_(None))
    .values(ended_at=now_ms())
)


class Experiments:
    """Experiments, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def running(self) -> Sequence[Tally]:
        """Every variant that is compared now, by persona and label."""
        replaced = await self._connection.execute(_REPLACED)
        again = Counter(row.variant_id for row in replaced if row.question == row.then)
        found = [dict(row) for row in (await self._connection.execute(_TALLIES)).mappings()]
        return [Tally(again=again[row.pop("id")], **row) for row in found]

    async def add(self, persona: str, label: str, *, text: str | None, share: int) -> None:
        """Compare one more variant."""
        values = {"persona": persona, "label": label, "text": text, "share": share}
        await self._connection.execute(_ADD, values)

    async def end(self, persona: str) -> None:
        """Compare a persona no longer. What came of it stays on record."""
        await self._connection.execute(_END, {"its_persona": persona})
