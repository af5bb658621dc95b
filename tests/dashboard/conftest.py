"""Browsers and houses for the dashboard's tests."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from playwright.async_api import Browser, Page, async_playwright

from bot.storage import Storage
from tests.adapters.web.conftest import FLAGS
from tests.conftest import ADMIN, Core
from tests.dashboard.stage import furnish, link, open_house

PATIENCE = 30_000
"""Milliseconds until a page that does not come is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A core, where its dashboard is, and a client that keeps cookies and follows nothing."""

    core: Core
    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str = "/", **how: object) -> tuple[int, str]:
        async with self.http.get(f"{self.url}{path}", allow_redirects=False, **how) as answer:  # type: ignore[arg-type]
            return answer.status, await answer.text()

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> tuple[int, str, str]:
        """Status, where it leads, and what it says."""
        async with self.http.post(f"{self.url}{path}", data=fields, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def sign_in(self, who: str = ADMIN) -> None:
        code = (await link(self.core, who)).partition("code=")[2]
        status, _, _ = await self.post("/enter", {"code": code})
        assert status == 303

    async def token(self) -> str:
        """What forms of this session carry."""
        _, page = await self.get()
        return page.partition('name="token" value="')[2].partition('"')[0]

    async def do(self, command: str, back: str = "", **blanks: str) -> tuple[int, str, str]:
        """Send a form, as one of our pages has it."""
        return await self.post("/do", {"token": await self.token(), "command": command, "back": back, **blanks})


@pytest.fixture
async def house(storage: Storage) -> AsyncIterator[House]:
    """Without furniture: the owner alone is known."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of 127.0.0.1
    async with open_house(storage) as (core, url), aiohttp.ClientSession(cookie_jar=jar) as http:
        yield House(core=core, url=url, http=http)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("The dashboard is tested in Chromium, and there is none: install the package chromium.")
        pytest.skip("The dashboard is tested in Chromium, and there is none here.")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS), timeout=PATIENCE)
        yield opened
        await opened.close()


@pytest.fixture
async def furnished(tmp_path: object, empty_database: object) -> AsyncIterator[tuple[Core, str]]:
    """A bot in use for ninety days, on SQLite: pages are tested on both databases elsewhere."""
    path = f"{tmp_path}/parley.db"
    await asyncio.to_thread(shutil.copy, str(empty_database), path)
    storage = Storage.open(f"sqlite+aiosqlite:///{path}")
    async with open_house(storage) as (core, url):
        await furnish(core)
        yield core, url
    await storage.close()


@pytest.fixture
async def page(browser: Browser, furnished: tuple[Core, str]) -> AsyncIterator[Page]:
    """Signed in by a link. Anything the browser reports as an error fails the test."""
    opened = await browser.new_page(viewport={"width": 1300, "height": 900}, locale="en-GB")
    opened.set_default_timeout(PATIENCE)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    await opened.goto(await link(furnished[0]))
    await opened.get_by_role("button", name="Sign in").click()
    await opened.get_by_role("heading", name="Overview").wait_for()
    yield opened
    await opened.close()
    assert errors == []
