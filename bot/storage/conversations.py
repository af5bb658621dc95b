"""Conversations: which one goes on at a place, and all those that were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.pictures import Pictures
from bot.storage.tables import TurnState, conversation, place, turn

LONGEST_TITLE = 80
"""Characters."""

_LONGEST_OPENING = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation as lists show it.

    `title` is "" until somebody names it; `opening` is how its first question begins; `last_at` is when it was last
    answered in (milliseconds), `place` the key of where it is.
    """

    id: int
    title: str
    opening: str
    turns: int
    last_at: int
    archived: bool
    began: int | None
    place: str

    @property
    def name(self) -> str:
        """What it is called, on one line; "" if nothing was said in it."""
        return self.title or " ".join(self.opening.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first exchange of a conversation that nobody has named."""

    account: int
    place: str
    question: str
    answer: str


_at_place = conversation.c.place == sa.bindparam("at_place")
_not_forgotten = conversation.c.forgotten_at.is_(None)
_answered = turn.c.state == sa.literal_column(str(TurnState.ANSWERED))

_CURRENT = (
    sa.select(conversation.c.id)
    .join(place, place.c.conversation_id == conversation.c.id)
    .where(place.c.key == sa.bindparam("at_place"), _not_forgotten)
)
_START = (
    sa.insert(conversation)
    .values(
        place=sa.bindparam("at_place"),
        account_id=sa.bindparam("by_account"),
        title=sa.bindparam("its_title"),
        started_at=now_ms(),
    )
    .returning(conversation.c.id)
)
_t = turn.alias("t")
_first = (
    sa.select(_t.c.question)
    .where(_t.c.conversation_id == conversation.c.id, _t.c.state == sa.literal_column(str(TurnState.ANSWERED)))
    .order_by(_t.c.id)
    .limit(1)
    .scalar_subquery()
)
_last = sa.func.coalesce(sa.func.max(turn.c.finished_at), conversation.c.started_at)
_ALL_TALKS = (
    sa.select(
        conversation.c.id,
        conversation.c.title,
        _first.label("opening"),
        sa.func.count(turn.c.id).label("turns"),
        _last.label("last_at"),
        conversation.c.archived_at,
        conversation.c.account_id,
        conversation.c.place,
    )
    .join_from(conversation, turn, sa.and_(turn.c.conversation_id == conversation.c.id, _answered), isouter=True)
    .where(_not_forgotten)
    .group_by(conversation.c.id)
)
_theirs = (
    sa.select(turn.c.conversation_id)
    .where(turn.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger), _answered)
    .group_by(turn.c.conversation_id)
    .order_by(sa.func.max(turn.c.id).desc())
    .limit(sa.bindparam("most"))
)
_TALKS = _ALL_TALKS.where(_at_place)
_ONE = _TALKS.where(conversation.c.id == sa.bindparam("its_id", type_=sa.BigInteger))
_PAGE = _TALKS.order_by(_last.desc(), conversation.c.id.desc()).limit(sa.bindparam("most")).offset(sa.bindparam("skip"))
_RECENT = _ALL_TALKS.where(conversation.c.id.in_(_theirs), conversation.c.archived_at.is_(None)).order_by(_last.desc())
_COUNT = sa.select(sa.func.count()).select_from(conversation).where(_at_place, _not_forgotten)
_ARCHIVED = conversation.c.archived_at.is_not(None)

_this = conversation.c.id == sa.bindparam("its_id", type_=sa.BigInteger)
_RENAME = sa.update(conversation).where(_this).values(title=sa.bindparam("its_title"))
_ENTITLE = _RENAME.where(conversation.c.title.is_(None))
_ARCHIVE = (
    sa.update(conversation)
    .where(_this)
    .values(archived_at=sa.case((sa.bindparam("away", type_=sa.Boolean), now_ms()), else_=None))
)
_before = now_ms() - sa.bindparam("pause", type_=sa.BigInteger)
_IDLE = sa.select(
    sa.exists().where(place.c.key == sa.bindparam("at_place"), place.c.chosen_at < _before),
    sa.select(sa.func.max(turn.c.finished_at) < _before)
    .where(turn.c.conversation_id == sa.bindparam("its_id", type_=sa.BigInteger), _answered)
    .scalar_subquery(),
)
_UNTITLED = (
    sa.select(turn.c.account_id, conversation.c.place, turn.c.question, turn.c.answer)
    .join_from(turn, conversation)
    .where(
        turn.c.id == sa.bindparam("its_turn", type_=sa.BigInteger),
        conversation.c.id == sa.bindparam("its_id", type_=sa.BigInteger),
        conversation.c.title.is_(None),
        turn.c.answer.is_not(None),
    )
)
_copied = ("account_id", "question", "question_tokens", "pictures", "answer", "answer_tokens", "ending", "started_at")
_COPY = sa.insert(turn).from_select(
    ["conversation_id", "state", "finished_at", "messages", *_copied],
    sa.select(
        sa.bindparam("to_conversation", type_=sa.BigInteger),
        turn.c.state,
        turn.c.finished_at,
        turn.c.messages,
        *(turn.c[name] for name in _copied),
    )
    .where(turn.c.conversation_id == sa.bindparam("from_conversation", type_=sa.BigInteger), _answered)
    .order_by(turn.c.id),
)


@cache
def _choose(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(place).values(chosen_at=now_ms())
    return insert.on_conflict_do_update(
        index_elements=["key"],
        set_={"conversation_id": insert.excluded.conversation_id, "chosen_at": insert.excluded.chosen_at},
    )


class Conversations:
    """Conversations and places, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def current(self, at: str, *, account_id: int | None = None, title: str = "") -> int:
        """The id of the conversation that goes on at a place; a new one, begun by the account, if there is none."""
        going_on = await self.going_on(at)
        return await self.start(at, account_id=account_id, title=title or None) if going_on is None else going_on

    async def going_on(self, at: str) -> int | None:
        """The id of the conversation that goes on at a place, if any does."""
        row = (await self._connection.execute(_CURRENT, {"at_place": at})).first()
        return None if row is None else int(row.id)

    async def idle(self, at: str, conversation_id: int, pause: timedelta) -> bool:
        """Whether it was chosen, and last answered in, longer than `pause` ago by the database's clock."""
        values = {"at_place": at, "its_id": conversation_id, "pause": round(pause.total_seconds() * 1000)}
        return all((await self._connection.execute(_IDLE, values)).one())

    async def start(self, at: str, *, account_id: int | None = None, title: str | None = None) -> int:
        """Begin a new conversation at a place; the old ones stay, and stay as they are."""
        values = {"at_place": at, "by_account": account_id, "its_title": title and title[:LONGEST_TITLE]}
        begun = int((await self._connection.execute(_START, values)).scalar_one())
        await self.choose(at, begun)
        return begun

    async def choose(self, at: str, conversation_id: int) -> None:
        """From now on this conversation, which has to be one of the place's, goes on there."""
        await self._connection.execute(_choose(self._dialect), {"key": at, "conversation_id": conversation_id})

    async def fork(self, at: str, conversation_id: int, *, account_id: int, title: str | None = None) -> int:
        """Begin a conversation that has the same past as another one; returns its id."""
        forked = await self.start(at, account_id=account_id, title=title)
        await self._connection.execute(_COPY, {"to_conversation": forked, "from_conversation": conversation_id})
        await Pictures(self._connection).copy_all(conversation_id, forked)
        return forked

    async def find(self, at: str, conversation_id: int) -> Talk | None:
        """A conversation by its id, if it is one of the place's."""
        row = (await self._connection.execute(_ONE, {"at_place": at, "its_id": conversation_id})).first()
        return None if row is None else _talk(row)

    async def listed(self, at: str, *, archived: bool, most: int, skip: int = 0) -> Sequence[Talk]:
        """The conversations of a place, the latest first: those that were put away, or the others."""
        page = _PAGE.where(_ARCHIVED if archived else ~_ARCHIVED)
        rows = await self._connection.execute(page, {"at_place": at, "most": most, "skip": skip})
        return [_talk(row) for row in rows]

    async def recent(self, account_id: int, *, most: int) -> Sequence[Talk]:
        """The conversations in which somebody was answered last, wherever they are; put away ones are left out."""
        rows = await self._connection.execute(_RECENT, {"its_account": account_id, "most": most})
        return [_talk(row) for row in rows]

    async def count(self, at: str, *, archived: bool) -> int:
        counted = _COUNT.where(_ARCHIVED if archived else ~_ARCHIVED)
        return int((await self._connection.execute(counted, {"at_place": at})).scalar_one())

    async def rename(self, conversation_id: int, title: str) -> None:
        values = {"its_id": conversation_id, "its_title": title[:LONGEST_TITLE]}
        await self._connection.execute(_RENAME, values)

    async def untitled(self, conversation_id: int, first: int) -> Opening | None:
        """The turn with which a conversation began, unless the conversation has a title or the turn is gone."""
        row = (await self._connection.execute(_UNTITLED, {"its_id": conversation_id, "its_turn": first})).first()
        if row is None:
            return None
        return Opening(account=row.account_id, place=row.place, question=row.question, answer=row.answer)

    async def entitle(self, conversation_id: int, title: str) -> None:
        """Give it a title unless it has one by now."""
        await self._connection.execute(_ENTITLE, {"its_id": conversation_id, "its_title": title[:LONGEST_TITLE]})

    async def archive(self, conversation_id: int, *, away: bool) -> None:
        """Put a conversation away, or take it out again."""
        await self._connection.execute(_ARCHIVE, {"its_id": conversation_id, "away": away})


def _talk(row: sa.Row[*tuple[Any, ...]]) -> Talk:
    return Talk(
        id=row.id,
        title=row.title or "",
        opening=(row.opening or "")[:_LONGEST_OPENING],
        turns=int(row.turns),
        last_at=int(row.last_at),
        archived=row.archived_at is not None,
        began=row.account_id,
        place=row.place,
    )
