"""What handles arrivals, put together: each part is made once, of the settings and of the parts it needs."""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.access import Access
from bot.accounting import Accounting, accounting_of
from bot.alerts import Thresholds, Watch
from bot.anteroom import Anteroom
from bot.application import Worker
from bot.asides import Asides
from bot.attachments.hearing import Hearing
from bot.attachments.limits import AttachmentLimits
from bot.attachments.reading import Reading
from bot.attachments.workshop import Workshop
from bot.brain import Brain
from bot.bursts import Bursts
from bot.calibration import Calibration
from bot.charts.studio import Studio
from bot.chat import Chat
from bot.chores import Chores
from bot.commands import CommandBook
from bot.dashboard.opening import doors_of, office_of
from bot.delivery import Courier
from bot.disclosure import disclosure_of
from bot.dispatch import Dispatcher
from bot.domain.bursts import Quiet
from bot.domain.models import Catalog
from bot.ground import Ground
from bot.happenings import Happenings
from bot.herald import Herald
from bot.indexing import Indexing
from bot.llm.cache import CachedModel
from bot.llm.prices import PriceBook
from bot.llm.ways import Gates
from bot.masking import MaskedModel, Masking
from bot.memory import Memory
from bot.moderation import Moderation
from bot.nameplates import Nameplates
from bot.newcomers import Newcomers
from bot.ownkeys import OwnKeys
from bot.personas import personas_of
from bot.ports import Model, Platform, TokenCounter
from bot.questions import Questions
from bot.receiving import Receiving
from bot.renewal import Renewal
from bot.repeats import Repeats
from bot.scrubbing import Scrubbing
from bot.settings import Settings
from bot.summaries import Summaries
from bot.switchboard import Switchboard
from bot.texts.catalogues import Catalogues
from bot.titles import Titles

if TYPE_CHECKING:
    from bot.llm.transcription import Transcriber

_CONCURRENCY = 1000
"""Turns at once in one process. Each costs some 50 KB while its answer streams; the endpoint's limits come first."""

_THRIFTY_WINDOW = 16_000
"""Tokens of context used unless CONTEXT_WINDOW says otherwise: every message pays for the whole of it."""


