import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, WebSocketRoute, expect

from tests.adapters.web.looking import answers, ask, ask_all, become, enter, growing, messages, pane, replies, say

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

_STOPPED = re.compile(r"Paragraph 1.*Stopped\.", re.DOTALL)


async def finished(message: Locator) -> None:
    await expect(message).to_have_attribute("data-state", "final", timeout=10_000)


async def test_both_chats_answer_a_newcomer(newcomer: Page) -> None:
    asked = [await ask(pane(newcomer, name), "Good morning") for name in ("telegram", "slack")]
    await expect(pane(newcomer, "slack").locator(".activity")).to_have_text("Parley is thinking…")
    for answer in asked:
        await finished(answer)
        await expect(answer).to_contain_text("You said")


@pytest.mark.usefixtures("readable")
async def test_a_draft_grows_on_telegram_before_the_message_comes(page: Page) -> None:
    telegram = pane(page, "telegram")
    answer = await ask(telegram, "Show me a table")
    await answer.and_(page.locator('[data-state="draft"]')).wait_for()
    seen = await growing(answer)
    assert len(seen) >= 2
    assert len(seen[0]) < len(seen[-1])
    await expect(telegram.locator('[data-state="draft"]')).to_have_count(0)
    await expect(answer.locator("pre")).to_contain_text("Socket Mode")
    await expect(answer).to_contain_text("A scripted answer")


@pytest.mark.usefixtures("readable")
async def test_a_stream_grows_in_a_slack_thread(page: Page) -> None:
    slack = pane(page, "slack")
    await enter(slack, "# general")
    reply = replies(await ask_all(slack, "@parley Show me a table"))
    await reply.wait_for()
    seen = await growing(reply)
    assert len(seen) >= 2
    assert len(seen[0]) < len(seen[-1])
    await expect(reply).to_have_count(1)
    await expect(reply.locator("td").first).to_have_text("Polling")


async def test_a_quota_set_by_the_admin_counts_for_the_next_message_on_telegram(newcomer: Page) -> None:
    await _limit_ada(pane(newcomer, "telegram"), "/quota set @ada messages 0")


async def test_a_quota_set_by_the_admin_counts_for_the_next_message_on_slack(newcomer: Page) -> None:
    await _limit_ada(pane(newcomer, "slack"), "/parley quota set @ada messages 0")


async def _limit_ada(where: Locator, command: str) -> None:
    await become(where, "Root")
    await expect(await ask(where, command)).to_contain_text("20 → 0")
    await become(where, "Ada")
    await expect(await ask(where, "Good morning")).to_contain_text("Your quota does not reach for this")


@pytest.mark.parametrize(
    ("platform", "command"), [("telegram", "/quota show @ada"), ("slack", "/parley quota show @ada")]
)
async def test_a_member_has_no_admin_commands(page: Page, platform: str, command: str) -> None:
    answer = await ask(pane(page, platform), command)
    await expect(answer).to_contain_text("I do not know the command")
    await expect(answer).not_to_contain_text("Today, for")


@pytest.mark.usefixtures("readable")
async def test_a_long_answer_can_be_stopped(page: Page) -> None:
    telegram = pane(page, "telegram")
    ended = answers(telegram).filter(has_text=_STOPPED)
    before = await ended.count()
    await _stop(telegram, await ask(telegram, "Write something long"))
    await expect(ended).to_have_count(before + 1)


@pytest.mark.usefixtures("readable")
async def test_a_stream_can_be_stopped_in_a_slack_thread(page: Page) -> None:
    slack = pane(page, "slack")
    await enter(slack, "# general")
    root = await ask_all(slack, "@parley Write something long")
    await root.get_by_role("button", name="Stop").click()
    await expect(replies(root).first).to_have_text(_STOPPED)
    await finished(replies(root).first)
    await expect(replies(root)).to_have_count(1)


async def _stop(telegram: Locator, draft: Locator) -> None:
    """The answer as far as it got is all that comes of it."""
    stop = draft.get_by_role("button", name="Stop")
    await stop.wait_for()
    before = await answers(telegram).count()
    await stop.click()
    await expect(answers(telegram).last).to_have_text(_STOPPED)
    await expect(answers(telegram)).to_have_count(before)


