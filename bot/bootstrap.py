"""The composition root: settings become a running application. Alone in choosing implementations."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from bot.access import Access
from bot.accounting import Accounting
from bot.alerts import Thresholds, Watch
from bot.application import Application, Worker
from bot.asides import Asides
from bot.brain import Brain
from bot.budgets import Budgets
from bot.bursts import Bursts
from bot.calibration import Calibration
from bot.catalogs import open_catalog
from bot.charts.studio import Studio
from bot.chat import Chat
from bot.chores import Chores, Do
from bot.clock import SystemClock
from bot.commands import CommandBook
from bot.database import patiently, prepare
from bot.delivery import Courier
from bot.dispatch import Dispatcher
from bot.domain.bursts import Quiet
from bot.domain.models import Catalog
from bot.ground import Ground, ground_of
from bot.health import Health
from bot.herald import Herald
from bot.indexing import Indexing
from bot.intake import Intake
from bot.llm.cache import CachedModel
from bot.llm.prices import PriceBook
from bot.llm.tokens import TiktokenCounter, vocabulary_of
from bot.llm.ways import Gates
from bot.memory import Memory
from bot.models import open_models, remembered
from bot.newcomers import Newcomers
from bot.personas import personas_of
from bot.plans import Plans, base_plans
from bot.ports import Clock, Model, Platform, TokenCounter
from bot.questions import Questions
from bot.quotas import Quotas
from bot.renewal import Renewal
from bot.repeats import Repeats
from bot.scrubbing import Scrubbing
from bot.settings import Part, Settings
from bot.storage import Storage
from bot.storage.lock import only_process
from bot.summaries import Summaries
from bot.switchboard import Switchboard
from bot.texts.catalogues import Catalogues
from bot.titles import Titles
from bot.vitals import Pulse

_CONCURRENCY = 1000
"""Turns at once in one process. Each costs some 50 KB while its answer streams; the endpoint's limits come first."""

_THRIFTY_WINDOW = 16_000
"""Tokens of context used unless CONTEXT_WINDOW says otherwise: every message pays for the whole of it."""


@asynccontextmanager
async def open_application(
    settings: Settings,
    platforms: Sequence[Platform],
    book: CommandBook,
    clock: Clock | None = None,
    *,
    part: Part = "all",
) -> AsyncIterator[Application]:
    """Open database and models, bring the schema up to date, and put everything together. Raises ConfigError."""
    clock = clock or SystemClock()
    with only_process(settings.database_url):
        storage = Storage.open(settings.database_url)
        try:
            await prepare(storage, settings, clock)
            ground = ground_of(storage, settings, clock)
            intake = Intake(ground.inbox, platforms, ground.duties, clock) if part != "work" else None
            async with _opened(settings, part, ground, platforms, book) as worker:
                health = Health(storage, intake, worker.models_answer if worker else None)
                budgets, gates = (worker.budgets, worker.gates) if worker else (None, None)
                pulse = Pulse(storage, ground.inbox, health, budgets=budgets, gates=gates)
                yield Application(ground.inbox, intake=intake, worker=worker, health=health, pulse=pulse)
        finally:
            for platform in platforms:
                await platform.close()
            await storage.close()


@asynccontextmanager
async def _opened(
    settings: Settings, part: Part, ground: Ground, platforms: Sequence[Platform], book: CommandBook
) -> AsyncIterator[Worker | None]:
    """What handles arrivals, with the models it asks; nothing of it where events are only taken in."""
    if part == "ingest":
        yield None
        return
    clock, storage = ground.clock, ground.storage
    catalog = await open_catalog(settings, clock)
    tokens = TiktokenCounter(vocabulary_of(card.known_as for card in catalog.models.values()))
    await tokens.load()
    calibration = await patiently(storage, clock, partial(_calibrated, storage))
    gates = Gates(clock)
    async with (
        open_models(settings, catalog, clock, gates) as (asked, prices),
        remembered(asked, settings, storage, clock) as model,
    ):
        yield _assemble(
            settings,
            ground,
            platforms=platforms,
            book=book,
            model=model,
            gates=gates,
            prices=prices,
            tokens=tokens,
            catalog=catalog,
            calibration=calibration,
        )


async def _calibrated(storage: Storage) -> Calibration:
    async with storage.begin() as work:
        return Calibration(await work.contexts.lessons())


