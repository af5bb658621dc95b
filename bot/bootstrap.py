"""The composition root: settings become a running application. Alone in choosing implementations."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr

from bot.access import Access
from bot.accounting import Accounting
from bot.alerts import Thresholds, Watch
from bot.application import Application, cancel
from bot.brain import Brain
from bot.budgets import Budgets
from bot.catalogs import open_catalog
from bot.chat import Chat
from bot.chores import Chores
from bot.clock import SystemClock
from bot.commands import CommandBook
from bot.delivery import Courier
from bot.dispatch import Dispatcher
from bot.domain.context import Weighed
from bot.domain.models import Catalog
from bot.domain.quotas import Plan
from bot.inbox import Inbox
from bot.llm import open_model
from bot.llm.cache import CachedModel, DatabaseShelf, MemoryShelf, Shelf, Shelves
from bot.llm.prices import PriceBook
from bot.llm.tokens import TiktokenCounter, vocabulary_of
from bot.llm.ways import Gates
from bot.ports import Clock, Model, Platform
from bot.questions import Questions
from bot.quotas import Quotas
from bot.renewal import Renewal
from bot.repeats import Repeats
from bot.settings import Settings
from bot.storage import Storage
from bot.storage.lock import only_process
from bot.storage.store import HEAD
from bot.texts import Text
from bot.texts.catalogues import Catalogues

_log = structlog.get_logger(__name__)

_CONCURRENCY = 1000
"""Turns at once in one process. Each costs some 50 KB while its answer streams; the endpoint's limits come first."""

_THRIFTY_WINDOW = 16_000
"""Tokens of context used unless CONTEXT_WINDOW says otherwise: every message pays for the whole of it."""

_BREATH = 0.3
"""Seconds in which a bot that starts connects to its platforms before it does what can wait."""


@asynccontextmanager
async def open_application(
    settings: Settings, platforms: Sequence[Platform], book: CommandBook, clock: Clock | None = None
) -> AsyncIterator[Application]:
    """Open database and models, bring the schema up to date, and put everything together. Raises ConfigError."""
    clock = clock or SystemClock()
    with only_process(settings.database_url):
        storage = Storage.open(settings.database_url)
        try:
            await upgrade_if_needed(storage)
            async with storage.begin() as work:
                await work.budgets.forget_all_but(settings.budgets().names())
            catalog = await open_catalog(settings, clock)
            tokens = TiktokenCounter(vocabulary_of(card.known_as for card in catalog.models.values()))
            await tokens.load()
            system = Weighed(text=settings.system_prompt, tokens=await tokens.count(settings.system_prompt))
            gates = Gates(clock)
            async with (
                _serving(settings, catalog, clock, gates) as (asked, prices),
                _remembering(asked, settings, storage, clock) as model,
            ):
                yield _assemble(
                    settings,
                    platforms=platforms,
                    book=book,
                    clock=clock,
                    storage=storage,
                    model=model,
                    gates=gates,
                    prices=prices,
                    tokens=tokens,
                    catalog=catalog,
                    system=system,
                )
        finally:
            for platform in platforms:
                await platform.close()
            await storage.close()


async def upgrade_if_needed(storage: Storage) -> None:
    """Bring the schema up to date; does nothing, and loads nothing, when it is."""
    revision = await storage.revision()
    if revision != HEAD:
        _log.info("database_upgrade", found=revision or "empty", target=HEAD)
        await storage.upgrade()


async def _load_soon(prices: PriceBook, clock: Clock) -> None:
    """Read the prices when the platforms are connected: no answer is finished, and so priced, before."""
    await clock.sleep(_BREATH)
    await prices.load()


@asynccontextmanager
async def _serving(
    settings: Settings, catalog: Catalog, clock: Clock, gates: Gates
) -> AsyncIterator[tuple[Model, PriceBook]]:
    """The models and their prices, which are read in the background unless a decision rests on them."""
    prices = PriceBook(catalog, clock)
    plan = settings.budgets()
    if plan.budgets or plan.unpriced == "refuse":
        await prices.load()
    loading = asyncio.create_task(_load_soon(prices, clock))
    try:
        async with open_model(catalog, clock, _secret(settings.redis_url), gates) as model:
            yield model, prices
    finally:
        await cancel(loading)


