"""What of a conversation the model sees: whole turns, as many as fit."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import MessageTooLong

MESSAGE_OVERHEAD = 4
"""Tokens around each message beside its text (3 and a margin; OpenAI's cookbook on counting chat tokens)."""

PRIMING = 3
"""Tokens with which every answer is primed."""

_SAFETY = 0.05
"""Share of the window kept free, because other tokenizers than ours count differently."""

_LARGEST_ROOM = 4
"""The answer gets a quarter of the window at most, so that small windows keep room for the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A text and its tokens."""

    text: str
    tokens: int

    @property
    def cost(self) -> int:
        return self.tokens + MESSAGE_OVERHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """A question and its answer."""

    question: Weighed
    answer: Weighed

    @property
    def cost(self) -> int:
        return self.question.cost + self.answer.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What goes to the model. `turns` are the oldest first, `tokens` our estimate for everything."""

    turns: tuple[PastTurn, ...]
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextWindow:
    """A model's window, in tokens: `size` in all, of which the answer may take `answer_room`."""

    size: int
    wanted_room: int

    @property
    def answer_room(self) -> int:
        return min(self.wanted_room, self.size // _LARGEST_ROOM)

    @property
    def budget(self) -> int:
        """What the prompt may have."""
        return self.size - self.answer_room - round(self.size * _SAFETY)

    def smaller(self, size: int | None) -> "ContextWindow":
        """The window as an endpoint turned out to have it; half of ours if it did not say how large."""
        shrunk = size if size is not None and size < self.size else self.size // 2
        return ContextWindow(size=shrunk, wanted_room=self.wanted_room)

    def longest(self, system: Weighed) -> int:
        """The longest message, in tokens, that fits beside the system prompt."""
        return self.budget - PRIMING - system.cost - MESSAGE_OVERHEAD

    def check(self, system: Weighed, message: Weighed) -> None:
        """Raises MessageTooLong when `message` does not fit even alone."""
        limit = self.longest(system)
        if message.tokens > limit:
            raise MessageTooLong(limit=max(limit, 0), size=message.tokens)

    def fit(self, system: Weighed, newest_first: Iterable[PastTurn], message: Weighed) -> Fitted:
        """The newest whole turns that fit between system prompt and new message. Raises MessageTooLong.

        The first turn that does not fit ends it: a context with holes in it misleads the model.
        """
        self.check(system, message)
        tokens = PRIMING + system.cost + message.cost
        turns: list[PastTurn] = []
        for turn in newest_first:
            if tokens + turn.cost > self.budget:
                break
            tokens += turn.cost
            turns.append(turn)
        return Fitted(turns=tuple(reversed(turns)), tokens=tokens)
