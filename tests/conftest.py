"""Fixtures: a database of its own for each test, and a whole core on fakes."""

import asyncio
import os
import shutil
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import sqlalchemy as sa

from bot.access import Access
from bot.accounting import Accounting
from bot.alerts import Thresholds, Watch
from bot.asides import Asides
from bot.attachments.hearing import Hearing
from bot.attachments.limits import AttachmentLimits
from bot.attachments.reading import Reading
from bot.attachments.workshop import Workshop
from bot.brain import Brain
from bot.budgets import Budgets
from bot.bursts import Bursts
from bot.calibration import Calibration
from bot.charts.studio import Studio
from bot.chat import Chat
from bot.chores import Chores, Do
from bot.commands import Command, CommandBook, all_commands
from bot.dashboard.doors import Doors
from bot.dashboard.looking import Inside
from bot.dashboard.office import Office
from bot.delivery import Courier
from bot.disclosure import Disclosure
from bot.dispatch import Dispatcher
from bot.domain.access import AccessPolicy
from bot.domain.budgets import BudgetPlan
from bot.domain.bursts import Quiet
from bot.domain.context import ContextPolicy
from bot.domain.models import Catalog
from bot.domain.moderation import ModerationPolicy
from bot.domain.people import Identity
from bot.domain.personas import DEFAULT, Persona
from bot.domain.quotas import Meter, Plan
from bot.happenings import Happenings
from bot.herald import Herald
from bot.inbox import Inbox
from bot.indexing import Indexing
from bot.llm.prices import PriceBook
from bot.llm.ways import Gates, Trouble
from bot.masking import MaskedModel, Masking
from bot.memory import Memory
from bot.moderation import Moderation
from bot.nameplates import Nameplates
from bot.newcomers import Newcomers
from bot.offers import Offers
from bot.ownkeys import OwnKeys
from bot.personas import Personas
from bot.plans import Plans, base_plans
from bot.ports import Platform
from bot.questions import Questions
from bot.quotas import Quotas
from bot.receiving import Receiving
from bot.renewal import Renewal
from bot.repeats import Repeats
from bot.scrubbing import Scrubbing
from bot.seals import KEY, Seals
from bot.storage import Storage
from bot.storage.migrate import upgrade
from bot.storage.tables import lane
from bot.summaries import Summaries
from bot.switchboard import Switchboard
from bot.telemetry import configure
from bot.texts.catalogues import Catalogues
from bot.titles import Titles
from tests.databases import EmptiedDatabase, own_database
from tests.fakes import FakeClock, FakeModel, FakePlatform, WordCounter
from tests.redises import prefix, redis, redis_url  # noqa: F401 - fixtures

