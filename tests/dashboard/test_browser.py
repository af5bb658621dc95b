"""The dashboard in a real browser: everybody can use it, on a wide screen and on a phone, in light and in dark."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bot.dashboard.pages import all_pages
from tests import npm
from tests.conftest import Core
from tests.dashboard.conftest import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAGES = [*all_pages(), "people/1", "conversations/1"]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1300, "height": 900}


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest) -> str:
    home = npm.installed(request.config.cache, Path(__file__).with_name("axe"))
    return (home / "axe-core/axe.min.js").read_text("utf-8")


async def faults(page: Page, axe: str) -> list[tuple[str, str, str]]:
    """What axe-core finds: rule, what it asks for, where. It runs beside the page, whose policy lets no script in."""
    await page.evaluate(axe)
    found: Any = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [(one["id"], one["help"], one["nodes"][0]["html"][:200]) for one in found["violations"]]


async def spills(page: Page) -> bool:
    """Whether one has to scroll sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.node
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_every_page_is_for_everybody(
    page: Page, furnished: tuple[Core, str], axe: str, size: Any, scheme: Any
) -> None:
    _, url = furnished
    await page.set_viewport_size(size)
    await page.emulate_media(color_scheme=scheme)
    for name in PAGES:
        await page.goto(f"{url}/{name}", wait_until="domcontentloaded")
        assert (name, await faults(page, axe), await spills(page)) == (name, [], False)
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("heading", name="Sign in").wait_for()
    assert await faults(page, axe) == []


async def test_a_role_is_changed_and_taken_back(page: Page, furnished: tuple[Core, str]) -> None:
    _, url = furnished
    await page.goto(f"{url}/people?name=Grace")
    await page.get_by_role("table").get_by_role("link").click()
    await page.get_by_label("Role").select_option("support")
    await page.get_by_role("button", name="Change the role").click()
    banner = page.get_by_role("status")
    await expect(banner).to_contain_text("as the settings say → support")
    await expect(banner).to_be_focused()
    await banner.get_by_role("button", name="Take it back").click()
    await expect(banner).to_contain_text("support → as the settings say")
    await expect(page.get_by_label("Role")).to_have_value("default")


async def test_the_keyboard_is_enough(page: Page, furnished: tuple[Core, str]) -> None:
    _, url = furnished
    await page.goto(f"{url}/plans")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="To the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.name") == "limit":
            break
    await page.keyboard.type("messages 77 per day")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("77")


async def test_charts_are_drawn_in_the_colours_of_the_page(page: Page, furnished: tuple[Core, str]) -> None:
    _, url = furnished
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{url}/usage?days=7")
    chart = page.get_by_role("img", name="Tokens a day, by model")
    await chart.scroll_into_view_if_needed()
    await page.wait_for_function("image => image.naturalWidth > 0", arg=await chart.element_handle(), timeout=PATIENCE)
    assert re.search(r"tone=dark", await chart.evaluate("image => image.currentSrc"))


async def test_the_overview_stays_up_to_date_by_itself(page: Page, furnished: tuple[Core, str]) -> None:
    core, _ = furnished
    alerts = page.locator(".tile", has_text="Alerts").locator(".value")
    await expect(alerts).to_have_text("1")
    async with core.storage.begin() as work:
        await work.alerts.close("errors", "all")
    await expect(alerts).to_have_text("0", timeout=PATIENCE)
    await expect(page.get_by_label("Refresh by itself")).to_be_checked()
