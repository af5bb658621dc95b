"""A bot that has been in use for three months, and its dashboard behind a real server."""

import random
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from adapters.web.dashboard.oidc import Application, Provider
from adapters.web.dashboard.server import Dashboard
from bot.domain.budgets import EVERYWHERE, Budget, BudgetPlan
from bot.domain.models import Catalog, ModelCard
from bot.domain.people import Identity, Sender
from bot.domain.windows import milliseconds
from bot.storage import CallRecord, Storage
from bot.texts.catalogues import Catalogues
from tests.calls import catalog
from tests.conftest import ADMIN, Core, make_core

PEOPLE = (
    ("telegram", "11", "Ada Lovelace", "ada"),
    ("slack", "T1/U2", "Grace Hopper", "grace"),
    ("telegram", "13", "Emmy Noether", "emmy"),
    ("telegram", "14", "Chien-Shiung Wu", None),
    ("slack", "T1/U5", "Hedy Lamarr", "hedy"),
    ("slack", "T1/U6", "Rosalind Franklin", "rosalind"),
    ("telegram", "17", '=HYPERLINK("https://evil.example")', None),
    ("telegram", "18", "<img src=x onerror=alert(1)>", "nasty"),
)
MODELS = (("main", "large"), ("main", "small"), ("spare", "local"))
_DAYS = 90


def models() -> Catalog:
    return catalog(*(ModelCard(endpoint=endpoint, name=name, known_as=name, window=8000) for endpoint, name in MODELS))


def budgets() -> BudgetPlan:
    day = Budget(scope=EVERYWHERE, span="day", limit=5_000_000)
    return BudgetPlan(budgets=(day, Budget(scope="slack", span="month", limit=100_000_000)))


async def furnish(core: Core) -> None:
    """Ninety days of calls, which are the same each time, and something of everything else."""
    chance = random.Random(7)
    async with core.storage.begin() as work:
        accounts = []
        for platform, user, name, username in PEOPLE:
            who = Identity(platform=platform, user=user)
            accounts.append(
                await work.people.meet(Sender(identity=who, name=name, username=username, belonging="full"))
            )
        where = await work.conversations.current("telegram:11", account_id=accounts[0].id)
        numbers = [one.id for one in accounts]
        calls = [_call(core, chance, day, numbers, where) for day in range(_DAYS) for _ in range(14)]
        await work.calls.add_all(calls)
        now = milliseconds(core.clock.now())
        await work.alerts.open("errors", "all", now=now)
        await work.limits.ask(accounts[0].id, "more for the <b>conference</b>", now=now)
        root = await work.people.meet(Sender(identity=Identity(platform="fake", user=ADMIN), name="Root"))
        await work.people.move(root.id, None)
    await core.say("ada", "what is a monad?")
    await core.say(ADMIN, "/plan assign ada plus for 30d")
    await core.say(ADMIN, "/quota set ada messages 40 per day")
    await core.hear("ben", "are you there?")


def _call(core: Core, chance: random.Random, ago: int, accounts: Sequence[int], where: int) -> CallRecord:
    at = core.clock.now() - timedelta(days=ago, minutes=chance.randrange(60 * 11))
    endpoint, model = chance.choices(MODELS, (6, 3, 1))[0]
    written, read = chance.randrange(50, 900), chance.randrange(300, 6000)
    number = min(int(chance.expovariate(0.6)), len(accounts) - 1)
    return CallRecord(
        at=milliseconds(at),
        purpose="chat",
        inbox_id=0,
        account_id=accounts[number],
        conversation_id=where,
        platform=PEOPLE[number][0],
        endpoint=endpoint,
        asked=f"{endpoint}/{model}",
        answered=model,
        input_tokens=read,
        cached_tokens=read * chance.randrange(0, 8) // 10,
        cache_written_tokens=0,
        output_tokens=written,
        reasoning_tokens=0,
        estimated=False,
        cost=None if model == "local" else (read + 4 * written) * (5 if model == "large" else 1),
        attempts=1,
        waited_ms=int(chance.expovariate(1 / 1500)) if chance.random() < 0.4 else 0,
        first_piece_ms=chance.randrange(200, 1500),
        lasted_ms=chance.randrange(1500, 9000),
        ending="stop",
        failed=False,
    )


@asynccontextmanager
async def open_house(
    storage: Storage, provider: Application | None = None, **core: object
) -> AsyncIterator[tuple[Core, str]]:
    """A furnished core, and the address of its dashboard on this machine."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{door.getsockname()[1]}/dashboard"
        made = make_core(storage, dashboard=url, catalog=models(), budgets=budgets(), **core)  # type: ignore[arg-type]
        known = replace(provider, redirect=f"{url}/oidc/back") if provider else None
        async with _served(made, door, Provider(known) if known else None):
            yield made, url


@asynccontextmanager
async def _served(core: Core, door: socket.socket, provider: Provider | None) -> AsyncIterator[None]:
    application = web.Application()
    catalogues = Catalogues("en", ZoneInfo("UTC"))
    application.add_routes(Dashboard(core.office, catalogues, core.clock, provider).routes())
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, door).start()
        yield
    finally:
        await runner.cleanup()


async def link(core: Core, who: str = ADMIN) -> str:
    """What the bot answers to /dashboard."""
    await core.say(who, "/dashboard")
    said = "\n".join(text for _, text in core.platform.sent)
    return [line for line in said.splitlines() if "/enter?" in line][-1]
