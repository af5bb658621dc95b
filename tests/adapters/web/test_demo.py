import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, WebSocketRoute, expect

pytestmark = pytest.mark.browser


def pane(page: Page, name: str) -> Locator:
    return page.locator(f"#pane-{name}")


def answers(where: Locator) -> Locator:
    return where.locator(".message.bot:visible")


async def say(where: Locator, text: str) -> None:
    box = where.get_by_role("textbox")
    await box.fill(text)
    await box.press("Enter")


async def become(where: Locator, name: str) -> None:
    await where.locator(".speaker label", has_text=name).click()


async def enter(where: Locator, room: str) -> None:
    await where.locator(".rooms").get_by_role("button", name=room).click()


async def growing(message: Locator) -> list[str]:
    """What the message said, each time it said something else, until it was final."""
    seen: list[str] = []
    while True:
        final = await message.get_attribute("data-state") == "final"
        text = await message.locator(".body").inner_text()
        seen += [] if text in seen else [text]
        if final:
            return seen
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("platform", ["telegram", "slack"])
async def test_a_chat_answers(page: Page, platform: str) -> None:
    where = pane(page, platform)
    await say(where, "Good morning")
    await expect(answers(where).last).to_contain_text("You said", timeout=8000)


async def test_a_draft_grows_on_telegram_before_the_message_comes(page: Page) -> None:
    telegram = pane(page, "telegram")
    await say(telegram, "Show me a table")
    draft = telegram.locator('[data-state="draft"] .body', has_text="A comparison")
    await draft.wait_for()
    early = await draft.inner_text()
    final = telegram.locator('.message[data-state="final"]', has_text="A scripted answer")
    await final.wait_for()
    assert len(early) < len(await final.inner_text())
    await expect(telegram.locator('[data-state="draft"]')).to_have_count(0)
    await expect(final.locator("pre")).to_contain_text("Socket Mode")


async def test_a_stream_grows_in_a_slack_thread(page: Page) -> None:
    slack = pane(page, "slack")
    await enter(slack, "# general")
    await say(slack, "@parley Show me a table")
    reply = slack.locator(".replies .message.bot")
    await reply.wait_for()
    seen = await growing(reply)
    assert len(seen) >= 2
    assert len(seen[0]) < len(seen[-1])
    await expect(reply).to_have_count(1)
    await expect(reply.locator("td").first).to_have_text("Polling")


async def test_a_quota_set_by_the_admin_counts_for_the_next_message_on_telegram(page: Page) -> None:
    await _limit_ada(pane(page, "telegram"), "/quota set @ada messages 0")


async def test_a_quota_set_by_the_admin_counts_for_the_next_message_on_slack(page: Page) -> None:
    await _limit_ada(pane(page, "slack"), "/parley quota set @ada messages 0")


async def _limit_ada(where: Locator, command: str) -> None:
    await become(where, "Root")
    await say(where, command)
    await expect(answers(where).last).to_contain_text("20 → 0")
    await become(where, "Ada")
    await say(where, "Good morning")
    await expect(answers(where).last).to_contain_text("You have used all of today's messages")


@pytest.mark.parametrize(
    ("platform", "command"), [("telegram", "/quota show @ada"), ("slack", "/parley quota show @ada")]
)
async def test_a_member_has_no_admin_commands(page: Page, platform: str, command: str) -> None:
    where = pane(page, platform)
    await say(where, command)
    await expect(answers(where).last).to_contain_text("I do not know the command")
    await expect(answers(where).last).not_to_contain_text("Today, for")


async def test_a_long_answer_can_be_stopped(page: Page) -> None:
    telegram = pane(page, "telegram")
    await say(telegram, "Write something long")
    await telegram.locator('[data-state="draft"]').get_by_role("button", name="Stop").click()
    await expect(telegram.locator('.message[data-state="final"]', has_text="Paragraph 1")).to_contain_text("Stopped.")


async def test_a_stream_can_be_stopped_in_a_slack_thread(page: Page) -> None:
    slack = pane(page, "slack")
    await enter(slack, "# general")
    await say(slack, "@parley Write something long")
    await slack.locator(".replies").get_by_role("button", name="Stop").click()
    await expect(slack.locator('.replies [data-state="final"]', has_text="Paragraph 1")).to_contain_text("Stopped.")


async def test_a_thread_goes_on(page: Page) -> None:
    slack = pane(page, "slack")
    await enter(slack, "# general")
    await say(slack, "@parley count to 3")
    replies = slack.locator(".replies .message")
    await expect(replies.last).to_contain_text("A scripted answer")
    await slack.get_by_role("button", name="Reply in thread").click()
    await say(slack, "@parley and on?")
    await expect(replies).to_have_count(3)
    await expect(replies.last).to_contain_text("2 messages of history")


async def test_slack_knows_no_commands_but_its_own(page: Page) -> None:
    slack = pane(page, "slack")
    await say(slack, "/usage")
    await expect(slack.get_by_role("alert")).to_contain_text("/parley usage")
    await expect(slack.locator(".message")).to_have_count(0)


@pytest.mark.parametrize("platform", ["telegram", "slack"])
async def test_html_in_messages_stays_text(page: Page, platform: str) -> None:
    hostile = '<img src=x onerror="document.title=1"> <b>bold</b> [x](javascript:alert(1))'
    where = pane(page, platform)
    await say(where, hostile)
    await expect(answers(where).last).to_contain_text("onerror", timeout=8000)
    assert await where.locator("img, script, .message b >> text=bold").count() == 0
    assert await where.locator('a[href^="javascript"]').count() == 0
    assert await page.title() == "Parley demo"


async def test_the_page_finds_its_way_back(page: Page) -> None:
    """What was said before is there once, and the chats go on."""
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    telegram = pane(page, "telegram")
    await page.route_web_socket("**/live", between)
    await page.reload()
    await telegram.locator(".message").first.wait_for()
    before = await telegram.locator(".message").count()
    await sockets[0].close()
    await expect(page.locator(".link")).to_have_text("Connected")
    await expect(page.locator(".link.down")).to_have_count(0)
    await say(telegram, "/usage")
    await expect(telegram.locator(".message")).to_have_count(before + 2)


async def test_a_reader_who_scrolled_up_is_left_alone(page: Page) -> None:
    await page.set_viewport_size({"width": 1000, "height": 420})
    telegram = pane(page, "telegram")
    await say(telegram, "Write something long")
    log = telegram.locator(".scroll:visible")
    await page.wait_for_function("(log) => log.scrollHeight > log.clientHeight + 150", arg=await log.element_handle())
    await log.hover()
    await page.mouse.wheel(0, -3000)
    await telegram.get_by_role("button", name="Newest messages").wait_for()
    at = await log.evaluate("(log) => log.scrollTop")
    await asyncio.sleep(1.5)
    assert await log.evaluate("(log) => log.scrollTop") == at
    await telegram.get_by_role("button", name="Newest messages").click()
    await expect(telegram.get_by_role("button", name="Newest messages")).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (400, 800)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_sticks_out_of_the_page(page: Page, tmp_path: Path, width: int, height: int, scheme: str) -> None:
    """The screenshots are for a person to look at."""
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for name in ("telegram", "slack"):
        if width < 800:
            await page.get_by_role("tab", name=name).click()
        await say(pane(page, name), "Show me a table")
        await expect(answers(pane(page, name)).last).to_contain_text("Socket Mode", timeout=8000)
        await page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate("document.documentElement.scrollHeight") <= height
