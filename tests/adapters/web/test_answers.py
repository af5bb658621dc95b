"""Buttons, pictures and documents on the demo page: sent by the real adapters, seen in a real browser."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import APIResponse, Locator, Page, expect

from adapters.slack.emulator import SlackEmulator
from adapters.slack.emulator.stage import SlackStage
from adapters.slack.platform import SlackPlatform
from adapters.telegram.emulator import TelegramEmulator
from adapters.telegram.emulator.stage import TelegramStage
from adapters.telegram.platform import TelegramPlatform
from adapters.web.demo import Answering, serve_demo
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.domain.updates import Button, File, Place
from bot.ports import Platform
from bot.texts.catalogues import Catalogues
from tests.adapters.web.conftest import Visit
from tests.adapters.web.looking import answers, ask, become, pane, say
from tests.pictures import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

PICTURE = File(name="usage.png", content=png(320, 180), media_type="image/png")
HOSTILE = File(name="<img src=x onerror=alert(1)>.html", content=b"<script>alert(1)</script>", media_type="text/html")
PLACES = {
    "telegram": Place(platform="telegram", chat="11", private=True),
    "slack": Place(platform="slack", chat="T1/DUADA", private=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The page, and the real adapters to write to it; no bot is at work."""

    page: Page
    platforms: dict[str, Platform]

    async def say(self, name: str, text: str, *files: File, buttons: Sequence[Button] = ()) -> Locator:
        """Let the bot say something; the first message that comes of it."""
        before = await answers(pane(self.page, name)).count()
        platform = self.platforms[name]
        for part in platform.parts(PLACES[name], text, files=files, buttons=buttons):
            await platform.deliver(part)
        return answers(pane(self.page, name)).nth(before)

    async def fetch(self, path: str) -> APIResponse:
        """What the page's server answers for an address."""
        return await self.page.request.get(self.page.url.rstrip("/") + path)


@pytest_asyncio.fixture(loop_scope="package")
async def stages(visit: Visit) -> AsyncIterator[Stages]:
    answering, catalogues = Answering(model="scripted", scripted=True), Catalogues("en", ZoneInfo("UTC"))
    book, clock = all_commands(), SystemClock()
    async with TelegramEmulator(token="100:TEST") as telegram, SlackEmulator() as slack:
        seen = TelegramStage(telegram), SlackStage(slack)
        platforms: dict[str, Platform] = {
            "telegram": TelegramPlatform("100:TEST", api_url=telegram.url, commands=book, clock=clock),
            "slack": SlackPlatform("xoxb-test", app_token="xapp-test", api_url=slack.url, commands=book, clock=clock),
        }
        seen[0].open()
        for part in platforms["telegram"].parts(PLACES["telegram"], "Hello"):
            await platforms["telegram"].deliver(part)
        async with serve_demo(seen, answering, catalogues, port=0) as address, visit(address) as page:
            yield Stages(page=page, platforms=platforms)
        for platform in platforms.values():
            await platform.close()


@pytest.mark.parametrize("platform", ["telegram", "slack"])
async def test_a_picture_is_seen(stages: Stages, tmp_path: Path, platform: str) -> None:
    await stages.say(platform, "Your **use**:", PICTURE, buttons=[Button(label="30 days", command="usage 30")])
    picture = pane(stages.page, platform).locator("img.picture")
    await picture.wait_for()
    await stages.page.wait_for_function("(seen) => seen.naturalWidth === 320", arg=await picture.element_handle())
    await expect(answers(pane(stages.page, platform)).filter(has_text="Your use:").last).to_be_visible()
    await stages.page.screenshot(path=tmp_path / f"{platform}.png")


@pytest.mark.parametrize("platform", ["telegram", "slack"])
async def test_a_document_is_saved_and_never_shown(stages: Stages, tmp_path: Path, platform: str) -> None:
    await stages.say(platform, "Here:", HOSTILE)
    link = pane(stages.page, platform).locator("a.file")
    async with stages.page.expect_download() as download:
        await link.click()
    await (await download.value).save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == HOSTILE.content
    response = await stages.fetch(await link.get_attribute("href") or "")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == "attachment"


async def test_there_are_no_files_but_those_of_the_chats(stages: Stages) -> None:
    for path in ("telegram/none", "nowhere/none", "telegram/..%2f..%2fdemo.js"):
        assert (await stages.fetch(f"/files/{path}")).status == 404


@pytest.mark.parametrize("platform", ["telegram", "slack"])
async def test_many_buttons_stand_in_rows(stages: Stages, platform: str) -> None:
    message = await stages.say(
        platform, "Which?", buttons=[Button(label=str(one), command=f"page {one}") for one in range(12)]
    )
    await expect(message.locator(".buttons button")).to_have_count(12)
    assert 1 < await message.locator(".buttons > div").count() < 12


@pytest.mark.parametrize(("platform", "slash"), [("telegram", "/"), ("slack", "/parley ")])
async def test_a_click_does_what_its_button_says(newcomer: Page, platform: str, slash: str) -> None:
    where: Any = pane(newcomer, platform)
    await become(where, "Root")
    question = await ask(where, f"{slash}block @ada")
    await question.get_by_role("button", name="Block").click()
    await expect(answers(where).last).to_contain_text("not blocked → blocked")
    await answers(where).last.get_by_role("button", name="Take it back").click()
    await expect(answers(where).filter(has_text="blocked → not blocked").last).to_be_visible()


@pytest.mark.parametrize(("platform", "command"), [("telegram", "/usage picture"), ("slack", "/parley usage picture")])
async def test_use_is_seen_as_a_picture(newcomer: Page, tmp_path: Path, platform: str, command: str) -> None:
    """The screenshots are for a person to look at."""
    where = pane(newcomer, platform)
    answer = await ask(where, "Good morning")
    await expect(answer).to_have_attribute("data-state", "final", timeout=15_000)
    await say(where, command)
    picture = where.locator("img.picture")
    await picture.wait_for()
    await newcomer.wait_for_function("(seen) => seen.naturalWidth === 1280", arg=await picture.element_handle())
    await newcomer.screenshot(path=tmp_path / f"{platform}.png")
