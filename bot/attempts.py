"""Guessing codes is kept hopeless: few may be tried in vain, by one person and by all together.

Codes have at least 50 bits and live for days at most. With all 100 tries of every hour spent, and 1,000 codes alive at
any time, somebody guesses one within a year with a probability of 100 × 8,760 × 1,000 / 2^50 < 10^-6.
"""

from datetime import datetime

from bot.domain.windows import milliseconds
from bot.errors import TooManyAttempts
from bot.storage import UnitOfWork

_HOUR = 3_600_000
_MOST_OF_ONE = 5
_MOST_OF_ALL = 100


async def check(work: UnitOfWork, account_id: int, now: datetime) -> None:
    """Raises TooManyAttempts."""
    since = milliseconds(now) - _HOUR
    if await work.codes.tried(since=since, account_id=account_id) >= _MOST_OF_ONE:
        raise TooManyAttempts
    if await work.codes.tried(since=since) >= _MOST_OF_ALL:
        raise TooManyAttempts


async def failed(work: UnitOfWork, account_id: int, now: datetime) -> None:
    """One more."""
    instant = milliseconds(now)
    await work.codes.failed(account_id, now=instant, forget_before=instant - _HOUR)
