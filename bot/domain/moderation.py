"""What people may not say here and models may not answer: how strict one is, words, strikes and what follows them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from bot.domain.names import folded

Strictness = Literal["off", "flag", "block"]
"""Do not look; note what was found and answer; or do not answer."""

WORD = "word"
"""The category of what stands on the operator's list."""


@dataclass(frozen=True, kw_only=True)
class WordList:
    """Words and phrases, compared whatever their case, their form in Unicode and the unseen characters in them.

    Words of letters count as whole words; those with Chinese, Japanese or Korean characters wherever they stand.
    """

    words: tuple[str, ...] = ()

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        parts = [_bounded(folded(word)) for word in self.words if folded(word)]
        return re.compile("|".join(parts)) if parts else None

    def found_in(self, text: str) -> bool:
        """Whether one of them stands in the text."""
        return self._pattern is not None and self._pattern.search(folded(text)) is not None


def _bounded(word: str) -> str:
    spaced = not any("\u2e80" <= letter <= "\ud7a3" for letter in word)
    return rf"(?<!\w){re.escape(word)}(?!\w)" if spaced else re.escape(word)


@dataclass(frozen=True, kw_only=True)
class ModerationPolicy:
    """What an operator set.

    `plans` are plans with a strictness other than `base`; `answers` says whether what models answer is looked at too.
    After `strikes` blocked messages within `within` milliseconds a person has to wait for the first of `timeouts`
    (milliseconds), after as many again for the next, and so on; the last one stays. 0 strikes: nobody has to wait.
    """

    base: Strictness = "off"
    plans: Mapping[str, Strictness] = field(default_factory=dict)
    words: WordList = field(default_factory=WordList)
    answers: bool = False
    strikes: int = 3
    within: int = 24 * 3_600_000
    timeouts: tuple[int, ...] = (10 * 60_000, 3_600_000, 24 * 3_600_000)

    def of(self, plan: str) -> Strictness:
        """How strict one is with somebody on that plan."""
        return self.plans.get(plan, self.base)

    @property
    def active(self) -> bool:
        """Whether anybody's messages are looked at."""
        return self.base != "off" or any(one != "off" for one in self.plans.values())

    def until(self, strikes: Sequence[int], now: int) -> int | None:
        """When somebody with strikes at these times (ascending) may write again; None if now."""
        recent = [at for at in strikes if now - at < self.within]
        if not self.strikes or not self.timeouts or len(recent) < self.strikes:
            return None
        times = len(recent) // self.strikes
        last = recent[times * self.strikes - 1]
        until = last + self.timeouts[min(times, len(self.timeouts)) - 1]
        return until if until > now else None
