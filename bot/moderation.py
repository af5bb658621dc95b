"""Moderation: questions before a model sees them, and answers before they stay, by the operator's words and an API."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog

from bot.domain.moderation import WORD, ModerationPolicy, WordList
from bot.domain.windows import milliseconds
from bot.errors import AnswerFlagged, ConfigError, MessageFlagged, ModelError, TimedOut
from bot.ports import Clock
from bot.settings import Settings
from bot.storage import UnitOfWork

_log = structlog.get_logger(__name__)


class Judge(Protocol):
    """Says which categories a text falls into."""

    async def categories(self, text: str) -> Sequence[str]:
        """None if it is harmless. Raises ModelError."""


class Moderation:
    """Applies the policy.

    While the API does not answer, the operator's words alone are looked for: an outage there silences nobody.
    """

    def __init__(self, policy: ModerationPolicy, clock: Clock, judge: Judge | None = None) -> None:
        self.policy = policy
        self._clock = clock
        self._judge = judge

    async def admit(self, work: UnitOfWork, account: int) -> None:
        """Raises TimedOut while somebody's messages are not answered."""
        if not self.policy.active or not self.policy.strikes:
            return
        now = milliseconds(self._clock.now())
        until = self.policy.until(await work.strikes.of(account, since=now - self.policy.within), now)
        if until is not None:
            raise TimedOut(until=datetime.fromtimestamp(until / 1000, UTC))

    async def question(self, plan: str, text: str) -> None:
        """Look at a question of somebody on that plan. Raises MessageFlagged if it may not be answered."""
        found = await self._found(plan, text)
        if found:
            _log.info("message_flagged", side="question", mode=self.policy.of(plan), categories=found)
        if found and self.policy.of(plan) == "block":
            raise MessageFlagged(found)

    async def answer(self, plan: str, text: str) -> None:
        """Look at an answer. Raises AnswerFlagged if it may not stay."""
        found = await self._found(plan, text) if self.policy.answers and text else []
        if found:
            _log.info("message_flagged", side="answer", mode=self.policy.of(plan), categories=found)
        if found and self.withholds(plan):
            raise AnswerFlagged(found)

    def withholds(self, plan: str) -> bool:
        """Whether answers are shown only when they were looked at."""
        return self.policy.answers and self.policy.of(plan) == "block"

    async def strike(self, work: UnitOfWork, account: int, flagged: MessageFlagged) -> None:
        """Put on record that somebody's message was blocked."""
        await work.strikes.add(account, at=milliseconds(self._clock.now()), categories=flagged.categories)

    async def _found(self, plan: str, text: str) -> list[str]:
        if self.policy.of(plan) == "off":
            return []
        words = [WORD] if self.policy.words.found_in(text) else []
        # What is to be blocked anyway need not be sent anywhere.
        return words or list(await self._judged(text))

    async def _judged(self, text: str) -> Sequence[str]:
        if self._judge is None:
            return []
        try:
            return await self._judge.categories(text)
        except ModelError as error:
            _log.warning("moderation_unavailable", reason=type(error).__name__)
            return []


def policy_of(settings: Settings) -> ModerationPolicy:
    """What the operator set. Raises ConfigError when the list of words cannot be read."""
    return ModerationPolicy(
        base=settings.moderation,
        plans=settings.moderation_plans,
        words=WordList(words=_listed(settings.moderation_words)),
        answers=settings.moderation_answers,
        strikes=settings.strikes,
        timeouts=tuple(round(one.total_seconds() * 1000) for one in settings.strike_timeouts),
    )


def _listed(file: Path | None) -> tuple[str, ...]:
    if file is None:
        return ()
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"MODERATION_WORDS: {file} cannot be read ({error})"]) from None
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
