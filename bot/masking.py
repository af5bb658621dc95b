"""Masking: models see placeholders instead of personal data, people read what those stand for."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.domain.completions import Call, FinishReason, Lost, Prompt, Usage
from bot.domain.masks import Masks, Unmasking
from bot.domain.personal import Find, Finding, personal
from bot.errors import ConfigError
from bot.moderation import Judge
from bot.ports import Completion, Model, OnWait
from bot.settings import Settings

_LINE = re.compile(r"([A-Z]{2,16})\s+(\S.*)")
_HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which people can send and UTF-8 has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """What an operator set: `plans` are plans with another choice than `base`, `patterns` find what else is hidden."""

    base: bool = False
    plans: Mapping[str, bool] = field(default_factory=dict)
    patterns: Sequence[tuple[str, Find]] = ()

    @property
    def active(self) -> bool:
        """Whether it holds for anybody. What is asked on nobody's behalf is masked then."""
        return self.base or any(self.plans.values())

    def covers(self, plan: str, *, private: bool) -> bool:
        """Whether it holds for whoever is on a plan; in groups for all as soon as for any, whose words they quote."""
        return self.plans.get(plan, self.base) if private else self.active

    def masks(self) -> Masks:
        """For one prompt."""
        return Masks((personal, *(find for _, find in self.patterns)), [kind for kind, _ in self.patterns])


class MaskedModel:
    """The Model port before another one, for prompts that are to be masked."""

    def __init__(self, model: Model, masking: Masking) -> None:
        self._model = model
        self._masking = masking

    def complete(self, prompt: Prompt, on_wait: OnWait | None = None) -> Completion:
        if not prompt.masked:
            return self._model.complete(prompt, on_wait)
        return MaskedCompletion(self._model, prompt, on_wait, self._masking.masks())


class MaskedCompletion:
    """The Completion port: an answer to the masked prompt, restored."""

    def __init__(self, model: Model, prompt: Prompt, on_wait: OnWait | None, masks: Masks) -> None:
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = ""
        self.service_tier: str | None = None
        self.call: Call | None = None
        self.thought = 0
        self.lost: list[Lost] = []
        self._model = model
        self._prompt = prompt
        self._on_wait = on_wait
        self._masks = masks
        self._pieces: AsyncGenerator[str] | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        self._pieces = self._answer()
        return self._pieces

    async def aclose(self) -> None:
        if self._pieces is not None:
            await self._pieces.aclose()

    async def _answer(self) -> AsyncGenerator[str]:
        # A long prompt takes tens of milliseconds, in which others are served.
        prompt = await asyncio.to_thread(self._masked)
        completion, unmasking = self._model.complete(prompt, self._on_wait), Unmasking(self._masks)
        try:
            async for piece in completion:
                if shown := unmasking.feed(piece):
                    yield shown
            if rest := unmasking.rest():
                yield rest
        finally:
            await completion.aclose()
            self._adopt(completion)

    def _masked(self) -> Prompt:
        messages = [replace(one, text=self._masks.mask(one.text)) for one in self._prompt.messages]
        return replace(self._prompt, messages=messages)

    def _adopt(self, completion: Completion) -> None:
        self.usage, self.finish_reason = completion.usage, completion.finish_reason
        self.model, self.service_tier = completion.model, completion.service_tier
        self.thought = completion.thought
        self.call = replace(completion.call, masked=bool(self._masks.values)) if completion.call else None
        self.lost += completion.lost


class MaskedJudge:
    """A Judge before another one, which judges the masked text."""

    def __init__(self, judge: Judge, masking: Masking) -> None:
        self._judge = judge
        self._masking = masking

    async def categories(self, text: str) -> Sequence[str]:
        return await self._judge.categories(await asyncio.to_thread(self._masking.masks().mask, text))


def masking_of(settings: Settings) -> Masking:
    """What the operator set. Raises ConfigError with every line of the patterns that cannot be used."""
    patterns = _patterns(settings.masking_patterns) if settings.masking_patterns else ()
    return Masking(base=settings.masking, plans=settings.masking_plans, patterns=patterns)


def _patterns(file: Path) -> Sequence[tuple[str, Find]]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"MASKING_PATTERNS: {file} cannot be read ({error})"]) from None
    found: list[tuple[str, Find]] = []
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                found.append(_pattern(line))
            except ValueError as error:
                problems.append(f"MASKING_PATTERNS: {file}, line {number}: {error}")
    if problems:
        raise ConfigError(problems)
    return found


def _pattern(line: str) -> tuple[str, Find]:
    """`CUSTOMER KD-[0-9]{6}` as what finds it. Raises ValueError.

    RE2 takes linear time whatever is written there and whatever people send.
    """
    import re2  # only for operators who have patterns

    parts = _LINE.fullmatch(line.strip())
    if parts is None:
        raise ValueError("is no NAME of capital letters and a pattern after it")
    kind, written = parts.groups()
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(written, options)
    except re2.error:
        raise ValueError("is no regular expression that RE2 knows") from None
    if pattern.fullmatch("") is not None:
        raise ValueError("matches nothing at all, which is everywhere")

    def find(text: str) -> Iterator[Finding]:
        for match in pattern.finditer(_HALF.sub("\N{REPLACEMENT CHARACTER}", text)):
            if match.start() < match.end():
                yield Finding(start=match.start(), end=match.end(), kind=kind)

    return kind, find
