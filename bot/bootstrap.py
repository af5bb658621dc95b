"""The composition root: settings become a running application. Alone in choosing implementations."""

import asyncio
import fcntl
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr

from bot.chat import Brain, Chat
from bot.clock import SystemClock
from bot.commands import CommandBook, all_commands
from bot.delivery import Courier
from bot.dispatch import Dispatcher
from bot.domain.context import ContextWindow, Weighed
from bot.domain.quotas import Plan
from bot.errors import ConfigError, ModelError
from bot.inbox import Inbox
from bot.llm import open_model
from bot.llm.tokens import TiktokenCounter
from bot.llm.windows import known_window
from bot.ports import Clock, Model, Platform, TokenCounter
from bot.quotas import Quotas
from bot.settings import OPENAI_URL, Settings
from bot.storage import Storage
from bot.storage.store import HEAD
from bot.texts import Text
from bot.texts.catalogues import Catalogues

_log = structlog.get_logger(__name__)

_CONCURRENCY = 1000
"""Turns at once in one process. Each costs some 50 KB while its answer streams; the endpoint's limits come first."""

_PATIENCE = 20.0
"""Seconds that running answers get to end when the process is asked to stop."""

_THRIFTY_WINDOW = 16_000
"""Tokens of context used unless CONTEXT_WINDOW says otherwise: every message pays for the whole of it."""

_UNKNOWN_WINDOW = 8_192
"""Tokens assumed for a model nobody knows: more would be a guess."""

_DEMO_PACE = 30.0
"""Words a second of the scripted model in the demo: about what hosted models write."""

_FIRST_WORD = 0.8
"""Seconds before its first word."""

_DEMO_MESSAGES = 20
"""What a person may send in the demo: few enough to see a quota at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Everything that runs, put together."""

    inbox: Inbox
    dispatcher: Dispatcher
    platforms: Sequence[Platform]
    ready: asyncio.Event
    patience: float = _PATIENCE

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set or every platform has come to its end; then let running answers end.

        Raises PlatformMisconfigured when a platform does not let us in.
        """
        await self.inbox.recover()
        beat = asyncio.create_task(self.inbox.keep())
        work = asyncio.create_task(self.dispatcher.run())
        listeners = [asyncio.create_task(platform.listen(self.inbox.accept)) for platform in self.platforms]
        self.ready.set()
        try:
            await self._until(stop, listeners)
        finally:
            await _cancel(*listeners)
            if not stop.is_set():
                await self.dispatcher.settle()
            await _cancel(work)
            await self.dispatcher.drain(self.patience)
            await _cancel(beat)

    async def _until(self, stop: asyncio.Event, listeners: Sequence[asyncio.Task[None]]) -> None:
        stopping = asyncio.create_task(stop.wait())
        listening: asyncio.Future[list[None]] = asyncio.gather(*listeners)
        both: set[asyncio.Future[Any]] = {stopping, listening}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        finally:
            await _cancel(stopping, listening)


@asynccontextmanager
async def open_application(
    settings: Settings, platforms: Sequence[Platform], book: CommandBook, clock: Clock | None = None
) -> AsyncIterator[Application]:
    """Open database and model, bring the schema up to date, and put everything together."""
    clock = clock or SystemClock()
    with _only_process(settings.database_url):
        storage = Storage.open(settings.database_url)
        tokens = TiktokenCounter()
        model = model_of(settings)
        loading = asyncio.create_task(tokens.load())
        try:
            await upgrade_if_needed(storage)
            brain = await _brain(settings, model, tokens)
            await loading
            yield _assemble(
                settings,
                platforms=platforms,
                book=book,
                clock=clock,
                storage=storage,
                model=model,
                tokens=tokens,
                brain=brain,
            )
        finally:
            await _cancel(loading)
            for platform in platforms:
                await platform.close()
            await model.close()
            await storage.close()


async def upgrade_if_needed(storage: Storage) -> None:
    """Bring the schema up to date; does nothing, and loads nothing, when it is."""
    revision = await storage.revision()
    if revision != HEAD:
        _log.info("database_upgrade", found=revision or "empty", target=HEAD)
        await storage.upgrade()


def _assemble(
    settings: Settings,
    *,
    platforms: Sequence[Platform],
    book: CommandBook,
    clock: Clock,
    storage: Storage,
    model: Model,
    tokens: TokenCounter,
    brain: Brain,
) -> Application:
    zone = ZoneInfo(settings.timezone)
    catalogues = Catalogues(settings.language, zone)
    plan: Plan = {"messages": settings.daily_messages, "tokens": settings.daily_tokens}
    quotas = Quotas(plan, zone, clock)
    courier = Courier(clock)
    inbox = Inbox(storage, clock)
    chat = Chat(model=model, brain=brain, tokens=tokens, quotas=quotas, courier=courier, catalogues=catalogues)
    dispatcher = Dispatcher(
        inbox=inbox,
        platforms={platform.name: platform for platform in platforms},
        book=book,
        chat=chat,
        quotas=quotas,
        courier=courier,
        catalogues=catalogues,
        admins=settings.admins,
        concurrency=_CONCURRENCY,
    )
    return Application(inbox=inbox, dispatcher=dispatcher, platforms=platforms, ready=asyncio.Event())


async def _brain(settings: Settings, model: Model, tokens: TokenCounter) -> Brain:
    offered = await _offered(model)
    if offered and settings.model not in offered:
        _log.warning(
            "model_not_offered", model=settings.model, advice="set MODEL to one of them", offered=sorted(offered)[:20]
        )
    size = settings.context_window or _window(settings.model, offered.get(settings.model))
    _log.info("model_chosen", model=settings.model, context_window=size)
    return Brain(
        model=settings.model,
        window=ContextWindow(size=size, wanted_room=settings.max_answer_tokens),
        system=Weighed(text=settings.system_prompt, tokens=await tokens.count(settings.system_prompt)),
    )


def _window(model: str, told: int | None) -> int:
    return min(told or known_window(model) or _UNKNOWN_WINDOW, _THRIFTY_WINDOW)


async def _offered(model: Model) -> dict[str, int | None]:
    """What the endpoint offers; nothing if it cannot be asked now, which start-up does not wait for."""
    try:
        async with asyncio.timeout(5):
            return dict(await model.models())
    except (ModelError, TimeoutError) as error:
        _log.warning("models_not_listed", reason=type(error).__name__, advice="`parley doctor` tells more")
        return {}


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _only_process(url: str) -> Iterator[None]:
    """Hold a lock file beside an SQLite database: a second process would take over what the first is doing."""
    path = _sqlite_file(url)
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError([f"DATABASE_URL: another Parley process uses {path}; stop it first"]) from error
        yield


def _sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL, None for one in memory or another database."""
    _, _, path = url.partition(":///")
    return Path(path) if url.startswith("sqlite") and path and path != ":memory:" else None


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


