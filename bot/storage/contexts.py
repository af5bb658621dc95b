"""Where the prompts of a conversation begin, what sums up the rest, and what calls taught about models."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.calibration import Lesson
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import context, lesson, memory, summary


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSummary:
    """A version of a conversation's summary. `upto` is the last turn that it sums up, `tokens` those of its text."""

    upto: int
    text: str
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContext:
    """`cut` is the first turn that goes along word for word, `indexed` the last one that is in the index."""

    cut: int = 0
    indexed: int = 0
    summary: StoredSummary | None = None


_of_this = context.c.conversation_id == sa.bindparam("its_conversation")
_OF = (
    sa.select(context.c.cut, context.c.indexed, summary.c.upto, summary.c.text, summary.c.tokens)
    .select_from(context.outerjoin(summary, summary.c.id == context.c.summary_id))
    .where(_of_this)
)
_summed = summary.c.conversation_id == sa.bindparam("its_conversation")
_FITTING = (
    sa.select(summary.c.id)
    .where(_summed, summary.c.upto < sa.bindparam("its_cut", type_=sa.BigInteger))
    .order_by(summary.c.upto.desc(), summary.c.id.desc())
    .limit(1)
)
_NEWEST = (
    sa.select(summary.c.upto, summary.c.text, summary.c.tokens)
    .where(_summed, summary.c.upto < sa.bindparam("before", type_=sa.BigInteger))
    .order_by(summary.c.upto.desc(), summary.c.id.desc())
    .limit(1)
)
_SUM_UP = sa.insert(summary).values(written_at=now_ms())
_DISTRUST = sa.delete(summary).where(_summed, summary.c.upto >= sa.bindparam("turn", type_=sa.BigInteger))
_FORGET = (
    sa.delete(context).where(_of_this),
    sa.delete(summary).where(_summed),
    sa.delete(memory).where(memory.c.conversation_id == sa.bindparam("its_conversation")),
)
_LESSONS = sa.select(lesson.c.model, lesson.c.ratio, lesson.c.window)


@cache
def _cut(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(context)
    return insert.on_conflict_do_update(
        index_elements=["conversation_id"],
        set_={"cut": insert.excluded.cut, "summary_id": insert.excluded.summary_id},
    )


@cache
def _index(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(context)
    return insert.on_conflict_do_update(index_elements=["conversation_id"], set_={"indexed": insert.excluded.indexed})


@cache
def _learn(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(lesson)
    return insert.on_conflict_do_update(
        index_elements=["model"], set_={"ratio": insert.excluded.ratio, "window": insert.excluded.window}
    )


class Contexts:
    """Contexts, summaries and lessons, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def of(self, conversation: int) -> StoredContext:
        row = (await self._connection.execute(_OF, {"its_conversation": conversation})).first()
        if row is None:
            return StoredContext()
        summed = StoredSummary(upto=row.upto, text=row.text, tokens=row.tokens) if row.upto is not None else None
        return StoredContext(cut=row.cut, indexed=row.indexed, summary=summed)

    async def cut(self, conversation: int, turn: int) -> StoredContext:
        """From now on prompts begin with that turn, and with the newest summary of what was before it."""
        fitting = {"its_conversation": conversation, "its_cut": turn}
        chosen = (await self._connection.execute(_FITTING, fitting)).scalar()
        row = {"conversation_id": conversation, "cut": turn, "summary_id": chosen}
        await self._connection.execute(_cut(self._dialect), row)
        return await self.of(conversation)

    async def index(self, conversation: int, upto: int) -> None:
        """Everything up to that turn is in the index."""
        await self._connection.execute(_index(self._dialect), {"conversation_id": conversation, "indexed": upto})

    async def summary(self, conversation: int, *, before: int) -> StoredSummary | None:
        """The newest version that sums up nothing of turn `before` and later."""
        row = (await self._connection.execute(_NEWEST, {"its_conversation": conversation, "before": before})).first()
        return None if row is None else StoredSummary(upto=row.upto, text=row.text, tokens=row.tokens)

    async def sum_up(self, conversation: int, version: StoredSummary) -> None:
        """Add a version. It is used from the next eviction on, so that the prefix stays as it is until then."""
        row = {"conversation_id": conversation, "upto": version.upto, "text": version.text, "tokens": version.tokens}
        await self._connection.execute(_SUM_UP, row)

    async def forget(self, conversation: int) -> None:
        """Delete what is known of a conversation beside its turns: context, summaries, index."""
        for statement in _FORGET:
            await self._connection.execute(statement, {"its_conversation": conversation})

    async def distrust(self, conversation: int, turn: int) -> None:
        """Delete what sums up this turn: somebody wants it forgotten."""
        await self._connection.execute(_DISTRUST, {"its_conversation": conversation, "turn": turn})

    async def lessons(self) -> Mapping[str, Lesson]:
        """What is known of models, by ref."""
        rows = await self._connection.execute(_LESSONS)
        return {row.model: Lesson(ratio=row.ratio / 1000, window=row.window) for row in rows}

    async def learn(self, model: str, learnt: Lesson) -> None:
        row = {"model": model, "ratio": round(learnt.ratio * 1000), "window": learnt.window}
        await self._connection.execute(_learn(self._dialect), row)
