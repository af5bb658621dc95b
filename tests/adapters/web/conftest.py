"""A whole demo, and a browser that looks at it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

from bot.entrypoints import demo
from bot.settings import Settings

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 15_000  # milliseconds


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo adds this computer to NO_PROXY; here it is put back. No real model is asked."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Where the page is. The demo runs on this loop, with the scripted model."""
    stop, said = asyncio.Event(), asyncio.get_running_loop().create_future()
    settings = Settings.load(_env_file=None)
    running = asyncio.create_task(demo(settings, lambda: stop, port=0, announce=said.set_result))
    await asyncio.wait({running, said}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    yield next(word for word in (await said).split() if word.startswith("http"))
    stop.set()
    await running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("The demo page is tested in Chromium, and there is none: install the package chromium.")
        pytest.skip("The demo page is tested in Chromium, and there is none here.")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    """The page, open and connected. Anything it reports as an error fails the test."""
    opened = await browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-GB")
    opened.set_default_timeout(_PATIENCE)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    await opened.goto(address)
    await opened.locator("#pane-telegram .message.bot").first.wait_for()
    yield opened
    await opened.close()
    assert errors == []
