"""What a page is made from: one transaction, whoever looks, and the parts of the running bot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from urllib.parse import urlencode

from bot.access import Access
from bot.budgets import Budgets
from bot.dashboard.doors import Guest
from bot.dashboard.values import Asked
from bot.disclosure import Disclosure
from bot.domain.models import Catalog
from bot.domain.people import Role
from bot.domain.windows import Period
from bot.llm.ways import Gates
from bot.quotas import Quotas
from bot.storage import UnitOfWork
from bot.texts import Text, text

PAGE = 50
"""Rows that are read on a page."""

WHOLE = 10_000
"""Rows of a file."""

Facts = Sequence[tuple[str, str, bool]]
"""Settings in force: name, value as it may be shown, whether it was set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The parts of the running bot that pages look into."""

    access: Access
    quotas: Quotas
    budgets: Budgets
    catalog: Catalog
    gates: Gates
    settings: Callable[[], Facts]
    disclosure: Disclosure
    zone: tzinfo
    shows_messages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a page. `whole`: for a file. `revealed`: whoever looks has asked for what is shown on request."""

    work: UnitOfWork
    asked: Asked
    guest: Guest
    inside: Inside
    now: datetime
    whole: bool = False
    revealed: bool = False

    @property
    def most(self) -> int:
        """How many rows."""
        return WHOLE if self.whole else PAGE

    @property
    def may_change(self) -> bool:
        return self.guest.role >= Role.ADMIN

    def word(self, name: str) -> str:
        """What the address says for a name, "" if nothing."""
        return self.asked.words.get(name, "").strip()[:200]

    def number(self, name: str) -> int | None:
        """The same as a number that a row could have."""
        word = self.word(name)
        return int(word) if word.isdecimal() and len(word) <= 18 else None

    def since(self, days: int) -> datetime:
        """When the first of so many days began, of which today is the last."""
        today = Period.of("day", self.now, self.inside.zone).starts_at
        return Period.of("day", today - timedelta(days=days - 1, hours=-12), self.inside.zone).starts_at


def dollars(micro: int) -> Decimal:
    """Micro-US$ as US$."""
    return (Decimal(micro) / 10**6).quantize(Decimal("0.01"))


def duration(milliseconds: int | None) -> Text:
    """A time as one reads it."""
    if milliseconds is None:
        return text("–")
    if milliseconds < 1000:
        return text("{number} ms", number=max(0, milliseconds))
    if milliseconds < 100_000:
        return text("{number} s", number=(Decimal(milliseconds) / 1000).quantize(Decimal("0.1")))
    minutes = milliseconds // 60_000
    if minutes < 120:
        return text("{number} min", number=minutes)
    if minutes < 72 * 60:
        return text("{number} h", number=minutes // 60)
    return text("{number} d", number=minutes // 1440)


def percent(part: int, whole: int) -> Text:
    """A share as one reads it."""
    return text("{number} %", number=round(100 * part / whole)) if whole else text("–")


def link(page: str, **words: object) -> str:
    """The address of a page, inside the dashboard; what is "" is left out."""
    return f"{page}?{urlencode({name: word for name, word in words.items() if word != ''})}"
