"""Parley's own code, turn by turn: `bot.memory` on a database of its own, or the pure window where there is no text."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.context.dialogues import Dialogue, Exchange, Message, Tokens
from benchmarks.context.peers import SYSTEM
from benchmarks.context.providers import Segment, Sent
from bot.domain.context import MESSAGE_OVERHEAD, ContextPolicy, ContextWindow, Fitted, PastTurn, Weighed
from bot.domain.recall import cost
from bot.indexing import Indexing
from bot.memory import Memory
from bot.storage import Spoken, Storage, UnitOfWork
from bot.storage.tables import TurnState, account, conversation, turn

WINDOW = ContextWindow(size=1_000_000, wanted_room=4096)
_SYSTEM = Weighed(text="", tokens=SYSTEM - MESSAGE_OVERHEAD)

TAIL = 0.75
"""The share of its room that recall fills, as measured where there is text."""


class Then:
    """A clock that stands where the dialogue is."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


class Talk:
    """One dialogue in a conversation of its own. `phase` moves the first eviction, and with it all of them."""

    def __init__(self, storage: Storage, tokens: Tokens, policy: ContextPolicy, number: int, phase: float) -> None:
        self._storage = storage
        self._number = number
        self._policy = policy
        self._clock = Then()
        self._memory = Memory(policy, clock=self._clock, zone=UTC)
        self._memory.policy = replace(policy, low_water=policy.low_water + phase * (1 - policy.low_water))
        self._indexing = Indexing(tokens, UTC)
        self._exchanges: list[Exchange] = []

    async def begin(self) -> None:
        async with self._storage._engine.begin() as connection:  # noqa: SLF001 - rows that no command makes
            await connection.execute(sa.insert(account).values(id=self._number, created_at=0))
            row = {"id": self._number, "place": f"bench:{self._number}", "started_at": 0}
            await connection.execute(sa.insert(conversation).values(row))

    async def ask(self, message: Message) -> Fitted:
        self._clock.at = message.at
        question = Weighed(text=message.text, tokens=message.tokens)
        async with self._storage.begin() as work:
            past = await self._memory.past(
                work, conversation=self._number, account=self._number, turn=self._turn(len(self._exchanges))
            )
            fitted = await self._memory.fit(
                work, past, WINDOW, system=_SYSTEM, question=question, about=message.text, private=True
            )
        if len(fitted.turns) < len(past.turns):
            self._memory.policy = self._policy
        return fitted

    async def hear(self, exchange: Exchange) -> None:
        """It is history now, and in the index."""
        number = self._turn(len(self._exchanges))
        self._exchanges.append(exchange)
        question, answer = ("\n".join(one.text for one in side) for side in (exchange.asked, exchange.answered))
        at = round((exchange.asked or exchange.answered)[0].at.timestamp() * 1000)
        row = {
            "id": number,
            "inbox_id": number,
            "conversation_id": self._number,
            "account_id": self._number,
            "state": TurnState.ANSWERED,
            "question": question,
            "question_tokens": sum(one.tokens for one in exchange.asked),
            "answer": answer,
            "answer_tokens": sum(one.tokens for one in exchange.answered),
            "started_at": at,
            "finished_at": round((exchange.answered or exchange.asked)[-1].at.timestamp() * 1000),
        }
        async with self._storage.begin() as work:
            await _insert(work, row)
            spoken = Spoken(id=number, account=self._number, question=question, answer=answer, tokens=0, at=at)
            await work.memories.add(self._number, self._number, await self._indexing.pieces(spoken))
            await work.contexts.index(self._number, number)

    def _turn(self, position: int) -> int:
        return self._number * 100_000 + position

    def held(self, fitted: Fitted) -> set[int]:
        """The numbers of the messages that are word for word in the prompt."""
        held = {number for one in fitted.turns for number in self._of(one.id).numbers}
        for piece in fitted.recalled:
            exchange = self._of(piece.turn)
            side = exchange.asked if piece.role == "user" else exchange.answered
            held |= {message.number for message in side if message.text in piece.text}
        return held

    def _of(self, number: int) -> Exchange:
        return self._exchanges[number - self._turn(0)]


async def _insert(work: UnitOfWork, row: dict[str, object]) -> None:
    await work.spoken._connection.execute(sa.insert(turn), row)  # noqa: SLF001 - as of old, not of now


def sent(fitted: Fitted, message: Message) -> Sent:
    segments: list[Segment] = [("system", SYSTEM)]
    for one in fitted.turns:
        segments += [((one.id, "question"), one.question.cost), ((one.id, "answer"), one.answer.cost)]
    following = fitted.turns[-1].id + 1 if fitted.turns else 0
    segments.append(((following, "question"), message.cost))
    return Sent(segments=segments, passing=cost(fitted.recalled))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Storage]:
    storage = Storage.open(f"sqlite+aiosqlite:///{folder}/context.db")
    await storage.upgrade()
    yield storage
    await storage.close()


def without_text(dialogue: Dialogue, policy: ContextPolicy) -> list[tuple[Sent, datetime]]:
    """The window alone, recall taken to fill its usual share."""
    prompts: list[tuple[Sent, datetime]] = []
    kept: Sequence[PastTurn] = ()
    gone, spoken = False, dialogue.messages[0].at
    for number, exchange in enumerate(dialogue.exchanges):
        (asked,), (answered,) = exchange.asked, exchange.answered
        question = Weighed(text="", tokens=asked.tokens)
        cold = (asked.at - spoken).total_seconds() > policy.patience
        fitted = WINDOW.fit(policy, _SYSTEM, kept, question, cold=cold)
        gone = gone or len(fitted.turns) < len(kept)
        passing = int(TAIL * fitted.spare) if gone else 0
        prompts.append((replace(sent(fitted, asked), passing=passing), asked.at))
        answer = Weighed(text="", tokens=answered.tokens)
        kept = (PastTurn(id=number, question=question, answer=answer), *reversed(fitted.turns))
        spoken = answered.at
    return prompts
