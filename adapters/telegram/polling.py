"""The long poller: updates are stored first and acknowledged afterwards, by the offset of the next call."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from telegram import Bot
from telegram import error as sdk

from adapters.telegram import inbound
from adapters.telegram.clicks import Clicks
from adapters.telegram.errors import seconds, translate
from adapters.telegram.reading import BotUser, Hearing
from bot.domain.updates import Arrival
from bot.errors import PlatformMisconfigured
from bot.ports import Accept, Clock

LONGEST_POLL = 50  # seconds; the server's own maximum (tdlib/telegram-bot-api Client.h)
_ANSWER_SECONDS = 10.0  # for the server to answer after that

log = structlog.get_logger(__name__)


class Backoff:
    """How long to wait after the n-th failure in a row: 1 s × 1.5ⁿ, at most 30 s, each ± 20 %."""

    def __init__(self, first: float = 1.0, most: float = 30.0) -> None:
        self._first = first
        self._most = most
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def next(self) -> float:
        wait = min(self._first * 1.5 ** min(self._failures, 20), self._most)
        self._failures += 1
        return wait * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret


class Poller:
    """Fetches raw updates for one bot. Only one poller may run for a token anywhere."""

    def __init__(
        self,
        bot: Bot,
        me: BotUser,
        hearing: Hearing,
        clock: Clock,
        *,
        timeout: int = LONGEST_POLL,
        backoff: Backoff | None = None,
        answered: Callable[[bool], None] = lambda _connected: None,
    ) -> None:
        self._bot = bot
        self._me = me
        self._hearing = hearing
        self._clock = clock
        self._timeout = timeout
        self._backoff = backoff or Backoff()
        self._answered = answered
        self._offset: int | None = None
        self._clicks = Clicks(bot)

    async def run(self, accept: Accept) -> None:
        """Until cancelled. Raises PlatformMisconfigured if the token stops working."""
        try:
            while True:
                wait = await self._turn(accept)
                if wait:
                    await self._clock.sleep(wait)
        finally:
            await self._clicks.close()

    async def _turn(self, accept: Accept) -> float:
        """One batch; the seconds to wait before the next."""
        try:
            raws = await self._fetch()
        except sdk.TelegramError as error:
            self._answered(False)  # noqa: FBT003 - the name says it
            return self._after(error)
        self._answered(True)  # noqa: FBT003 - the name says it
        try:
            await self._hand_over(raws, accept)
        except Exception:
            # Whatever it was, Telegram has not been told: the same updates come again.
            log.exception("Updates could not be stored and will be fetched again", updates=len(raws))
            return self._backoff.next()
        return self._advance(raws)

    async def _fetch(self) -> list[Any]:
        parameters = {
            "offset": self._offset,
            "timeout": self._timeout,
            # Telegram remembers the list of the last call that had one: always say it.
            "allowed_updates": self._hearing.updates,
        }
        raws = await self._bot.do_api_request(
            "getUpdates", api_kwargs=parameters, read_timeout=self._timeout + _ANSWER_SECONDS
        )
        if not isinstance(raws, list):
            raise sdk.TelegramError("getUpdates did not answer with a list")
        return raws

    async def _hand_over(self, raws: Sequence[Any], accept: Accept) -> None:
        arrivals = [self._arrival(raw) for raw in raws]
        wanted = [arrival for arrival in arrivals if arrival is not None]
        if wanted:
            await accept(wanted)
        for raw in raws:
            self._clicks.seen(raw)

    def _arrival(self, raw: Any) -> Arrival | None:
        arrival = inbound.arrival(raw, self._me, self._hearing)
        if arrival is not None and arrival.poison:
            log.error("An update could not be read and is kept for inspection", update=arrival.event)
        return arrival

    def _advance(self, raws: Sequence[Any]) -> float:
        numbers = [number for raw in raws if (number := inbound.update_id(raw)) is not None]
        if raws and not numbers:
            return self._backoff.next()  # nothing to acknowledge: the same would come again at once
        if numbers:
            self._offset = max(numbers) + 1
        self._backoff.reset()
        return 0.0

    def _after(self, error: sdk.TelegramError) -> float:
        wait = self._backoff.next()
        if isinstance(error, sdk.InvalidToken | sdk.EndPointNotFound):
            raise PlatformMisconfigured("Telegram does not accept the token any more", hint=_hint(error))
        if isinstance(error, sdk.RetryAfter):
            wait = max(wait, seconds(error))
        log.warning(_explained(error), reason=str(error), wait=round(wait, 1))
        return wait


def _hint(error: sdk.TelegramError) -> str:
    translated = translate(error)
    return translated.hint if isinstance(translated, PlatformMisconfigured) else ""


def _explained(error: sdk.TelegramError) -> str:
    if isinstance(error, sdk.Conflict):
        return "Another process receives this bot's updates; only one may"
    return "Telegram cannot be asked for updates"
