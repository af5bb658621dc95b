"""What Sentry is told: that something broke and where, and no word of anybody's."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
import structlog
from aiohttp import web

from bot.errors import ConfigError
from bot.telemetry import configure
from bot.telemetry.reports import reported
from tests.conftest import Core

SECRET = "the words of ada"


class Sentry:
    """A server that takes envelopes, as Sentry does."""

    def __init__(self) -> None:
        self.envelopes: list[str] = []
        self.dsn = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        # aiohttp has unpacked it if the header said so.
        self.envelopes.append((gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode())
        return web.json_response({})

    @property
    def told(self) -> str:
        return "\n".join(self.envelopes)


@pytest.fixture
async def sentry() -> AsyncIterator[Sentry]:
    server = Sentry()
    application = web.Application()
    application.router.add_post("/api/1/envelope/", server.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.dsn = f"http://key@127.0.0.1:{runner.addresses[0][1]}/1"
    yield server
    await runner.cleanup()


@pytest.fixture(autouse=True)
def logs() -> None:
    configure("INFO", "console")


async def test_a_crash_is_reported_without_anybodys_words(sentry: Sentry, core: Core) -> None:
    core.model.script = [(ValueError(SECRET),)]
    reporting = reported(sentry.dsn)
    reporting.__enter__()
    await core.hear("ada", SECRET)
    await core.work()
    # Sentry's own thread sends; waiting for it must not hold up the server that runs here.
    await asyncio.to_thread(reporting.__exit__, None, None, None)
    assert "turn_crashed" in sentry.told
    assert "ValueError" in sentry.told
    assert "dispatch.py" in sentry.told
    assert SECRET not in sentry.told


async def test_what_is_no_error_is_not_reported(sentry: Sentry) -> None:
    reporting = reported(sentry.dsn)
    reporting.__enter__()
    structlog.get_logger("bot.test").warning("alert_opened", kind="spend")
    structlog.get_logger("bot.test").error("chart_not_drawn", reason=SECRET)
    await asyncio.to_thread(reporting.__exit__, None, None, None)
    assert "alert_opened" not in sentry.told
    assert "chart_not_drawn" in sentry.told
    assert SECRET not in sentry.told


def test_a_dsn_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError, match="SENTRY_DSN"), reported("nonsense"):
        pass
