"""What the commands of the command line run: serve, console, demo."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from pydantic import SecretStr

from bot.application import Application
from bot.bootstrap import open_application
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.dashboard.office import Office
from bot.errors import ConfigError
from bot.needs import NO_PLATFORM, model_problems
from bot.platforms import all_platforms, platforms_of
from bot.ports import Platform
from bot.settings import OPENAI_URL, Part, Settings
from bot.tasks import cancel
from bot.texts.catalogues import Catalogues
from bot.vitals import Pulse

_log = structlog.get_logger(__name__)

_DEMO_PACE = 30.0
"""Words a second of the scripted model in the demo: about what hosted models write."""

_FIRST_WORD = 0.8
"""Seconds before its first word."""

_DEMO_MESSAGES = 20
"""What a person may send in the demo: few enough to see a quota at work."""

_NEW_OBJECTS = 10_000
"""Objects after which the collector looks for cycles among them: Python's 700 took a twentieth of a busy bot's time."""


async def serve(settings: Settings, stop_signal: Callable[[], asyncio.Event], part: Part = "all") -> None:
    """`parley serve`."""
    book = all_commands()
    platforms = all_platforms(settings, book)
    if not platforms:
        raise ConfigError([NO_PLATFORM])
    async with (
        _watched(settings),
        open_application(settings, platforms, book, part=part) as application,
        _http(settings, platforms, application, part),
    ):
        _spare_collector()
        _log.info("serving", platforms=[platform.name for platform in platforms], role=part)
        await application.run(stop_signal())


@asynccontextmanager
async def _watched(settings: Settings) -> AsyncIterator[None]:
    """Send errors and traces to where the settings say. Raises ConfigError."""
    with ExitStack() as stack:
        if settings.sentry_dsn is not None:
            from bot.telemetry.reports import reported

            stack.enter_context(reported(settings.sentry_dsn.get_secret_value()))
        if settings.otel_exporter_otlp_endpoint is not None:
            from bot.telemetry.spans import exported

            stack.enter_context(exported(settings.otel_exporter_otlp_endpoint))
        yield


@contextmanager
def _counted(pulse: Pulse) -> Iterator[web.RouteDef]:
    """Count what happens, for the route that tells it."""
    from adapters.web.server import metrics_route
    from bot.telemetry.metrics import CONTENT_TYPE, Metrics

    async def rendered() -> bytes:
        return metrics.rendered(await pulse.take())

    metrics = Metrics()
    with metrics.listening():
        yield metrics_route(rendered, CONTENT_TYPE)


def _spare_collector() -> None:
    """What stands by now stays: the collector need not look at it again. Turns leave few cycles for it to find."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


@asynccontextmanager
async def _http(
    settings: Settings, platforms: Sequence[Platform], application: Application, part: Part
) -> AsyncIterator[None]:
    """Listen for what platforms push, for admins with browsers, and for who asks whether we are well."""
    from adapters.slack.platform import SlackPlatform
    from adapters.telegram.platform import TelegramPlatform
    from adapters.web.server import serve_http

    pushing = [one for one in platforms if isinstance(one, SlackPlatform | TelegramPlatform) and part != "work"]
    routes = [route for platform in pushing for route in platform.routes()]
    routes += dashboard_routes(settings, application.worker.office if application.worker else None)
    host, port, checks = settings.http_host, settings.http_port, application.health.checks
    async with AsyncExitStack() as server:
        if settings.metrics:
            routes.append(server.enter_context(_counted(application.pulse)))
        try:
            given = await server.enter_async_context(serve_http(routes, checks, host=host, port=port))
            _log.info("http_served", host=host, port=given)
        except OSError as error:
            if routes:
                raise ConfigError([f"HTTP_PORT: cannot listen on {host}:{port}"]) from error
            _log.warning("http_not_served", host=host, port=port, reason=error.strerror)
        yield


def dashboard_routes(settings: Settings, office: Office | None) -> list[web.RouteDef]:
    """Where the dashboard answers; nowhere, unless the operator wants one. Its libraries are loaded then only."""
    if office is None:
        return []
    from adapters.web.dashboard.oidc import Application as Registered
    from adapters.web.dashboard.oidc import Provider
    from adapters.web.dashboard.server import Dashboard

    provider = None
    if settings.dashboard_oidc_issuer:
        secret = settings.dashboard_oidc_client_secret
        registered = Registered(
            issuer=settings.dashboard_oidc_issuer,
            client_id=settings.dashboard_oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            people=settings.dashboard_oidc_people,
            redirect=f"{settings.dashboard_url}/oidc/back",
        )
        provider = Provider(registered)
    catalogues = Catalogues(settings.language, ZoneInfo(settings.timezone))
    return Dashboard(office, catalogues, SystemClock(), provider).routes()


