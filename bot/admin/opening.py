"""The desk put together: the core's parts without models and platforms, beside a bot that may be running."""

import getpass
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.access import Access
from bot.accounting import accounting_of
from bot.admin.desk import Desk
from bot.catalogs import offline_catalog
from bot.charts.studio import Studio
from bot.clock import SystemClock
from bot.commands import CommandBook
from bot.database import storage_of
from bot.domain.people import OPERATOR, Identity, Sender
from bot.errors import ConfigError
from bot.inbox import Inbox
from bot.llm.prices import PriceBook
from bot.llm.tokens import TiktokenCounter, vocabulary_of
from bot.personas import personas_of
from bot.settings import Settings
from bot.storage import Storage
from bot.storage.lock import sqlite_file
from bot.storage.store import HEAD
from bot.switchboard import Switchboard


def operator() -> Identity:
    """Who is at the keyboard, as the audit log names them: `cli:USER`."""
    return Identity(platform=OPERATOR, user=getpass.getuser())


@asynccontextmanager
async def open_desk(settings: Settings, book: CommandBook, platforms: Sequence[str]) -> AsyncIterator[Desk]:
    """A desk at the database of the settings. Raises ConfigError if that is not there or not up to date."""
    storage = await open_database(settings)
    try:
        clock, who = SystemClock(), operator()
        catalog = offline_catalog(settings)
        tokens = TiktokenCounter(vocabulary_of(card.known_as for card in catalog.models.values()))
        access = Access(replace(settings.access(), owners={*settings.admins, who}), set(platforms))
        switchboard = Switchboard(
            book,
            access,
            accounting_of(settings, PriceBook(catalog, clock), access, clock),
            catalog=catalog,
            inbox=Inbox(storage, clock),
            studio=Studio(),
            personas=personas_of(settings, catalog, tokens, clock),
            clock=clock,
            zone=ZoneInfo(settings.timezone),
        )
        yield Desk(storage, switchboard, Sender(identity=who, name=who.user), platforms)
    finally:
        await storage.close()


async def open_database(settings: Settings) -> Storage:
    """The bot's database as it is: nothing is made and nothing is brought up to date beside a running bot."""
    path = sqlite_file(settings.database_url)
    if path is not None and not path.exists():
        raise ConfigError([f"DATABASE_URL: there is no database at {path} yet; start the bot once"])
    storage = storage_of(settings)
    try:
        await _check(storage)
    except BaseException:
        await storage.close()
        raise
    return storage


async def _check(storage: Storage) -> None:
    revision = await storage.revision()
    if revision != HEAD:
        advice = "run `parley db upgrade`, or start the bot of this version"
        raise ConfigError([f"the database is at version {revision or 'nothing'}, not {HEAD}: {advice}"])
    await storage.recognise()
