"""What providers charge for a prompt of which they have seen the beginning before.

Prices are US$ for a million tokens (November 2026). Two ways of caching: up to GPT-5.5 the longest common prefix with
an earlier prompt, from 1,024 tokens in steps of 128; since then, as with Claude, only at breakpoints, which cost a
quarter more to write. https://developers.openai.com/api/docs/guides/prompt-caching
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Segment = tuple[object, int]
"""What it is, and its tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A prompt. `segments` come again in the next one, but for what changed; the new message is the last of them.

    `passing` tokens stand just before the new message and do not come again. `aside` are calls of a summariser: tokens
    in and out.
    """

    segments: Sequence[Segment]
    passing: int = 0
    aside: Sequence[tuple[int, int]] = ()

    @property
    def tokens(self) -> int:
        return sum(tokens for _, tokens in self.segments) + self.passing


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    name: str
    input: float
    cached: float
    write: float = 0.0


PRICES = (
    Prices(name="gpt-4o-mini", input=0.15, cached=0.075),
    Prices(name="gpt-5-mini", input=0.25, cached=0.025),
    Prices(name="gpt-6.1-terra", input=1.0, cached=0.05, write=1.25),
)
SUMMARISER_IN, SUMMARISER_OUT = 0.05, 0.40
"""gpt-5-nano writes everybody's summaries."""

_LEAST, _STEP = 1024, 128
_LIVE = 4
"""Earlier prompts that are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    tokens: int
    hit: int
    dollars: float


class PrefixCache:
    """Automatic: the longest common prefix with an earlier prompt that is still alive."""

    def __init__(self, prices: Prices, *, life: timedelta = timedelta(seconds=600)) -> None:
        self._prices = prices
        self._life = life
        self._live: list[tuple[datetime, Sequence[Segment]]] = []

    def bill(self, sent: Sent, at: datetime) -> Bill:
        self._live = [(then, segments) for then, segments in self._live if at - then <= self._life]
        longest = max((_common(segments, sent.segments) for _, segments in self._live), default=0)
        hit = longest - longest % _STEP if longest >= _LEAST else 0
        again = sent.segments[:-1] if sent.passing else sent.segments
        self._live = [*self._live, (at, again)][-_LIVE:]
        dollars = (hit * self._prices.cached + (sent.tokens - hit) * self._prices.input) / 1e6
        return Bill(tokens=sent.tokens, hit=hit, dollars=dollars)


def _common(one: Sequence[Segment], other: Sequence[Segment]) -> int:
    tokens = 0
    for mine, yours in zip(one, other, strict=False):
        if mine != yours:
            break
        tokens += mine[1]
    return tokens


class BreakpointCache:
    """Only what ends at a breakpoint is found again, and writing it costs more.

    `explicit`: the breakpoint is set before what changes; else it stands at the end of the prompt, as by default.
    """

    def __init__(self, prices: Prices, *, explicit: bool, life: timedelta = timedelta(seconds=1800)) -> None:
        self._prices = prices
        self._explicit = explicit
        self._life = life
        self._live: dict[tuple[Segment, ...], datetime] = {}

    def bill(self, sent: Sent, at: datetime) -> Bill:
        self._live = {prefix: then for prefix, then in self._live.items() if at - then <= self._life}
        prefixes = [tuple(sent.segments[:end]) for end in range(1, len(sent.segments) + 1)]
        sizes = [sum(tokens for _, tokens in prefix) for prefix in prefixes]
        known = [(size, prefix) for size, prefix in zip(sizes, prefixes, strict=True) if prefix in self._live]
        hit, used = max(known, default=(0, ()), key=lambda one: one[0])
        if hit < _LEAST:
            hit, used = 0, ()
        written = self._written(sent, prefixes, sizes, hit, at)
        if used:
            self._live[used] = at
        rest = sent.tokens - hit - written
        dollars = (hit * self._prices.cached + written * self._prices.write + rest * self._prices.input) / 1e6
        return Bill(tokens=sent.tokens, hit=hit, dollars=dollars)

    def _written(
        self, sent: Sent, prefixes: Sequence[tuple[Segment, ...]], sizes: Sequence[int], hit: int, at: datetime
    ) -> int:
        if sent.passing and not self._explicit:
            return sent.tokens - hit  # at the end of what never comes again: paid for nothing
        # Breakpoints stand in messages of people: before what passes, that is two messages before the new one.
        end = -3 if sent.passing and len(prefixes) > 3 else -1
        if sizes[end] < _LEAST:
            return 0
        self._live[prefixes[end]] = at
        return max(0, sizes[end] - hit)
