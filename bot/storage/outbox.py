"""Outgoing parts: stored with what they say, sent afterwards, ticked off at the end."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.updates import CONTENT
from bot.ports import Part
from bot.storage.engine import now_ms
from bot.storage.tables import OutboxState, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One part on its way. `attempts` counts how often it was, or is just being, handed to the platform."""

    id: int
    part: Part
    attempts: int


_ADD = sa.insert(outbox).values(created_at=now_ms()).returning(outbox.c.id)
_OPEN = (
    sa.select(outbox.c.id, outbox.c.part, outbox.c.attempts)
    .where(
        outbox.c.inbox_id == sa.bindparam("arrival"),
        outbox.c.state.in_((OutboxState.PENDING, OutboxState.ATTEMPTED)),
    )
    .order_by(outbox.c.position)
)
_EXISTS = sa.select(sa.literal(1)).where(outbox.c.inbox_id == sa.bindparam("arrival")).limit(1)
_ATTEMPT = (
    sa.update(outbox)
    .where(outbox.c.id == sa.bindparam("part_id"))
    .values(state=OutboxState.ATTEMPTED, attempts=outbox.c.attempts + 1)
)
_WAITS = (
    sa.update(outbox)
    .where(outbox.c.id == sa.bindparam("part_id"))
    .values(
        state=sa.case((sa.bindparam("unknown") > 0, OutboxState.ATTEMPTED), else_=OutboxState.PENDING),
        attempts=sa.bindparam("unknown"),
    )
)
_AGE = sa.select((now_ms() - sa.func.min(outbox.c.created_at)).label("age")).where(
    outbox.c.inbox_id == sa.bindparam("arrival")
)
_SENT = (
    sa.update(outbox)
    .where(outbox.c.id == sa.bindparam("part_id"))
    .values(state=OutboxState.SENT, sent_as=sa.bindparam("platform_id"))
)
_FAILED = (
    sa.update(outbox)
    .where(outbox.c.inbox_id == sa.bindparam("arrival"), outbox.c.state != OutboxState.SENT)
    .values(state=OutboxState.FAILED, failure=sa.bindparam("why"))
)


class Outbox:
    """Outgoing parts of arrivals, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, arrival: int, platform: str, parts: Sequence[Part]) -> list[Outgoing]:
        """Store the parts of an answer. The first counts as attempted: it is sent right after the commit."""
        added = []
        for position, part in enumerate(parts):
            first = position == 0
            row = await self._connection.execute(
                _ADD,
                {
                    "inbox_id": arrival,
                    "position": position,
                    "platform": platform,
                    "state": OutboxState.ATTEMPTED if first else OutboxState.PENDING,
                    "attempts": int(first),
                    "part": dict(part),
                },
            )
            added.append(Outgoing(id=row.scalar_one(), part=part, attempts=int(first)))
        return added

    async def answered(self, arrival: int) -> bool:
        """Whether an answer to the arrival was stored, sent or not."""
        return (await self._connection.execute(_EXISTS, {"arrival": arrival})).first() is not None

    async def unsent(self, arrival: int) -> list[Outgoing]:
        """The parts of an answer that are not known to have arrived, in order."""
        rows = await self._connection.execute(_OPEN, {"arrival": arrival})
        return [Outgoing(id=row.id, part=row.part, attempts=row.attempts) for row in rows]

    async def attempt(self, part_id: int) -> None:
        """Note that a part is about to be handed to the platform."""
        await self._connection.execute(_ATTEMPT, {"part_id": part_id})

    async def waits(self, part_id: int, *, attempts: int) -> None:
        """Note that a part waits for its platform; so many attempts may have reached it all the same."""
        await self._connection.execute(_WAITS, {"part_id": part_id, "unknown": attempts})

    async def age(self, arrival: int) -> float:
        """Seconds since the answer was stored."""
        return float((await self._connection.execute(_AGE, {"arrival": arrival})).scalar_one()) / 1000

    async def sent(self, out: Outgoing, platform_id: str) -> None:
        """Note that a part arrived. A file's content has served its purpose then, and is the largest thing there is."""
        facts = {"part_id": out.id, "platform_id": platform_id}
        if CONTENT not in out.part:
            await self._connection.execute(_SENT, facts)
            return
        emptied = {name: value for name, value in out.part.items() if name != CONTENT}
        await self._connection.execute(_SENT.values(part=sa.bindparam("emptied")), facts | {"emptied": emptied})

    async def failed(self, arrival: int, why: str) -> None:
        """Give up on what is left of an answer."""
        await self._connection.execute(_FAILED, {"arrival": arrival, "why": why[:64]})
