"""Has sounds written down by a model, within the person's limits and the budgets, and puts on record what it took.

It is paid for before the turn begins, whatever becomes of that; the turn's price has it in it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bot.accounting import Accounting
from bot.brain import Brain
from bot.domain.completions import Call, Usage
from bot.domain.models import Chain
from bot.domain.sounds import SoundRates
from bot.errors import FileRefused, ModelError, QuotaExceeded
from bot.llm.prices import PriceBook
from bot.storage import Account, CallRecord, UnitOfWork
from bot.turns import Asked, Cause

if TYPE_CHECKING:  # it brings OpenAI's SDK along, which only a worker needs
    from bot.llm.transcription import Transcriber, Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Something to be heard: `name` ends as its format wants, `seconds` are what it probably lasts."""

    content: bytes
    name: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was said, and what it cost to have it written down: micro-US$."""

    text: str
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Hears sounds. `price` is US$ a minute where the operator wrote one down."""

    transcriber: "Transcriber"
    accounting: Accounting
    brain: Brain
    prices: PriceBook
    price: Decimal | None = None

    async def hear(self, asked: Asked, account: Account, conversation: int, sound: Sound, *, spent: int = 0) -> Heard:
        """What is said in a sound. `spent` is what others of the same message cost.

        Raises FileRefused, UserError for whoever may not spend as much.
        """
        rates = self._rates()
        ceiling = rates.ceiling(sound.seconds) if rates else 0
        async with asked.lease.begin() as work:
            await self._reserve(work, asked, account, spent + ceiling)
        cause = Cause(
            purpose="transcription",
            arrival=asked.arrival,
            account=account.id,
            conversation=conversation,
            platform=asked.platform.name,
        )
        began = asked.lease.clock.monotonic()
        try:
            transcript = await self.transcriber.transcribe(sound.content, sound.name)
        except (FileRefused, ModelError) as error:
            await self._book(asked, self._failure(cause, type(error).__name__))
            raise error if isinstance(error, FileRefused) else FileRefused("unheard") from None
        lasted = asked.lease.clock.monotonic() - began
        cost = rates.cost(transcript.usage, sound.seconds) if rates else None
        await self._book(asked, self._record(cause, transcript, cost, lasted))
        return Heard(text=transcript.text, cost=cost or 0)

    def _rates(self) -> SoundRates | None:
        """Raises FileRefused if nobody knows what it costs and the operator wants to know."""
        if self.price is not None:
            return SoundRates.by_minute(self.price)
        rates = self.prices.sound(self.transcriber.card)
        if rates is None and self.accounting.budgets.plan.unpriced == "refuse":
            raise FileRefused("deaf")
        return rates

    async def _reserve(self, work: UnitOfWork, asked: Asked, account: Account, cost: int) -> None:
        """Along the chain that the turn will probably take. Raises UserError."""
        chain: Chain = self.brain.catalog.default
        try:
            await self.accounting.advance(work, asked, account, chain=chain, cost=cost)
        except QuotaExceeded:
            light = self.brain.lighter(chain, account)
            if light is None:
                raise
            await self.accounting.advance(work, asked, account, chain=light, cost=cost)

    async def _book(self, asked: Asked, record: CallRecord) -> None:
        async with asked.lease.begin() as work:
            await self.accounting.advanced(work, record)

    def _record(self, cause: Cause, transcript: "Transcript", cost: int | None, lasted: float) -> CallRecord:
        used = transcript.usage
        usage = Usage(input=used.sound_tokens + used.text_tokens, output=used.output, estimated=used.estimated)
        call = Call(card=self.transcriber.card, attempts=1, waited=0.0, first_piece=lasted, lasted=lasted)
        return self.accounting.records.made(cause, call, usage, model=transcript.model, cost=cost, ending="stop")

    def _failure(self, cause: Cause, reason: str) -> CallRecord:
        call = Call(card=self.transcriber.card, attempts=1, waited=0.0, first_piece=0.0, lasted=0.0)
        nothing = Usage(input=0, output=0)
        return self.accounting.records.made(cause, call, nothing, model="", cost=0, ending=reason, failed=True)