def _assemble(
    settings: Settings,
    *,
    platforms: Sequence[Platform],
    book: CommandBook,
    clock: Clock,
    storage: Storage,
    model: Model,
    gates: Gates,
    prices: PriceBook,
    tokens: TiktokenCounter,
    catalog: Catalog,
    system: Weighed,
) -> Application:
    zone = ZoneInfo(settings.timezone)
    catalogues = Catalogues(settings.language, zone)
    plan: Plan = {"messages": settings.daily_messages, "tokens": settings.daily_tokens}
    quotas, courier, inbox = Quotas(plan, zone, clock), Courier(clock), Inbox(storage, clock)
    budgets = Budgets(settings.budgets(), zone, clock)
    accounting = Accounting(quotas=quotas, budgets=budgets, prices=prices, clock=clock, admins=settings.admins)
    access = Access(settings.access())
    chat = Chat(
        model=model,
        brain=_brain(settings, catalog, system, quotas),
        renewal=Renewal(idle=settings.conversation_idle),
        tokens=tokens,
        access=access,
        accounting=accounting,
        repeats=Repeats(clock),
        courier=courier,
        catalogues=catalogues,
    )
    dispatcher = Dispatcher(
        inbox=inbox,
        platforms={platform.name: platform for platform in platforms},
        book=book,
        questions=Questions(chat=chat),
        chores=Chores({}),
        catalog=catalog,
        access=access,
        accounting=accounting,
        courier=courier,
        catalogues=catalogues,
        clock=clock,
        zone=zone,
        concurrency=_CONCURRENCY,
    )
    names = {platform.name for platform in platforms}
    watch = _watch(settings, storage, inbox, budgets=budgets, gates=gates, clock=clock, platforms=names)
    return Application(inbox=inbox, dispatcher=dispatcher, watch=watch, platforms=platforms, ready=asyncio.Event())


def _watch(
    settings: Settings,
    storage: Storage,
    inbox: Inbox,
    *,
    budgets: Budgets,
    gates: Gates,
    clock: Clock,
    platforms: AbstractSet[str],
) -> Watch:
    return Watch(
        storage=storage,
        inbox=inbox,
        budgets=budgets,
        troubles=gates.troubles,
        clock=clock,
        thresholds=Thresholds(call_tokens=settings.alert_call_tokens),
        admins=settings.admins,
        platforms=platforms,
    )


@asynccontextmanager
async def _remembering(model: Model, settings: Settings, storage: Storage, clock: Clock) -> AsyncIterator[Model]:
    """The model behind the response cache, if the operator wants one."""
    if settings.response_cache == "off":
        yield model
        return
    seconds = settings.response_cache_seconds
    async with _shelves(settings, storage) as shelves:
        yield CachedModel(model, Shelves(*shelves), clock, scope=settings.response_cache, seconds=seconds)


@asynccontextmanager
async def _shelves(settings: Settings, storage: Storage) -> AsyncIterator[Sequence[Shelf]]:
    """Memory, Redis if there is one, the database."""
    seconds = settings.response_cache_seconds
    near, far = MemoryShelf(), DatabaseShelf(storage.begin, seconds=seconds)
    if (url := _secret(settings.redis_url)) is None:
        yield near, far
        return
    from bot.llm.cache.shared import RedisShelf

    shared = RedisShelf.connect(url, seconds=seconds)
    try:
        yield near, shared, far
    finally:
        await shared.aclose()


def _brain(settings: Settings, catalog: Catalog, system: Weighed, quotas: Quotas) -> Brain:
    return Brain(
        catalog=catalog,
        system=system,
        quotas=quotas,
        longest_context=settings.context_window or _THRIFTY_WINDOW,
        longest_answer=settings.max_answer_tokens,
        longest_question=settings.max_question_tokens,
    )


def platforms_of(settings: Settings, book: CommandBook) -> list[Platform]:
    """The platforms whose tokens are set."""
    clock = SystemClock()
    catalogues = Catalogues(settings.language, ZoneInfo(settings.timezone))

    def describe(said: Text, language: str | None) -> str:
        return catalogues.of(language).render(said)

    platforms: list[Platform] = []
    if settings.telegram_bot_token:
        from adapters.telegram.platform import TelegramPlatform

        platforms.append(
            TelegramPlatform(
                settings.telegram_bot_token.get_secret_value(),
                api_url=settings.telegram_api_url,
                commands=book,
                clock=clock,
                describe=describe,
                languages=[one.language for one in catalogues],
            )
        )
    if settings.slack_bot_token:
        from adapters.slack.platform import SlackPlatform

        platforms.append(
            SlackPlatform(
                settings.slack_bot_token.get_secret_value(),
                app_token=_secret(settings.slack_app_token),
                signing_secret=_secret(settings.slack_signing_secret),
                api_url=f"{settings.slack_api_url}/",
                commands=book,
                clock=clock,
                describe=describe,
            )
        )
    return platforms


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
