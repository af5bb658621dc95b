"""The index by which pieces of what was said are found again: postings of terms, the same on both databases.

Each account has an index of its own for each conversation (a memory): searching never touches anybody else's rows,
and statistics of other people's words do not change what is found. The index is only a way to a turn: what a piece
says is read from its turn, and a turn that is not part of the conversation any more yields nothing.
"""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.recall import Piece, Posting
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import TurnState, memory, piece, posting, turn
from bot.storage.tables.sealed import seals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One account's memory of one conversation: how many pieces it has, and how many terms these have together.

    Terms are hashed by its `key`, if it has one: the same word is another number in each memory.
    """

    id: int
    pieces: int
    length: int
    key: bytes | None = field(default=None, repr=False)

    def hashed(self, term: int) -> int:
        """A term as its postings have it."""
        return term if self.key is None else hashed(term, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPiece:
    """A piece for the index: characters `starts` to `ends` of a turn's question or answer.

    `terms` are the keys of its terms, as often as they occur, `dates` those of the day on which it was said.
    """

    turn_id: int
    answer: bool
    starts: int
    ends: int
    tokens: int
    terms: Sequence[int]
    dates: Sequence[int] = ()


_ANSWERED: sa.ColumnClause[int] = sa.literal_column(str(TurnState.ANSWERED))
_STEP = 8
"""Terms are counted in statements for a multiple of so many: few statements are compiled once each."""

_SHELVES = sa.select(memory.c.id, memory.c.pieces, memory.c.length, memory.c.key)
_SHELF = _SHELVES.where(
    memory.c.account_id == sa.bindparam("its_account"), memory.c.conversation_id == sa.bindparam("its_conversation")
)
_OTHERS = (
    _SHELVES.where(
        memory.c.account_id == sa.bindparam("its_account"),
        memory.c.conversation_id != sa.bindparam("its_conversation"),
    )
    .order_by(memory.c.conversation_id.desc())
    .limit(sa.bindparam("most"))
)
_GROW = (
    sa.update(memory)
    .where(memory.c.id == sa.bindparam("its_memory"))
    .values(pieces=sa.bindparam("now_pieces"), length=sa.bindparam("now_length"))
)
_its_postings = posting.c.memory_id == sa.bindparam("its_memory")
_POSTINGS = sa.select(posting.c.term, posting.c.number, posting.c.count, posting.c.length).where(
    _its_postings, posting.c.term.in_(sa.bindparam("terms", expanding=True, type_=sa.BigInteger))
)
_NEWEST = (
    sa.select(posting.c.number, posting.c.count, posting.c.length)
    .where(_its_postings, posting.c.term == sa.bindparam("its_term", type_=sa.BigInteger))
    .order_by(posting.c.number.desc())
    .limit(sa.bindparam("most"))
)
_PIECES = (
    sa.select(
        piece.c.number,
        piece.c.answer,
        piece.c.tokens,
        piece.c.turn_id,
        piece.c.starts,
        piece.c.ends,
        turn.c.started_at,
    )
    .join(turn, turn.c.id == piece.c.turn_id)
    .where(
        piece.c.memory_id == sa.bindparam("its_memory"),
        piece.c.number.in_(sa.bindparam("numbers", expanding=True)),
        turn.c.state == _ANSWERED,
        turn.c.id < sa.bindparam("before", type_=sa.BigInteger),
    )
)
_SAID = sa.select(turn.c.id, turn.c.question, turn.c.answer).where(
    turn.c.id.in_(sa.bindparam("turns", expanding=True, type_=sa.BigInteger))
)
_FORGET_POSTINGS = sa.delete(posting).where(
    _its_postings, posting.c.number.in_(sa.bindparam("numbers", expanding=True))
)
_NUMBERS = sa.select(piece.c.memory_id, piece.c.number).where(
    piece.c.turn_id.in_(sa.bindparam("turns", expanding=True, type_=sa.BigInteger))
)
_FORGET_PIECES = sa.delete(piece).where(piece.c.turn_id.in_(sa.bindparam("turns", expanding=True, type_=sa.BigInteger)))


@cache
def _open(dialect: str) -> sa.Executable:
    return insert_for(dialect)(memory).on_conflict_do_nothing(index_elements=["conversation_id", "account_id"])


@cache
def _frequencies(terms: int) -> sa.Select[*tuple[int, ...]]:
    """How many pieces hold each of so many terms; counted no further than `most` each, which bounds the work."""
    counts = []
    for i in range(terms):
        held = posting.c.term == sa.bindparam(f"term_{i}", type_=sa.BigInteger)
        found = sa.select(sa.literal_column("1")).where(_its_postings, held).limit(sa.bindparam("most")).subquery()
        counts.append(sa.select(sa.func.count()).select_from(found).scalar_subquery().label(f"count_{i}"))
    return sa.select(*counts)


class Memories:
    """Memories, pieces and postings, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def add(self, conversation_id: int, account: int, pieces: Sequence[NewPiece]) -> None:
        """Put pieces into an account's memory, in the order in which they were said."""
        key = new_key() if seals_of(self._connection.dialect).current else None
        row = {"conversation_id": conversation_id, "account_id": account, "key": key}
        await self._connection.execute(_open(self._dialect), row)
        shelf = await self.shelf(account, conversation_id)
        if shelf is None or not pieces:
            return
        numbered = list(enumerate(pieces, start=shelf.pieces))
        await self._connection.execute(sa.insert(piece), [_piece(shelf, number, one) for number, one in numbered])
        postings = [row for number, one in numbered for row in _postings(shelf, number, one)]
        if postings:
            await self._connection.execute(sa.insert(posting), postings)
        grown = {
            "its_memory": shelf.id,
            "now_pieces": shelf.pieces + len(pieces),
            "now_length": shelf.length + sum(len(one.terms) for one in pieces),
        }
        await self._connection.execute(_GROW, grown)

    async def shelf(self, account: int, conversation_id: int) -> Shelf | None:
        asked = {"its_account": account, "its_conversation": conversation_id}
        row = (await self._connection.execute(_SHELF, asked)).first()
        return None if row is None else _shelf(row)

    async def others(self, account: int, conversation_id: int, *, most: int) -> list[Shelf]:
        """The account's memories of other conversations, the newest first."""
        asked = {"its_account": account, "its_conversation": conversation_id, "most": most}
        rows = await self._connection.execute(_OTHERS, asked)
        return [_shelf(row) for row in rows]

    async def postings(self, shelf: Shelf, keys: Sequence[int], *, most: int) -> dict[int, list[Posting]]:
        """By term, the pieces that hold it: of the rarest terms, as many as have `most` postings together.

        What is left out are words that are nearly everywhere. If even the rarest one is, its newest postings are given.
        """
        terms = {shelf.hashed(key): key for key in keys}
        frequencies = await self._frequency(shelf, list(terms), most)
        chosen, left = [], most
        for key in sorted(frequencies, key=lambda key: (frequencies[key], key)):
            left -= frequencies[key]
            if left < 0:
                break
            chosen.append(key)
        if not chosen and frequencies:
            rarest = min(frequencies, key=lambda key: (frequencies[key], key))
            newest = {"its_memory": shelf.id, "its_term": rarest, "most": most}
            return {terms[rarest]: [tuple(row) for row in (await self._connection.execute(_NEWEST, newest)).all()]}
        found: dict[int, list[Posting]] = defaultdict(list)
        if chosen:
            asked = {"its_memory": shelf.id, "terms": chosen}
            # All at once: fetching row by row takes twice as long.
            for term, number, count, length in (await self._connection.execute(_POSTINGS, asked)).all():
                found[terms[term]].append((number, count, length))
        return found

    async def _frequency(self, shelf: Shelf, keys: Sequence[int], most: int) -> dict[int, int]:
        if not keys:
            return {}
        size = -(-len(keys) // _STEP) * _STEP
        asked = {f"term_{i}": key for i, key in enumerate([*keys, *[keys[0]] * (size - len(keys))])}
        row = (
            await self._connection.execute(_frequencies(size), {"its_memory": shelf.id, "most": most + 1, **asked})
        ).one()
        return {key: count for key, count in zip(keys, row, strict=False) if count}

    async def pieces(
        self, shelf: Shelf, scores: Sequence[tuple[int, float]], *, before: int, zone: tzinfo
    ) -> list[Piece]:
        """Pieces by number, in the order given, of turns that are part of the conversation and lie before one."""
        asked = {
            "its_memory": shelf.id,
            "numbers": [number for number, _ in scores],
            "before": before,
        }
        rows = {row.number: row for row in (await self._connection.execute(_PIECES, asked)).all()}
        turns = {row.turn_id for row in rows.values()}
        said = {row.id: row for row in (await self._connection.execute(_SAID, {"turns": [*turns]})).all()}
        return [
            Piece(
                number=number,
                turn=row.turn_id,
                role="assistant" if row.answer else "user",
                text=(said[row.turn_id].answer if row.answer else said[row.turn_id].question)[row.starts : row.ends],
                tokens=row.tokens,
                day=datetime.fromtimestamp(row.started_at / 1000, zone).date(),
                score=score,
            )
            for number, score in scores
            if (row := rows.get(number))
        ]

    async def forget(self, turns: Sequence[int]) -> None:
        """Take turns out of the index, before they are deleted themselves."""
        numbers: dict[int, list[int]] = defaultdict(list)
        for memory_id, number in await self._connection.execute(_NUMBERS, {"turns": turns}):
            numbers[memory_id].append(number)
        for memory_id, those in numbers.items():
            await self._connection.execute(_FORGET_POSTINGS, {"its_memory": memory_id, "numbers": those})
        await self._connection.execute(_FORGET_PIECES, {"turns": turns})


def new_key() -> bytes:
    return secrets.token_bytes(16)


def hashed(term: int, key: bytes) -> int:
    """A term under the key of a memory: 64 bits, signed. Nobody without the key can tell whether a word was said."""
    digest = blake2b(term.to_bytes(8, "big", signed=True), key=key, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _shelf(row: sa.Row[*tuple[Any, ...]]) -> Shelf:
    return Shelf(id=row.id, pieces=row.pieces, length=row.length, key=row.key)


def _piece(shelf: Shelf, number: int, new: NewPiece) -> dict[str, object]:
    return {
        "memory_id": shelf.id,
        "number": number,
        "turn_id": new.turn_id,
        "answer": new.answer,
        "starts": new.starts,
        "ends": new.ends,
        "tokens": new.tokens,
    }


def _postings(shelf: Shelf, number: int, new: NewPiece) -> list[dict[str, int]]:
    counts: dict[int, int] = defaultdict(int)
    for term in new.terms:
        counts[term] += 1
    counted = {term: (count, len(new.terms)) for term, count in counts.items()} | dict.fromkeys(new.dates, (1, 1))
    return [
        {"memory_id": shelf.id, "term": shelf.hashed(term), "number": number, "count": count, "length": length}
        for term, (count, length) in counted.items()
    ]
