"""The composition root: settings become a running application. Alone in opening what has to be closed again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from bot.application import Application, Worker
from bot.assembly import Assembly
from bot.calibration import Calibration
from bot.catalogs import open_catalog
from bot.clock import SystemClock
from bot.commands import CommandBook
from bot.database import patiently, prepare, storage_of
from bot.floods import Floods
from bot.ground import Ground, ground_of
from bot.health import Health
from bot.intake import Intake
from bot.llm.tokens import TiktokenCounter, vocabulary_of
from bot.llm.ways import Gates
from bot.masking import masking_of
from bot.models import open_models, open_moderation, open_transcriber, remembered
from bot.ports import Clock, Platform
from bot.settings import Part, Settings
from bot.storage import Storage
from bot.storage.lock import only_process
from bot.vitals import Pulse


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
        storage = storage_of(settings)
        try:
            await prepare(storage, settings, clock)
            ground = ground_of(storage, settings, clock)
            intake = _intake(settings, ground, platforms) if part != "work" else None
            async with _opened(settings, part, ground, platforms, book) as worker:
                health = Health(storage, intake, worker.models_answer if worker else None)
                budgets, gates = (worker.budgets, worker.gates) if worker else (None, None)
                pulse = Pulse(storage, ground.inbox, health, budgets=budgets, gates=gates)
                yield Application(ground.inbox, intake=intake, worker=worker, health=health, pulse=pulse)
        finally:
            for platform in platforms:
                await platform.close()
            await storage.close()


def _intake(settings: Settings, ground: Ground, platforms: Sequence[Platform]) -> Intake:
    floods = Floods(ground.storage, platforms, ground.clock, most=settings.messages_per_minute)
    return Intake(ground.inbox, platforms, ground.duties, ground.clock, floods=floods)


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
    gates, masking = Gates(clock), masking_of(settings)
    async with (
        open_models(settings, catalog, clock, gates) as (asked, prices),
        remembered(asked, settings, storage, clock) as model,
        open_moderation(settings, catalog, clock, masking) as moderation,
        open_transcriber(settings, catalog, clock) as transcriber,
    ):
        assembly = Assembly(
            settings,
            ground,
            platforms,
            book,
            model=model,
            gates=gates,
            prices=prices,
            tokens=tokens,
            catalog=catalog,
            calibration=calibration,
            moderation=moderation,
            masking=masking,
            transcriber=transcriber,
        )
        yield assembly.worker()


async def _calibrated(storage: Storage) -> Calibration:
    async with storage.begin() as work:
        return Calibration(await work.contexts.lessons())
