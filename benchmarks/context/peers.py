"""How others keep a conversation within a budget: each sees every message, and says what it would send."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.context.dialogues import Message
from benchmarks.context.providers import Segment, Sent
from bot.domain.context import MESSAGE_OVERHEAD

SYSTEM = 400
"""Tokens of everybody's system prompt, which come on top of the budget, as the new message does."""


@dataclass(slots=True)
class Peer:
    """No limit at all: everything is sent. Others override `evict`."""

    budget: int
    summary: int = 0
    said: list[Message] = field(default_factory=list)
    start: int = 0
    tokens: int = 0
    version: int = 0
    aside: list[tuple[int, int]] = field(default_factory=list)

    def ask(self, message: Message) -> Sent:
        """What is sent with a new message."""
        self.aside = []
        self.evict()
        segments: list[Segment] = [("system", SYSTEM)]
        if self.version:
            segments.append((("summary", self.version), self.summary + MESSAGE_OVERHEAD))
        segments += [(one.number, one.cost) for one in self.kept]
        return Sent(segments=[*segments, (message.number, message.cost)], aside=tuple(self.aside))

    def hear(self, message: Message) -> None:
        """The message, or its answer, is history now."""
        self.said.append(message)
        self.tokens += message.cost

    @property
    def kept(self) -> Sequence[Message]:
        return self.said[self.start :]

    def holds(self, number: int) -> bool:
        return number >= self.start

    def evict(self) -> None:
        """Before a new message is sent."""

    def drop(self) -> int:
        gone = self.said[self.start].cost
        self.tokens -= gone
        self.start += 1
        return gone

    @property
    def summed(self) -> int:
        return self.summary if self.version else 0

    def sum_up(self, tokens: int) -> None:
        self.aside.append((tokens, self.summary))
        self.version += 1


class Sliding(Peer):
    """The common bot: the oldest message goes when there is no room for the new one."""

    def evict(self) -> None:
        while self.tokens > self.budget and self.kept:
            self.drop()


class FifteenMessages(Peer):
    """n3d1117/chatgpt-telegram-bot: beyond 15 messages, or the limit, all are summed up in 700 characters."""

    most = 15

    def evict(self) -> None:
        # With the system prompt, the summary and the new message.
        messages = len(self.kept) + bool(self.version) + 2
        if messages > self.most or self.tokens + self.summed > self.budget:
            self.sum_up(self.tokens + self.summed + 30)
            while self.kept:
                self.drop()


class ByTokens(FifteenMessages):
    """The same with its limit of messages out of the way."""

    most = 10**9


class Middleware(Peer):
    """LangChain's SummarizationMiddleware: at the limit 20 messages stay, at most 4,000 tokens are summed up."""

    def evict(self) -> None:
        if (before := self.tokens + self.summed) < self.budget:
            return
        while self.kept and (len(self.kept) > 20 or self.tokens + self.summary > self.budget):
            self.drop()
        self.sum_up(min(4000, before - self.tokens) + 600)


class Buffer(Peer):
    """LangChain's ConversationSummaryBufferMemory: what has no room is folded into the summary, on every turn."""

    def evict(self) -> None:
        pruned = 0
        while self.tokens > self.budget - self.summary:
            pruned += self.drop()
        if pruned:
            self.sum_up(pruned + self.summary + 350)


PEERS: dict[str, tuple[type[Peer], int]] = {
    "full history": (Peer, 0),
    "sliding window": (Sliding, 0),
    "n3d1117, 15 messages": (FifteenMessages, 175),
    "n3d1117, by tokens": (ByTokens, 175),
    "LangChain middleware": (Middleware, 400),
    "LangChain summary buffer": (Buffer, 300),
}
"""Each with the tokens of its summaries."""
