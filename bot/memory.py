"""Memory: what of a conversation goes along with a new message, and what is recalled of the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import islice

from bot.chores import Chore
from bot.domain.context import ContextPolicy, ContextWindow, Fitted, PastTurn, Weighed
from bot.domain.recall import Piece, Posting, pack, rank
from bot.domain.terms import dates_in, key, terms
from bot.ports import Clock
from bot.storage import Shelf, StoredContext, UnitOfWork

_MOST_POSTINGS = 500
"""Read for one search. It bounds what searching takes, however much an account has said: see `benchmarks.recall`."""

_MOST_TERMS = 64
_GIST = 4000
"""Characters of a message that are searched for: so many at its beginning and at its end."""

_MOST_SHELVES = 10
"""Other conversations that are searched, the newest ones."""

_APART = 10**9
"""Between the numbers of pieces of different conversations, so that none is near another."""

_AT_ONCE = 40
"""Pieces that are read at once: as many as have room, if they are short."""

NEVER = 2**62
"""A turn that nobody will live to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was said before a turn: the newest first, back to the cut or as far as any window reaches.

    `beyond` means that the cut lies elsewhere than the turns say: it has to be set anew.
    """

    conversation: int
    account: int
    turn: int
    turns: Sequence[PastTurn]
    context: StoredContext
    spoken_at: int = 0
    beyond: bool = False

    @property
    def tokens(self) -> int:
        return sum(turn.cost for turn in self.turns)

    @property
    def pictured(self) -> bool:
        """Whether pictures are among it."""
        return any(turn.pictured for turn in self.turns)


class Memory:
    """Chooses the past for each turn. `elsewhere`: whether other conversations of a person are searched, in private."""

    def __init__(self, policy: ContextPolicy, *, clock: Clock, zone: tzinfo, elsewhere: bool = False) -> None:
        self.policy = policy
        self._clock = clock
        self._zone = zone
        self._elsewhere = elsewhere

    async def past(self, work: UnitOfWork, *, conversation: int, account: int, turn: int) -> Past:
        """What may go along with a turn."""
        context = await work.contexts.of(conversation)
        past = Past(conversation=conversation, account=account, turn=turn, turns=(), context=context)
        found = await self._back_to(work, past, context.cut)
        if found.turns or not context.cut:
            return found
        # Everything after the cut was undone or asked anew from an earlier turn on: what was before it is near again.
        return replace(await self._back_to(work, past, 0), beyond=True)

    async def _back_to(self, work: UnitOfWork, past: Past, cut: int) -> Past:
        turns: list[PastTurn] = []
        tokens, spoken_at = 0, 0
        async for stored in work.history.recent(past.conversation, before=past.turn, since=cut):
            question = Weighed(text=stored.question, tokens=stored.question_tokens)
            answer = Weighed(text=stored.answer, tokens=stored.answer_tokens)
            turns.append(PastTurn(id=stored.id, question=question, answer=answer, pictured=stored.pictures > 0))
            tokens += turns[-1].cost
            spoken_at = spoken_at or stored.at
            if tokens > self.policy.budget:
                break
        return replace(past, turns=turns, spoken_at=spoken_at)

    async def fit(
        self,
        work: UnitOfWork,
        past: Past,
        window: ContextWindow,
        *,
        system: Weighed,
        question: Weighed,
        about: str,
        private: bool,
    ) -> Fitted:
        """What goes along: evicts what has to go, remembers where the prompt begins, recalls. Raises MessageTooLong.

        `about` is what is searched for: what the person said, without what is added to the question.
        """
        fitted, cut = self._fitted(past, window, system, question)
        context = past.context
        # Chores are left before the context is touched: those that do them lock their lane first, and then that.
        if self._elsewhere and private and not past.turns:
            await self._index_previous(work, past)
        if cut is not None:
            await self._index_late(work, past, fitted)
            context = await work.contexts.cut(past.conversation, cut)
        return await self._completed(work, past, fitted, context, about, private=private)

    async def preview(
        self,
        work: UnitOfWork,
        past: Past,
        window: ContextWindow,
        *,
        system: Weighed,
        question: Weighed,
        about: str,
        private: bool,
    ) -> Fitted:
        """What would go along, if this were the next message. Changes nothing. Raises MessageTooLong."""
        fitted, cut = self._fitted(past, window, system, question)
        context = past.context if cut is None else replace(past.context, cut=cut)
        return await self._completed(work, past, fitted, context, about, private=private)

    def _fitted(
        self, past: Past, window: ContextWindow, system: Weighed, question: Weighed
    ) -> tuple[Fitted, int | None]:
        """Which turns fit, and where the prompt begins if it begins elsewhere than before."""
        cold = self._clock.now().timestamp() - past.spoken_at / 1000 > self.policy.patience
        fitted = window.fit(self.policy, system, past.turns, question, cold=cold)
        moved = past.beyond or len(fitted.turns) < len(past.turns)
        cut = fitted.turns[0].id if fitted.turns else past.turn
        return fitted, cut if moved else None

    async def _completed(
        self, work: UnitOfWork, past: Past, fitted: Fitted, context: StoredContext, about: str, *, private: bool
    ) -> Fitted:
        """With its pictures, the summary, and what is recalled."""
        if pictured := [turn.id for turn in fitted.turns if turn.pictured]:
            fitted = fitted.showing(await work.pictures.of(pictured))
        if context.summary:
            fitted = fitted.summing_up(Weighed(text=context.summary.text, tokens=context.summary.tokens))
        if fitted.spare <= 0:
            return fitted
        shelves = await self._shelves(work, past, context, private=private)
        return fitted.recalling(await self.recall(work, shelves, about, room=fitted.spare))

    async def _index_late(self, work: UnitOfWork, past: Past, fitted: Fitted) -> None:
        """What goes is in the index already, unless very much was said at once."""
        gone = past.turns[len(fitted.turns) :]
        if gone and gone[0].id > past.context.indexed and self.policy.recall != 0:
            await self._leave(work, "index", past.conversation, f"{past.conversation}:{gone[0].id}:late")

    async def prepare(self, work: UnitOfWork, conversation: int, turn: PastTurn, fitted: Fitted) -> None:
        """After a turn: long before turns have to go they are put into the index and summed up, once for each cut."""
        if fitted.verbatim + turn.cost <= self.policy.middle(fitted.high):
            return
        first = fitted.turns[0].id if fitted.turns else turn.id
        if self.policy.recall != 0:
            await self._leave(work, "index", conversation, f"{conversation}:{first}")
        upto = self.policy.going([*fitted.turns, turn], fitted.high)
        if self.policy.summary and upto is not None:
            await self._leave(work, "summary", conversation, f"{conversation}:{first}", upto=upto)

    async def _leave(self, work: UnitOfWork, kind: str, conversation: int, occasion: str, **facts: int) -> None:
        chore = Chore(kind=kind, about=f"conversation-{conversation}", facts={"conversation": conversation, **facts})
        await work.inbox.put(chore.arrival(occasion, at=round(self._clock.now().timestamp() * 1000)))

    async def _shelves(
        self, work: UnitOfWork, past: Past, context: StoredContext, *, private: bool
    ) -> list[tuple[Shelf, int]]:
        """Where to search and before which turn: what goes along word for word is not recalled as well."""
        found: list[tuple[Shelf, int]] = []
        if self._elsewhere and private:
            others = await work.memories.others(past.account, past.conversation, most=_MOST_SHELVES)
            found += [(shelf, NEVER) for shelf in reversed(others)]
        own = await work.memories.shelf(past.account, past.conversation) if context.cut else None
        return [*found, (own, context.cut)] if own else found

    async def _index_previous(self, work: UnitOfWork, past: Past) -> None:
        """A new conversation begins: the one before it is complete."""
        if (previous := await work.spoken.previous(past.account, past.conversation)) is not None:
            await self._leave(work, "index", previous, f"{previous}:{past.conversation}:left")

    async def recall(
        self, work: UnitOfWork, shelves: Sequence[tuple[Shelf, int]], text: str, *, room: int
    ) -> list[Piece]:
        """The pieces that belong to a text, as many as fit into `room` tokens."""
        gist = text if len(text) <= 2 * _GIST else f"{text[:_GIST]}\n{text[-_GIST:]}"
        words, dates = _keys(terms(gist)), _keys(dates_in(gist))
        if not shelves or not words:
            return []
        most = _MOST_POSTINGS // len(shelves)
        found = [await work.memories.postings(shelf, [*words, *dates], most=most) for shelf, _ in shelves]
        pieces = sum(shelf.pieces for shelf, _ in shelves)
        hits = rank(
            [_together(found, word) for word in words],
            [_together(found, date) for date in dates],
            pieces=pieces,
            length=sum(shelf.length for shelf, _ in shelves) / max(1, pieces),
            threshold=self.policy.threshold,
        )
        return pack(await self._pieces(work, shelves, hits, room), room=room)

    async def _pieces(
        self, work: UnitOfWork, shelves: Sequence[tuple[Shelf, int]], hits: Iterable[tuple[int, float]], room: int
    ) -> list[Piece]:
        """What was found, the best first, until it is more than there is room for."""
        ranked, pieces = iter(hits), list[Piece]()
        while (some := list(islice(ranked, _AT_ONCE))) and sum(piece.cost for piece in pieces) < room:
            for at, (shelf, before) in enumerate(shelves):
                pieces += await self._read(work, shelf, some, at=at, before=before)
        return sorted(pieces, key=lambda piece: -piece.score)

    async def _read(
        self, work: UnitOfWork, shelf: Shelf, hits: Sequence[tuple[int, float]], *, at: int, before: int
    ) -> list[Piece]:
        own = [(number - at * _APART, score) for number, score in hits if number // _APART == at]
        if not own:
            return []
        pieces = await work.memories.pieces(shelf, own, before=before, zone=self._zone)
        return [replace(piece, number=piece.number + at * _APART) for piece in pieces]


def _keys(found: Sequence[str]) -> list[int]:
    """Of a long message the beginning and the end."""
    keys = list(dict.fromkeys(map(key, found)))
    return keys if len(keys) <= _MOST_TERMS else [*keys[: _MOST_TERMS // 2], *keys[-_MOST_TERMS // 2 :]]


def _together(found: Sequence[dict[int, list[Posting]]], term: int) -> list[Posting]:
    """The postings of a term in all conversations, whose numbers are kept apart."""
    return [
        (at * _APART + number, count, length)
        for at, postings in enumerate(found)
        for number, count, length in postings.get(term, ())
    ]