def _assemble(
    settings: Settings,
    ground: Ground,
    *,
    platforms: Sequence[Platform],
    book: CommandBook,
    model: Model,
    gates: Gates,
    prices: PriceBook,
    tokens: TiktokenCounter,
    catalog: Catalog,
    calibration: Calibration,
) -> Worker:
    clock, inbox, zone = ground.clock, ground.inbox, ZoneInfo(settings.timezone)
    courier, access = Courier(clock), Access(settings.access(), {one.name for one in platforms})
    catalogues, accounting = Catalogues(settings.language, zone), accounting_of(settings, prices, access, clock)
    asides = Asides(model=model, catalog=catalog, tokens=tokens, accounting=accounting)
    brain = _brain(settings, catalog, tokens, quotas=accounting.quotas, calibration=calibration, clock=clock)
    bursts = Bursts(Quiet(seconds=settings.burst_seconds), clock)
    chat = _chat(
        settings,
        brain,
        model=model,
        tokens=tokens,
        access=access,
        accounting=accounting,
        courier=courier,
        catalogues=catalogues,
        bursts=bursts,
        asides=asides,
        clock=clock,
    )
    switchboard = _switchboard(book, access, accounting, brain, ground, zone=zone)
    dispatcher = Dispatcher(
        inbox=inbox,
        platforms={platform.name: platform for platform in platforms},
        access=access,
        newcomers=Newcomers(access, inbox, clock),
        switchboard=switchboard,
        questions=Questions(chat=chat, bursts=bursts),
        chores=Chores(_doers(settings, asides, tokens) | {"scrub": _scrubbing(ground.storage, platforms, model)}),
        accounting=accounting,
        courier=courier,
        catalogues=catalogues,
        concurrency=_CONCURRENCY,
        longest_wait=settings.queue_seconds,
    )
    return Worker(
        ground,
        dispatcher,
        _watch(settings, ground, access, budgets=accounting.budgets, gates=gates),
        _herald(ground, access, platforms),
        platforms,
        models_answer=partial(gates.any_open, catalog.models.values()),
        budgets=accounting.budgets,
        gates=gates,
    )


def _chat(
    settings: Settings,
    brain: Brain,
    *,
    model: Model,
    tokens: TokenCounter,
    access: Access,
    accounting: Accounting,
    courier: Courier,
    catalogues: Catalogues,
    bursts: Bursts,
    asides: Asides,
    clock: Clock,
) -> Chat:
    return Chat(
        model=model,
        brain=brain,
        renewal=Renewal(idle=settings.conversation_idle),
        tokens=tokens,
        access=access,
        accounting=accounting,
        repeats=Repeats(clock),
        courier=courier,
        catalogues=catalogues,
        bursts=bursts,
        titles=Titles(asides) if settings.titles else None,
    )


def _switchboard(
    book: CommandBook, access: Access, accounting: Accounting, brain: Brain, ground: Ground, *, zone: tzinfo
) -> Switchboard:
    return Switchboard(
        book,
        access,
        accounting,
        catalog=brain.catalog,
        inbox=ground.inbox,
        studio=Studio(),
        personas=brain.personas,
        clock=ground.clock,
        zone=zone,
        brain=brain,
    )


def _herald(ground: Ground, access: Access, platforms: Sequence[Platform]) -> Herald:
    paces = {one.name: one.notices_per_second for one in platforms}
    return Herald(ground.storage, ground.inbox, access, ground.clock, paces)


def _doers(settings: Settings, asides: Asides, tokens: TiktokenCounter) -> dict[str, Do]:
    """Who does what turns leave behind."""
    return {
        "index": Indexing(tokens, ZoneInfo(settings.timezone)),
        "summary": Summaries(asides, tokens, settings.context()),
        "title": Titles(asides),
    }


def accounting_of(settings: Settings, prices: PriceBook, access: Access, clock: Clock) -> Accounting:
    """Limits and budgets as they are set."""
    zone = ZoneInfo(settings.timezone)
    base = base_plans({"messages": settings.daily_messages, "tokens": settings.daily_tokens})
    quotas = Quotas(Plans(base, settings.default_plan), zone, clock)
    budgets = Budgets(settings.budgets(), zone, clock)
    return Accounting(
        quotas=quotas,
        budgets=budgets,
        prices=prices,
        clock=clock,
        access=access,
        cached=settings.response_cache_charge,
    )


def _scrubbing(storage: Storage, platforms: Sequence[Platform], model: Model) -> Scrubbing:
    async def nothing() -> None:
        return

    clear = model.clear if isinstance(model, CachedModel) else nothing
    return Scrubbing(storage, {platform.name: platform for platform in platforms}, clear)


def _watch(settings: Settings, ground: Ground, access: Access, *, budgets: Budgets, gates: Gates) -> Watch:
    return Watch(
        storage=ground.storage,
        inbox=ground.inbox,
        budgets=budgets,
        troubles=gates.troubles,
        clock=ground.clock,
        thresholds=Thresholds(call_tokens=settings.alert_call_tokens),
        access=access,
    )


def _brain(
    settings: Settings,
    catalog: Catalog,
    tokens: TokenCounter,
    *,
    quotas: Quotas,
    calibration: Calibration,
    clock: Clock,
) -> Brain:
    zone, elsewhere = ZoneInfo(settings.timezone), settings.recall_other_conversations
    return Brain(
        catalog=catalog,
        personas=personas_of(settings, catalog, tokens, clock),
        quotas=quotas,
        memory=Memory(settings.context(), clock=clock, zone=zone, elsewhere=elsewhere),
        calibration=calibration,
        tokens=tokens,
        longest_context=settings.context_window or max(_THRIFTY_WINDOW, 2 * settings.context_budget),
        longest_answer=settings.max_answer_tokens,
        longest_question=settings.max_question_tokens,
    )
