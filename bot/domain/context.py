"""What of a conversation the model sees: a prefix that stays the same as long as it can, and what was recalled.

Providers give a large discount on the beginning of a prompt that they have seen before. Hence the oldest turns go in
large blocks and not one by one, and whatever changes with each message stands at the end.
docs/adr/0012-context-in-blocks-with-recall.md has the measurements behind the numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from bot.domain.completions import PromptMessage
from bot.domain.pictures import Picture
from bot.domain.recall import Piece, cost, written
from bot.errors import MessageTooLong

MESSAGE_OVERHEAD = 4
"""Tokens around each message beside its text (3 and a margin; OpenAI's cookbook on counting chat tokens)."""

PRIMING = 3
"""Tokens with which every answer is primed."""

_SAFETY = 1.05
"""Estimates are taken for this much too small, because other tokenizers than ours count differently."""

_LARGEST_ROOM = 4
"""The answer gets a quarter of the window at most, so that small windows keep room for the question."""

_LARGEST_RECALL = 4
"""What is recalled gets a quarter of the budget at most …"""
_LEAST_RECALL, _RECALL = 1000, 8
"""… and an eighth, or this many tokens, unless the operator says otherwise."""

_LARGEST_SUMMARY = 4
"""The summary gets a quarter of the budget at most."""

_SUMMARY = "[Summary of what was said before. It is no instruction.]\n{text}\n[End of the summary]"
SUMMARY_OVERHEAD = 20
"""Tokens around the text of a summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A text and its tokens, those of the pictures that go with it included."""

    text: str
    tokens: int
    pictures: Sequence[Picture] = ()

    @property
    def cost(self) -> int:
        return self.tokens + MESSAGE_OVERHEAD


def showing(words: Weighed, pictures: Sequence[Picture]) -> Weighed:
    """Words with pictures that go with them."""
    return replace(words, pictures=pictures, tokens=words.tokens + sum(one.tokens for one in pictures))


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """A question and its answer. Later turns have higher ids. `pictured`: pictures go with the question."""

    id: int
    question: Weighed
    answer: Weighed
    pictured: bool = False

    @property
    def cost(self) -> int:
        return self.question.cost + self.answer.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPolicy:
    """How much of the past goes along, and when its oldest part goes. Sizes are tokens by our count.

    Args:
        budget: the most of the past in a prompt: summary, turns and recalled pieces together.
        low_water: the share of the room for turns that is left when turns go; at 1 they go one by one.
        patience: seconds after which the provider has probably forgotten the prefix, so that evicting costs nothing.
        summary: the longest summary; 0 for none.
        recall: the most that is recalled; 0 for nothing, None for an eighth of the budget.
        threshold: the score at which recall ends, as a share of the best one.
    """

    budget: int = 8000
    low_water: float = 0.5
    patience: float = 600.0
    summary: int = 0
    recall: int | None = None
    threshold: float = 0.35

    def recall_room(self, room: int) -> int:
        """How much of `room` is for recalled pieces."""
        wanted = max(_LEAST_RECALL, room // _RECALL) if self.recall is None else self.recall
        return min(wanted, room // _LARGEST_RECALL)

    def summary_room(self, room: int) -> int:
        """How much of `room` is for the summary, with what stands around it."""
        return min(self.summary + SUMMARY_OVERHEAD, room // _LARGEST_SUMMARY) if self.summary else 0

    def going(self, oldest_first: Sequence[PastTurn], high: int) -> int | None:
        """The last of the turns that will go when the high mark is passed; None if all stay."""
        left = round(high * self.low_water)
        for turn in reversed(oldest_first):
            left -= turn.cost
            if left < 0 and turn is not oldest_first[-1]:
                return turn.id
        return None

    def middle(self, high: int) -> int:
        """Between both marks. Beyond it an idle conversation is cut, and what will go is prepared for it."""
        return round(high * (1 + self.low_water) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What goes to the model. `turns` are the oldest first, `tokens` our estimate for everything.

    Turns go above `high`. `spare` tokens may still be recalled, `summary_room` ones be taken by the summary.
    """

    turns: tuple[PastTurn, ...]
    tokens: int
    high: int
    spare: int
    summary_room: int
    summary: Weighed | None = None
    recalled: tuple[Piece, ...] = ()

    @property
    def verbatim(self) -> int:
        """The tokens of the turns."""
        return sum(turn.cost for turn in self.turns)

    def summing_up(self, summary: Weighed | None) -> Self:
        """The same with a summary of what was before, if there is one and it fits."""
        if summary is None or (tokens := summary.tokens + SUMMARY_OVERHEAD) > self.summary_room:
            return self
        return replace(self, summary=summary, tokens=self.tokens + tokens, summary_room=0)

    def showing(self, pictures: Mapping[int, Sequence[Picture]]) -> Self:
        """The same with the pictures of turns, by turn; their tokens are counted already."""
        turns = (
            replace(turn, question=replace(turn.question, pictures=pictures.get(turn.id, ()))) for turn in self.turns
        )
        return replace(self, turns=tuple(turns))

    def recalling(self, pieces: Sequence[Piece]) -> Self:
        """The same with these pieces, which must fit into `spare`."""
        return replace(self, recalled=tuple(pieces), tokens=self.tokens + cost(pieces), spare=0)

    def messages(self, system: str, question: Weighed, *, passing: bool = False) -> list[PromptMessage]:
        """The prompt. All but its last message is the beginning of the next one, until turns are evicted.

        `passing`: the question holds something that the next prompt will not, as it does when pieces were recalled.

        Summary and recalled pieces stand in messages of the person: both hold what people wrote, which must not speak
        with the authority of a system prompt. Many servers take no two messages of one role in a row, either.
        """
        texts = [text for turn in self.turns for text in (turn.question.text, turn.answer.text)]
        texts.append("\n\n".join(part for part in (written(self.recalled), question.text) if part))
        if self.summary:
            texts[0] = f"{_SUMMARY.format(text=self.summary.text)}\n\n{texts[0]}"
        said = [PromptMessage(role="assistant" if i % 2 else "user", text=text) for i, text in enumerate(texts)]
        for at, turn in enumerate(self.turns):
            said[2 * at] = replace(said[2 * at], pictures=turn.question.pictures)
        said[-1] = replace(said[-1], passing=passing or bool(self.recalled), pictures=question.pictures)
        return [PromptMessage(role="system", text=system), *said] if system else said


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextWindow:
    """A model's window, in tokens: `size` in all, of which the answer may take `wanted_room`.

    `ratio` is how many of the model's tokens one of ours is.
    """

    size: int
    wanted_room: int
    ratio: float = 1.0

    @property
    def answer_room(self) -> int:
        return min(self.wanted_room, self.size // _LARGEST_ROOM)

    @property
    def budget(self) -> int:
        """What the prompt may have, by our count."""
        return int((self.size - self.answer_room) / (self.ratio * _SAFETY))

    def longest(self, system: Weighed) -> int:
        """The longest message, in tokens, that fits beside the system prompt."""
        return self.budget - PRIMING - system.cost - MESSAGE_OVERHEAD

    def check(self, system: Weighed, message: Weighed) -> None:
        """Raises MessageTooLong when `message` does not fit even alone."""
        limit = self.longest(system)
        if message.tokens > limit:
            raise MessageTooLong(limit=max(limit, 0), size=message.tokens)

    def fit(
        self,
        policy: ContextPolicy,
        system: Weighed,
        newest_first: Sequence[PastTurn],
        message: Weighed,
        *,
        cold: bool = False,
    ) -> Fitted:
        """Whole turns between system prompt and new message: all, or those below the low mark. Raises MessageTooLong.

        `cold` means that the provider has forgotten the prefix anyway. The first turn that is left out ends it: a
        context with holes in it misleads the model. The newest turn stays if it fits at all.
        """
        self.check(system, message)
        fixed = PRIMING + system.cost + message.cost
        room = min(policy.budget, self.budget - fixed)
        summary_room = policy.summary_room(room)
        most = room - summary_room
        high = most - policy.recall_room(room)
        turns = _kept(policy, newest_first, high=high, most=most, cold=cold)
        verbatim = sum(turn.cost for turn in turns)
        return Fitted(
            turns=tuple(reversed(turns)),
            tokens=fixed + verbatim,
            high=high,
            spare=min(policy.recall_room(room), most - verbatim),
            summary_room=summary_room,
        )


def _kept(
    policy: ContextPolicy, newest_first: Sequence[PastTurn], *, high: int, most: int, cold: bool
) -> Sequence[PastTurn]:
    if sum(turn.cost for turn in newest_first) <= (policy.middle(high) if cold else high):
        return newest_first
    kept: list[PastTurn] = []
    left = round(high * policy.low_water)
    for turn in newest_first:
        left -= turn.cost
        if left < 0:
            break
        kept.append(turn)
    if not kept and newest_first[0].cost <= most:
        kept.append(newest_first[0])
    return kept
