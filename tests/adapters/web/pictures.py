"""Takes the pictures of the demo that the documents show: `python -m tests.adapters.web.pictures docs/images`."""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from tests.adapters.web.conftest import FLAGS, running_demo
from tests.adapters.web.looking import ask, ask_all, enter, messages, pane, replies

_SIZES: Mapping[str, tuple[int, int]] = {"demo": (1400, 900), "demo-narrow": (400, 800)}
_PATIENCE = 15_000  # milliseconds


async def talk(page: Page) -> None:
    """A question on each side, and its answer."""
    telegram, slack = pane(page, "telegram"), pane(page, "slack")
    first = await ask(telegram, "Show me a table")
    await enter(slack, "# general")
    second = replies(await ask_all(slack, "@parley Show me some code"))
    for answer in (first, second):
        await expect(answer).to_have_attribute("data-state", "final", timeout=_PATIENCE)
        await expect(answer).to_contain_text("A scripted answer")


async def take(page: Page, folder: Path) -> None:
    await page.goto(page.url)  # what stands there is shown from its end, with nothing in the making
    await messages(pane(page, "telegram")).last.wait_for()
    await enter(pane(page, "slack"), "# general")
    for name, (width, height) in _SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        await expect(messages(pane(page, "telegram")).last).to_be_in_viewport()
        path = folder / f"{name}.png"
        await page.screenshot(path=path)
        slim(path)


def slim(path: Path) -> None:
    """256 colours are enough for a page, and a third of the bytes."""
    with Image.open(path) as picture:
        slimmer = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    slimmer.save(path, optimize=True)


async def main(folder: Path) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL", "PARLEY_MODELS"):
        os.environ.pop(name, None)
    async with running_demo() as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = await browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-GB", color_scheme="light")
        await page.goto(address)
        await pane(page, "telegram").locator(".message.bot").first.wait_for()
        await talk(page)
        await take(page, folder)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