# On a busy machine the first examples take long, which says nothing about the code.
hypothesis.settings.register_profile("parley", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("parley")

ADMIN = "root"

TRUNCATE = ContextPolicy(recall=0, low_water=1)
"""Turns go one by one, and nothing is recalled."""

LEASE = 3600.0
"""Seconds; long, because fake clocks run fast and nobody renews."""


@dataclass(slots=True, kw_only=True)
class Core:
    """The conversation core with everything outside of it faked, except the database."""

    storage: Storage
    clock: FakeClock
    book: CommandBook
    platform: FakePlatform
    model: FakeModel
    inbox: Inbox
    quotas: Quotas
    budgets: Budgets
    watch: Watch
    troubles: list[Trouble]
    dispatcher: Dispatcher
    herald: Herald
    office: Office

    async def hear(self, user: str, text: str, **more: Any) -> None:
        """Somebody says something; it is stored and not yet handled."""
        await self.inbox.accept([self.platform.arrival(user, text, **more)])

    async def work(self) -> None:
        """Handle everything that waits, each lane in order."""
        while leases := await self.inbox.claim(100):
            for lease in leases:
                self.dispatcher.start(lease)
            await asyncio.wait(self.dispatcher._running, timeout=30)  # draining would cut chores off
            await self.dispatcher.drain(0)

    async def recover(self) -> None:
        """Begin as after the death of whoever held lanes: they are free, as at once on SQLite or after a lease."""
        async with self.storage.begin() as work:
            await work.inbox.take_back(everything=True)
        await self.inbox.recover()

    async def later(self) -> None:
        """The time has come for what waits for a platform."""
        async with self.storage.begin() as work:
            await work.inbox._connection.execute(sa.update(lane).values(not_before=0))
            await work.inbox.unpark()
        await self.work()

    async def say(self, user: str, text: str, **more: Any) -> str:
        """Somebody says something; returns the last thing anybody is answered."""
        await self.hear(user, text, **more)
        await self.work()
        return self.platform.sent[-1][1] if self.platform.sent else ""

    async def click(self, user: str, label: str, **more: str) -> str:
        """Somebody clicks the newest button with that label; returns the last thing anybody is answered."""
        number = max(at for at, labels in enumerate(self.platform.labels) if label in labels)
        command = self.platform.buttons[number][self.platform.labels[number].index(label)]
        chat, message = self.platform.sent[number][0], str(number + 1)
        return await self.say(user, f"/{command}", **{"chat": chat, "message": message, "clicked": True} | more)


async def nothing() -> None:
    """There is no response cache to clear."""


def _doers(storage: Storage, platforms: Sequence[Platform], zone: ZoneInfo) -> dict[str, Do]:
    scrubbing = Scrubbing(storage, {one.name: one for one in platforms}, nothing)
    return {"index": Indexing(WordCounter(), zone), "nameplate": Nameplates(platforms), "scrub": scrubbing}


def _office(
    storage: Storage,
    switchboard: Switchboard,
    platforms: Sequence[Platform],
    *,
    settings: Sequence[tuple[str, str, bool]],
    shows_messages: bool,
    clock: FakeClock,
) -> Office:
    assert switchboard.doors
    inside = Inside(
        access=switchboard.access,
        quotas=switchboard.accounting.quotas,
        budgets=switchboard.accounting.budgets,
        catalog=switchboard.catalog,
        gates=Gates(clock),
        settings=lambda: settings,
        disclosure=switchboard.disclosure,
        zone=ZoneInfo("UTC"),
        shows_messages=shows_messages,
    )
    names = [one.name for one in platforms]
    return Office(
        storage, switchboard, inside=inside, doors=switchboard.doors, studio=Studio(), clock=clock, platforms=names
    )


def make_core(
    storage: Storage,
    *,
    window: int = 1000,
    daily: Mapping[Meter, int | None] | None = None,
    plans: Sequence[Plan] | None = None,
    lease: float = LEASE,
    catalog: Catalog | None = None,
    budgets: BudgetPlan | None = None,
    thresholds: Thresholds | None = None,
    longest_question: int | None = None,
    idle: timedelta | None = None,
    quiet: float = 0.0,
    titles: bool = False,
    files: Mapping[str, Persona] | None = None,
    others: Sequence[Platform] = (),
    more_commands: Sequence[Command] = (),
    more_admins: Sequence[Identity] = (),
    policy: AccessPolicy | None = None,
    doers: Mapping[str, Do] | None = None,
    context: ContextPolicy | None = None,
    elsewhere: bool = False,
    dashboard: str = "https://bot.example/dashboard",
    settings: Sequence[tuple[str, str, bool]] = (),
    shows_messages: bool = False,
    calibration: Calibration | None = None,
    moderation: Moderation | None = None,
    masking: Masking = Masking(),  # noqa: B008 - a value
    disclosure: Disclosure = Disclosure(),  # noqa: B008 - a value
    offers: Offers = Offers(),  # noqa: B008 - a value
    attachments: AttachmentLimits | None = None,
    hearing: Callable[[Accounting, Brain], Hearing] | None = None,
    own_keys: OwnKeys | None = None,
) -> Core:
    """A core on `storage`; call it again with the same storage to play a restart."""
    clock, book, model = FakeClock(), CommandBook((*all_commands(), *more_commands)), FakeModel()
    platform = FakePlatform(book)
    platforms: list[Platform] = [platform, *others]
    zone = ZoneInfo("UTC")
    quotas = Quotas(Plans(plans or base_plans(daily or {"messages": 5, "tokens": 10_000})), zone, clock)
    courier, catalogues, inbox = Courier(clock), Catalogues("en", zone), Inbox(storage, clock, lease=lease)
    catalog = catalog or Catalog.single(base_url="http://fake/v1", key=None, model="fake-1", window=window)
    kind = {DEFAULT: Persona(name=DEFAULT, prompt="be kind")}
    names = [*catalog.chains, *(card.name for card in catalog.models.values())]
    personas = Personas({**kind, **(files or {})}, tokens=WordCounter(), clock=clock, zone=zone, models=names)
    brain = Brain(
        catalog=catalog,
        personas=personas,
        quotas=quotas,
        memory=Memory(context or TRUNCATE, clock=clock, zone=zone, elsewhere=elsewhere),
        calibration=calibration or Calibration(),
        tokens=WordCounter(),
        longest_context=window,
        longest_answer=100,
        longest_question=longest_question,
        masking=masking,
    )
    purse, admins = Budgets(budgets or BudgetPlan(), zone, clock), {Identity(platform="fake", user=ADMIN), *more_admins}
    access = Access(replace(policy or AccessPolicy(), owners=admins), {one.name for one in platforms})
    accounting = Accounting(quotas=quotas, budgets=purse, prices=PriceBook(catalog, clock), clock=clock, access=access)
    masked = MaskedModel(model, masking)
    asides = Asides(model=masked, catalog=catalog, tokens=WordCounter(), accounting=accounting, masked=masking.active)
    summaries = Summaries(asides, WordCounter(), context or TRUNCATE)
    bursts, limits = Bursts(Quiet(seconds=quiet), clock), attachments or AttachmentLimits()
    moderation = moderation or Moderation(ModerationPolicy(), clock)
    chat = Chat(
        model=masked,
        brain=brain,
        renewal=Renewal(idle=idle),
        tokens=WordCounter(),
        access=access,
        accounting=accounting,
        repeats=Repeats(clock),
        courier=courier,
        catalogues=catalogues,
        bursts=bursts,
        moderation=moderation,
        receiving=Receiving(
            Reading(limits, Workshop(limits), WordCounter()),
            hearing(accounting, brain) if hearing else None,
            brain=brain,
            access=access,
            moderation=moderation,
            catalogues=catalogues,
        ),
        titles=Titles(asides) if titles else None,
        own_keys=own_keys,
        offers=offers,
    )
    switchboard = Switchboard(
        book,
        access,
        accounting,
        catalog=catalog,
        inbox=inbox,
        studio=Studio(),
        personas=personas,
        clock=clock,
        zone=zone,
        brain=brain,
        offers=offers,
        doors=Doors(dashboard, b"key", access, clock),
        own_keys=own_keys,
        disclosure=disclosure,
    )
    dispatcher = Dispatcher(
        inbox=inbox,
        platforms={one.name: one for one in platforms},
        access=access,
        newcomers=Newcomers(access, inbox, clock),
        switchboard=switchboard,
        questions=Questions(chat=chat, bursts=bursts),
        chores=Chores(
            _doers(storage, platforms, zone) | {"summary": summaries, "title": Titles(asides)} | dict(doers or {})
        ),
        happenings=Happenings(access, inbox, clock),
        accounting=accounting,
        courier=courier,
        catalogues=catalogues,
        concurrency=100,
    )
    troubles: list[Trouble] = []
    watch = Watch(
        storage=storage,
        inbox=inbox,
        budgets=purse,
        troubles=lambda: troubles,
        clock=clock,
        thresholds=thresholds or Thresholds(),
        access=access,
    )
    return Core(
        storage=storage,
        clock=clock,
        book=book,
        platform=platform,
        model=model,
        inbox=inbox,
        quotas=quotas,
        budgets=purse,
        watch=watch,
        troubles=troubles,
        dispatcher=dispatcher,
        office=_office(storage, switchboard, platforms, settings=settings, shows_messages=shows_messages, clock=clock),
        herald=Herald(storage, inbox, access, clock, {one.name: one.notices_per_second for one in platforms}),
    )


@pytest.fixture(scope="session", autouse=True)
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """With TEST_SEALED every database of every test is sealed, also those of the processes that tests start."""
    if "TEST_SEALED" not in os.environ:
        yield
        return
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text(b64encode(bytes(KEY)).decode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENCRYPTION_KEYS_FILE", str(keys))
        patch.setattr(Storage.open.__func__, "__defaults__", (Seals.of([bytes(KEY)]),))  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="session", autouse=True)
def logs_as_in_operation() -> None:
    """Our log lines go through the standard library, where pytest catches them."""
    configure("INFO", "console")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database without a row: migrating anew for each test would take most of its time."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def emptied_database() -> Iterator[EmptiedDatabase]:
    """A migrated PostgreSQL database of this run alone, for one test after the other."""
    with own_database() as url:
        upgrade(url)
        yield EmptiedDatabase(url)


# Both for every test that touches a database: on PostgreSQL one takes 30 ms more, all of them some ten seconds.
@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated database without a row; `@on("sqlite")` chooses."""
    if request.param == "postgresql":
        emptied: EmptiedDatabase = request.getfixturevalue("emptied_database")
        return emptied.again()
    path = request.getfixturevalue("tmp_path") / "parley.db"
    shutil.copy(request.getfixturevalue("empty_database"), path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    database = Storage.open(database_url)
    yield database
    await database.close()


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage)
