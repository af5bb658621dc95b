"""What a person does on the demo page, in words of the page."""

import asyncio

from playwright.async_api import Locator, Page


def pane(page: Page, name: str) -> Locator:
    return page.locator(f"#pane-{name}")


def messages(where: Locator) -> Locator:
    """What stands in the open chat, without the replies in threads."""
    return where.locator(".scroll:visible .messages > .message")


def answers(where: Locator) -> Locator:
    return where.locator(".scroll:visible .messages > .message.bot")


def replies(root: Locator) -> Locator:
    return root.locator(".replies .message")


async def say(where: Locator, text: str) -> None:
    box = where.get_by_role("textbox")
    await box.fill(text)
    await box.press("Enter")


async def ask(where: Locator, text: str) -> Locator:
    """Say something; the answer that will come, first as a draft."""
    before = await answers(where).count()
    await say(where, text)
    return answers(where).nth(before)


async def ask_all(where: Locator, text: str) -> Locator:
    """Say something in a channel; the message, whose thread will have the answer."""
    before = await messages(where).count()
    await say(where, text)
    return messages(where).nth(before)


async def become(where: Locator, name: str) -> None:
    await where.locator(".speaker label", has_text=name).click()


async def enter(where: Locator, room: str) -> None:
    await where.locator(".rooms").get_by_role("button", name=room).click()


async def growing(message: Locator) -> list[str]:
    """What the message said, each time it said something else, from its first words until it was final."""
    seen: list[str] = []
    while True:
        final = await message.get_attribute("data-state") == "final"
        text = await message.locator(".body").inner_text()
        seen += [] if text in ("", *seen) else [text]
        if final:
            return seen
        await asyncio.sleep(0.05)