class Assembly:
    """The parts of one process. What has to be opened, and closed again, is given."""

    def __init__(
        self,
        settings: Settings,
        ground: Ground,
        platforms: Sequence[Platform],
        book: CommandBook,
        *,
        model: Model,
        gates: Gates,
        prices: PriceBook,
        tokens: TokenCounter,
        catalog: Catalog,
        calibration: Calibration,
        moderation: Moderation,
        masking: Masking,
        transcriber: "Transcriber | None" = None,
    ) -> None:
        self._settings = settings
        self._ground = ground
        self._clock = ground.clock
        self._zone = ZoneInfo(settings.timezone)
        self._platforms = {platform.name: platform for platform in platforms}
        self._book = book
        self._model = model
        self._gates = gates
        self._prices = prices
        self._tokens = tokens
        self._catalog = catalog
        self._calibration = calibration
        self._moderation = moderation
        self._masking = masking
        self._transcriber = transcriber

    def worker(self) -> Worker:
        switchboard, platforms = self._switchboard(), list(self._platforms.values())
        return Worker(
            self._ground,
            self._dispatcher(switchboard),
            self._watch(),
            self._herald(),
            Anteroom(self._ground.storage, self._platforms, self._clock),
            platforms,
            models_answer=partial(self._gates.any_open, self._catalog.models.values()),
            budgets=self._accounting.budgets,
            gates=self._gates,
            office=office_of(self._settings, self._ground, switchboard, self._gates, platforms),
        )

    def _dispatcher(self, switchboard: Switchboard) -> Dispatcher:
        return Dispatcher(
            inbox=self._ground.inbox,
            platforms=self._platforms,
            access=self._access,
            newcomers=Newcomers(self._access, self._ground.inbox, self._clock),
            switchboard=switchboard,
            questions=Questions(chat=self._chat(), bursts=self._bursts),
            chores=self._chores(),
            happenings=Happenings(self._access, self._ground.inbox, self._clock),
            accounting=self._accounting,
            courier=self._courier,
            catalogues=self._catalogues,
            concurrency=_CONCURRENCY,
            longest_wait=self._settings.queue_seconds,
        )

    def _chat(self) -> Chat:
        return Chat(
            model=self._masked,
            brain=self._brain,
            renewal=Renewal(idle=self._settings.conversation_idle),
            tokens=self._tokens,
            access=self._access,
            accounting=self._accounting,
            repeats=Repeats(self._clock),
            courier=self._courier,
            catalogues=self._catalogues,
            bursts=self._bursts,
            moderation=self._moderation,
            receiving=self._receiving(),
            titles=Titles(self._asides) if self._settings.titles else None,
            own_keys=self._own_keys,
            offers=self._settings.offers(),
        )

    def _receiving(self) -> Receiving:
        limits = limits_of(self._settings)
        reading = Reading(limits, Workshop(limits), self._tokens)
        return Receiving(
            reading,
            self._hearing(),
            brain=self._brain,
            access=self._access,
            moderation=self._moderation,
            catalogues=self._catalogues,
        )

    def _hearing(self) -> Hearing | None:
        if self._transcriber is None:
            return None
        return Hearing(
            transcriber=self._transcriber,
            accounting=self._accounting,
            brain=self._brain,
            prices=self._prices,
            price=self._settings.transcription_price,
        )

    def _switchboard(self) -> Switchboard:
        return Switchboard(
            self._book,
            self._access,
            self._accounting,
            catalog=self._catalog,
            inbox=self._ground.inbox,
            studio=Studio(),
            personas=self._brain.personas,
            clock=self._clock,
            zone=self._zone,
            brain=self._brain,
            offers=self._settings.offers(),
            doors=doors_of(self._settings, self._access, self._ground),
            disclosure=disclosure_of(
                self._settings, self._catalog, self._masking, sealed=self._ground.storage.seals.current is not None
            ),
            own_keys=self._own_keys,
        )

    def _chores(self) -> Chores:
        """Who does what turns leave behind."""
        summaries = Summaries(self._asides, self._tokens, self._settings.context())
        return Chores(
            {
                "index": Indexing(self._tokens, self._zone),
                "summary": summaries,
                "title": Titles(self._asides),
                "nameplate": Nameplates(list(self._platforms.values())),
                "scrub": self._scrubbing(),
            }
        )

    def _scrubbing(self) -> Scrubbing:
        async def nothing() -> None:
            return

        clear = self._model.clear if isinstance(self._model, CachedModel) else nothing
        return Scrubbing(self._ground.storage, self._platforms, clear)

    def _watch(self) -> Watch:
        return Watch(
            storage=self._ground.storage,
            inbox=self._ground.inbox,
            budgets=self._accounting.budgets,
            troubles=self._gates.troubles,
            clock=self._clock,
            thresholds=Thresholds(call_tokens=self._settings.alert_call_tokens),
            access=self._access,
        )

    def _herald(self) -> Herald:
        paces = {name: platform.notices_per_second for name, platform in self._platforms.items()}
        return Herald(self._ground.storage, self._ground.inbox, self._access, self._clock, paces)

    @cached_property
    def _access(self) -> Access:
        return Access(self._settings.access(), set(self._platforms))

    @cached_property
    def _accounting(self) -> Accounting:
        return accounting_of(self._settings, self._prices, self._access, self._clock)

    @cached_property
    def _asides(self) -> Asides:
        return Asides(
            model=self._masked,
            catalog=self._catalog,
            tokens=self._tokens,
            accounting=self._accounting,
            masked=self._masking.active,
        )

    @cached_property
    def _masked(self) -> Model:
        return MaskedModel(self._model, self._masking)

    @cached_property
    def _brain(self) -> Brain:
        settings, elsewhere = self._settings, self._settings.recall_other_conversations
        return Brain(
            catalog=self._catalog,
            personas=personas_of(settings, self._catalog, self._tokens, self._clock),
            quotas=self._accounting.quotas,
            memory=Memory(settings.context(), clock=self._clock, zone=self._zone, elsewhere=elsewhere),
            calibration=self._calibration,
            tokens=self._tokens,
            longest_context=settings.context_window or max(_THRIFTY_WINDOW, 2 * settings.context_budget),
            longest_answer=settings.max_answer_tokens,
            longest_question=settings.max_question_tokens,
            masking=self._masking,
        )

    @cached_property
    def _bursts(self) -> Bursts:
        return Bursts(Quiet(seconds=self._settings.burst_seconds), self._clock)

    @cached_property
    def _catalogues(self) -> Catalogues:
        return Catalogues(self._settings.language, self._zone)

    @cached_property
    def _own_keys(self) -> OwnKeys | None:
        return OwnKeys.of(self._catalog, self._clock) if self._settings.own_keys else None

    @cached_property
    def _courier(self) -> Courier:
        return Courier(self._clock)


def limits_of(settings: Settings) -> AttachmentLimits:
    """How much of what people send beside words is read."""
    return AttachmentLimits(
        files=settings.max_files,
        pictures=settings.max_images,
        size=settings.max_file_bytes,
        tokens=settings.max_file_tokens,
        pages=settings.max_pdf_pages,
        seconds=settings.max_voice_seconds,
    )
