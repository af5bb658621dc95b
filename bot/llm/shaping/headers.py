"""What an answer's headers say about limits.

`x-ratelimit-{limit,remaining,reset}-{requests,tokens}` as OpenAI introduced them and others copied, with differences:
Azure sends -1 or 0 where it has nothing to say, Groq means the day's requests and the minute's tokens
(https://console.groq.com/docs/rate-limits), and llama.cpp, Ollama and vLLM send none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.llm.shaping.limits import DAY, Kind, Limits, Name

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One bucket as the server sees it. `limit` and `remaining` in units, `reset` seconds until it is full."""

    kind: Kind
    remaining: int
    limit: int | None = None
    reset: float | None = None

    def meter(self, limits: Limits) -> Name:
        """Which of our limits it is about."""
        if self.kind == "tokens":
            return "tpm"
        if self.limit is None or self.limit == limits.rpm:
            return "rpm"
        return "rpd" if self.limit == limits.rpd or self._daily(self.limit) else "rpm"

    def _daily(self, limit: int) -> bool:
        """Whether the bucket refills so slowly that a day's limit is the only explanation."""
        used = limit - self.remaining
        if not self.reset or used < 1:
            return False
        return abs(self.reset * limit / used - DAY) < DAY / 4


def levels(headers: Mapping[str, str]) -> tuple[Level, ...]:
    """The levels that an answer shows; `headers` ignores case or has lower case names."""
    found = (_level(headers, "requests"), _level(headers, "tokens"))
    return tuple(level for level in found if level is not None)


def duration(text: str | None) -> float | None:
    """Seconds for "12ms", "1.5s", "6m0s" or a plain number of seconds; None for anything else."""
    if not text:
        return None
    plain = text.strip()
    if _DURATION.fullmatch(plain):
        return sum(float(size) * _UNITS[unit] for size, unit in _PART.findall(plain))
    return float(plain) if re.fullmatch(r"\d+(\.\d+)?", plain) else None


def _level(headers: Mapping[str, str], kind: Kind) -> Level | None:
    limit = _count(headers.get(f"x-ratelimit-limit-{kind}"))
    remaining = _count(headers.get(f"x-ratelimit-remaining-{kind}"))
    reset = duration(headers.get(f"x-ratelimit-reset-{kind}"))
    if remaining is None or (limit is not None and not max(1, remaining) <= limit):
        return None
    # Azure's 0 means "unknown". One that is meant comes with the time until there is more.
    return Level(kind=kind, remaining=remaining, limit=limit, reset=reset) if remaining or reset else None


def _count(text: str | None) -> int | None:
    """A number that is not negative: Azure sends -1 for what it does not know."""
    return int(text) if text and text.strip().isdecimal() else None