def model_of(settings: Settings) -> Model:
    """The model side, as the settings describe it."""
    # Local servers take any key, but the SDK insists on one.
    return open_model(settings.openai_base_url, _secret(settings.openai_api_key) or "unused", SystemClock())


async def serve(settings: Settings, stop_signal: Callable[[], asyncio.Event]) -> None:
    """`parley serve`."""
    book = all_commands()
    platforms = platforms_of(settings, book)
    async with open_application(settings, platforms, book) as application, _http_events(settings, platforms):
        _log.info("serving", platforms=[platform.name for platform in platforms])
        await application.run(stop_signal())


@asynccontextmanager
async def _http_events(settings: Settings, platforms: Sequence[Platform]) -> AsyncIterator[None]:
    """Listen for Slack's HTTP events, if that is how it reaches us."""
    if settings.slack_bot_token is None or settings.slack_app_token:
        yield
        return
    from aiohttp import web

    from adapters.slack.platform import SlackPlatform

    (slack,) = (platform for platform in platforms if isinstance(platform, SlackPlatform))
    runner = web.AppRunner(slack.web_app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.http_host, settings.http_port).start()
        yield
    except OSError as error:
        raise ConfigError([f"HTTP_PORT: cannot listen on {settings.http_host}:{settings.http_port}"]) from error
    finally:
        await runner.cleanup()


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
    if settings.openai_api_key or settings.openai_base_url != OPENAI_URL:
        if problems := settings.model_problems():
            raise ConfigError(problems)
        yield settings
        return
    from bot.llm.emulator import ModelEmulator, Pace

    pace = Pace(words_per_second=words_per_second, first_token=_FIRST_WORD if words_per_second else 0.0)
    async with ModelEmulator(pace=pace) as scripted:
        yield settings.model_copy(update={"openai_base_url": scripted.url, "model": "scripted-1"})


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


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
            await _cancel(telling)


async def _when(ready: asyncio.Event, acts: Sequence[Callable[[], None]]) -> None:
    await ready.wait()
    for act in acts:
        act()