async def test_a_thread_goes_on(page: Page) -> None:
    slack = pane(page, "slack")
    await enter(slack, "# general")
    root = await ask_all(slack, "@parley count to 3")
    await expect(replies(root).last).to_contain_text("A scripted answer")
    await root.get_by_role("button", name="Reply in thread").click()
    await say(slack, "@parley and on?")
    await expect(replies(root)).to_have_count(3)
    await expect(replies(root).last).to_contain_text("2 messages of history")
    await finished(replies(root).last)


async def test_slack_knows_no_commands_but_its_own(page: Page) -> None:
    slack = pane(page, "slack")
    before = await messages(slack).count()
    await say(slack, "/usage")
    await expect(slack.get_by_role("alert")).to_contain_text("/parley usage")
    await expect(messages(slack)).to_have_count(before)


@pytest.mark.parametrize("platform", ["telegram", "slack"])
async def test_html_in_messages_stays_text(page: Page, platform: str) -> None:
    hostile = '<img src=x onerror="document.title=1"> <b>bold</b> [x](javascript:alert(1))'
    where = pane(page, platform)
    answer = await ask(where, hostile)
    await finished(answer)
    await expect(answer).to_contain_text("onerror")
    assert await where.locator("img, script, .message b >> text=bold").count() == 0
    assert await where.locator('a[href^="javascript"]').count() == 0
    assert await page.title() == "Parley demo"


async def test_the_page_finds_its_way_back(page: Page) -> None:
    """What was said before is there once, and the chats go on."""
    sockets: asyncio.Queue[WebSocketRoute] = asyncio.Queue()

    def between(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.put_nowait(socket)

    telegram = pane(page, "telegram")
    await page.route_web_socket("**/live", between)
    await page.reload()
    await telegram.locator(".message").first.wait_for()
    before = await telegram.locator(".message").count()
    await (await sockets.get()).close()
    await sockets.get()
    await expect(page.locator(".link")).to_have_text("Connected")
    await expect(page.locator(".link.down")).to_have_count(0)
    await say(telegram, "/usage")
    await expect(telegram.locator(".message")).to_have_count(before + 2)


@pytest.mark.usefixtures("readable")
async def test_a_reader_who_scrolled_up_is_left_alone(page: Page) -> None:
    await page.set_viewport_size({"width": 1000, "height": 420})
    telegram = pane(page, "telegram")
    answer = await ask(telegram, "Write something long")
    log = telegram.locator(".scroll:visible")
    await page.wait_for_function("(log) => log.scrollHeight > log.clientHeight + 150", arg=await log.element_handle())
    await _scroll_to_top(page, log)
    latest = telegram.get_by_role("button", name="Newest messages")
    await latest.wait_for()
    await _grown(page, answer)
    assert await log.evaluate("(log) => log.scrollTop") == 0
    await latest.click()
    await expect(latest).to_be_hidden()
    await _stop(telegram, answer)


async def _scroll_to_top(page: Page, log: Locator) -> None:
    """A preview that comes in the same instant takes a reader along who was at the end; readers try again."""
    await log.hover()
    async with asyncio.timeout(10):
        while await log.evaluate("(log) => log.scrollTop") > 0:
            await page.mouse.wheel(0, -30_000)
            await asyncio.sleep(0.1)


async def _grown(page: Page, message: Locator) -> None:
    """Wait until the message is higher than it is."""
    element = await message.element_handle()
    height = await message.evaluate("(message) => message.clientHeight")
    await page.wait_for_function("([message, height]) => message.clientHeight > height", arg=[element, height])


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (400, 800)])
async def test_nothing_sticks_out_of_the_page(page: Page, tmp_path: Path, width: int, height: int) -> None:
    """The screenshots are for a person to look at."""
    for name in ("telegram", "slack"):
        await finished(await ask(pane(page, name), "Show me a table"))
    await page.set_viewport_size({"width": width, "height": height})
    for name in ("telegram", "slack"):
        if width < 800:
            await page.get_by_role("tab", name=name).click()
        await expect(answers(pane(page, name)).last).to_be_in_viewport()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert await page.evaluate("document.documentElement.scrollHeight") <= height
