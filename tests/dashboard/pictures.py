"""Takes the pictures of the dashboard that the documents show: `python -m tests.dashboard.pictures docs/images`."""

import asyncio
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import Browser, async_playwright

from bot.storage import Storage
from bot.storage.migrate import upgrade
from tests.adapters.web.conftest import FLAGS
from tests.adapters.web.pictures import slim
from tests.dashboard.stage import furnish, link, open_house

_WIDE, _NARROW = {"width": 1300, "height": 860}, {"width": 390, "height": 800}
_PICTURES: dict[str, tuple[str, dict[str, int], str]] = {
    "dashboard": ("", _WIDE, "light"),
    "dashboard-usage": ("usage", _WIDE, "light"),
    "dashboard-dark": ("usage", _WIDE, "dark"),
    "dashboard-narrow": ("people/1", _NARROW, "light"),
}


async def take(browser: Browser, entrance: str, url: str, folder: Path) -> None:
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    await page.goto(entrance)
    await page.get_by_role("button").click()
    for name, (path, size, scheme) in _PICTURES.items():
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        look: Any = scheme
        await page.emulate_media(color_scheme=look)
        await page.goto(f"{url}/{path}", wait_until="networkidle")
        await page.screenshot(path=folder / f"{name}.png")
        slim(folder / f"{name}.png")


async def main(folder: Path) -> None:
    with TemporaryDirectory() as place:
        address = f"sqlite+aiosqlite:///{place}/parley.db"
        await asyncio.to_thread(upgrade, address)
        storage = Storage.open(address)
        async with open_house(storage) as (core, url), async_playwright() as playwright:
            await furnish(core)
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
            await take(browser, await link(core), url, folder)
            await browser.close()
        await storage.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
