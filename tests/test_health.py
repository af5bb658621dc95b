"""Whether a process can do its work, as load balancers ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from adapters.web.server import serve_http
from bot.duties import Duties
from bot.floods import Floods
from bot.health import Health
from bot.intake import Intake
from bot.storage import Storage
from tests.conftest import Core


@asynccontextmanager
async def served(health: Health) -> AsyncIterator[str]:
    async with serve_http([], health.checks, host="127.0.0.1", port=0) as port:
        yield f"http://127.0.0.1:{port}"


async def asked(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


def intake_of(core: Core) -> Intake:
    floods = Floods(core.storage, [core.platform], core.clock)
    return Intake(core.inbox, [core.platform], Duties(core.storage, core.clock, "me"), core.clock, floods=floods)


async def test_a_process_with_everything_is_ready(core: Core) -> None:
    async with served(Health(core.storage, intake_of(core), lambda: True)) as url:
        assert await asked(f"{url}/healthz") == (200, {"alive": True})
        assert await asked(f"{url}/readyz") == (200, {"database": True, "platform": True, "model": True})


async def test_without_its_database_it_is_alive_and_not_ready() -> None:
    storage = Storage.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    async with served(Health(storage, None)) as url:
        assert (await asked(f"{url}/healthz"))[0] == 200
        assert await asked(f"{url}/readyz") == (503, {"database": False})
    await storage.close()


async def test_without_any_platform_it_is_not_ready(core: Core) -> None:
    core.platform.connected = False
    async with served(Health(core.storage, intake_of(core))) as url:
        assert await asked(f"{url}/readyz") == (503, {"database": True, "platform": False})


async def test_while_every_model_rests_it_is_not_ready(core: Core) -> None:
    async with served(Health(core.storage, None, lambda: False)) as url:
        assert await asked(f"{url}/readyz") == (503, {"database": True, "model": False})