async def console(settings: Settings, stop_signal: Callable[[], asyncio.Event]) -> None:
    """`parley console`: one person, who is an admin, with a database of their own."""
    from adapters.console import ConsolePlatform
    from adapters.console.platform import YOU

    book = all_commands()
    async with _model_settings(settings) as chosen:
        local = chosen.model_copy(
            update={"admins": chosen.admins | {YOU}, "database_url": "sqlite+aiosqlite:///data/console.db"}
        )
        platform = ConsolePlatform(sys.stdin.readline, sys.stdout, book)
        async with open_application(local, [platform], book) as application:
            await application.run(stop_signal())


@asynccontextmanager
async def _model_settings(settings: Settings, words_per_second: float | None = None) -> AsyncIterator[Settings]:
    """The settings with a model in them: the real one if one is set, else our scripted one, at that pace."""
    if settings.parley_models or settings.openai_api_key or settings.openai_base_url != OPENAI_URL:
        if problems := model_problems(settings):
            raise ConfigError(problems)
        yield settings
        return
    from bot.llm.emulator import ModelEmulator, Pace

    pace = Pace(words_per_second=words_per_second, first_token=_FIRST_WORD if words_per_second else 0.0)
    async with ModelEmulator(pace=pace) as scripted:
        # It would repeat the question as its title.
        scripted_settings = {"openai_base_url": scripted.url, "model": "scripted-1", "titles": False}
        scripted_settings |= {"model_sees_images": True, "transcription_model": "whisper-1"}
        yield settings.model_copy(update=scripted_settings)


async def demo(
    settings: Settings, stop_signal: Callable[[], asyncio.Event], *, port: int, announce: Callable[[str], None]
) -> None:
    """`parley demo`: both platforms' emulators on one page, driven through the real adapters.

    Raises ConfigError when the port is taken.
    """
    from adapters.slack.emulator import SlackEmulator
    from adapters.slack.emulator.stage import SlackStage
    from adapters.telegram.emulator import TelegramEmulator
    from adapters.telegram.emulator.stage import TelegramStage
    from adapters.web.demo import Answering, serve_demo

    stop, catalogues = stop_signal(), Catalogues(settings.language, ZoneInfo(settings.timezone))
    async with (
        _model_settings(settings, _DEMO_PACE) as chosen,
        TelegramEmulator(reads_all_group_messages=True) as telegram,
        SlackEmulator() as slack,
    ):
        stages = (TelegramStage(telegram), SlackStage(slack))
        answering = Answering(model=chosen.model, scripted=chosen is not settings)
        with TemporaryDirectory(prefix="parley-demo-") as folder:
            local = chosen.model_copy(
                update={
                    "telegram_bot_token": SecretStr("100:TEST"),
                    "telegram_api_url": telegram.url,
                    "slack_bot_token": SecretStr("xoxb-test"),
                    "slack_app_token": SecretStr("xapp-test"),
                    "slack_api_url": slack.url.rstrip("/"),
                    "database_url": f"sqlite+aiosqlite:///{folder}/demo.db",
                    "admins": frozenset(stage.admin for stage in stages),
                    "daily_messages": _DEMO_MESSAGES,
                }
            )
            async with serve_demo(stages, answering, catalogues, port=port) as address:
                _no_proxy_here()
                await _play(local, stop, lambda: announce(f"Parley demo: {address} (Ctrl-C ends it)"), stages[0].open)


def _no_proxy_here() -> None:
    """Everything emulated is on this machine, where a proxy of the environment must not be asked for it."""
    known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    if "127.0.0.1" not in known.split(","):
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = f"{known},127.0.0.1".lstrip(",")


async def _play(settings: Settings, stop: asyncio.Event, *openings: Callable[[], None]) -> None:
    """Run the bot until `stop`; the openings are called when it listens."""
    book = all_commands()
    async with open_application(settings, platforms_of(settings, book), book) as application:
        telling = asyncio.create_task(_when(application.ready, openings))
        try:
            # Nothing of a demo is kept, so no answer is worth waiting for.
            await replace(application, patience=0.5).run(stop)
        finally:
            await cancel(telling)


async def _when(ready: asyncio.Event, acts: Sequence[Callable[[], None]]) -> None:
    await ready.wait()
    for act in acts:
        act()
