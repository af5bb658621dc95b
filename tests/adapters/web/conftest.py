"""Whole demos, and a browser that looks at them.

Chromium and one demo serve every test of this folder, on one event loop. What a test says there stays there: tests look
at what comes after what they found. One that changes what others rely on takes a demo of its own (`newcomer`).
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from bot.entrypoints import demo
from bot.llm.emulator import ModelEmulator, Pace
from bot.settings import Settings

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 15_000  # milliseconds

AT_ONCE = Pace()
READABLE = Pace(words_per_second=35)
"""Slow enough to be watched: platforms show what is new once a second."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """The adapter silences this warning when it starts; pytest forgets that when the next test begins."""
    item.add_marker(pytest.mark.filterwarnings(r"ignore:Please use 'Bot\.getUpdates':telegram.warnings.PTBUserWarning"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The demo of all tests: where its page is, and the scripted model, which answers at once."""

    address: str
    model: ModelEmulator


@pytest.fixture(scope="package", autouse=True)
def _environment() -> Iterator[None]:
    """Demos add this computer to NO_PROXY; afterwards it is put back. No real model is asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("no_proxy", "127.0.0.1")
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL", "PARLEY_MODELS"):
            patch.delenv(name, raising=False)
        yield


@asynccontextmanager
async def running_demo(**settings: Any) -> AsyncIterator[str]:
    """A demo on this loop while the block lasts; where its page is."""
    stop, said = asyncio.Event(), asyncio.get_running_loop().create_future()
    chosen = Settings.load(_env_file=None, **settings)
    running = asyncio.create_task(demo(chosen, lambda: stop, port=0, announce=said.set_result))
    await asyncio.wait({running, said}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    yield next(word for word in (await said).split() if word.startswith("http"))
    stop.set()
    await running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared() -> AsyncIterator[Shared]:
    async with (
        ModelEmulator(pace=AT_ONCE) as model,
        running_demo(openai_base_url=model.url, openai_api_key="any", model="scripted-1") as address,
    ):
        yield Shared(address=address, model=model)


@pytest.fixture
def address(shared: Shared) -> str:
    """Where the page of the shared demo is."""
    return shared.address


@pytest.fixture
def readable(shared: Shared) -> Iterator[None]:
    """The model writes at a pace that can be watched."""
    shared.model.pace = READABLE
    yield
    shared.model.pace = AT_ONCE


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("The demo page is tested in Chromium, and there is none: install the package chromium.")
        pytest.skip("The demo page is tested in Chromium, and there is none here.")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        await opened.close()


Visit = Callable[[str], AbstractAsyncContextManager[Page]]


@pytest.fixture
def visit(browser: Browser) -> Visit:
    """`async with visit(address) as page`: open and connected. Anything it reports as an error fails the test."""

    @asynccontextmanager
    async def looking(address: str) -> AsyncIterator[Page]:
        opened = await browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-GB")
        opened.set_default_timeout(_PATIENCE)
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        await opened.goto(address)
        await opened.locator("#pane-telegram .message.bot").first.wait_for()
        await opened.locator("#pane-slack .speaker label").first.wait_for()
        yield opened
        await opened.close()
        assert errors == []

    return looking


@pytest_asyncio.fixture(loop_scope="package")
async def page(visit: Visit, shared: Shared) -> AsyncIterator[Page]:
    """The page of the shared demo."""
    async with visit(shared.address) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="package")
async def newcomer(visit: Visit) -> AsyncIterator[Page]:
    """The page of a demo of the test's own, just as `parley demo` starts it, with nothing set."""
    async with running_demo() as address, visit(address) as opened:
        yield opened
