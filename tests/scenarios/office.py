"""A Slack workspace with the bot in it: the emulator, the real adapter, and what tests ask of the two."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.slack.emulator import Channel, Message, Person, SlackEmulator, Tiers, Timing
from adapters.slack.platform import SlackPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from tests.conftest import Core
from tests.scenarios.serving import serving

PATIENCE = 40.0
"""Seconds; generous, because the machine may be busy."""
_UNHURRIED = Timing(ack_timeout=60.0, trigger_life=600.0)
"""Slack's own three seconds would be the machine's to keep, not the bot's."""


@dataclass(slots=True, kw_only=True)
class Office:
    """Channels are given as `Channel` or id."""

    slack: SlackEmulator
    platform: SlackPlatform

    @asynccontextmanager
    async def open(self, core: Core) -> AsyncIterator[None]:
        """The bot is connected and works inside of the block."""
        async with serving(core, self.platform):
            await self.until(lambda: self.slack.connections == 2)
            yield

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait for something true and return it."""
        return await self.slack.until(condition, PATIENCE)

    def by_bot(self, channel: Channel | str) -> list[Message]:
        """What the bot has said there to everybody or to one, and finished."""
        return [one for one in self.slack.messages(channel) if one.from_bot and not one.streaming]

    async def said(self, channel: Channel | str, count: int) -> list[Message]:
        """The same, once that is so many messages."""
        await self.until(lambda: len(self.by_bot(channel)) >= count)
        return self.by_bot(channel)

    async def told(self, channel: Channel | str, words: str) -> Message:
        """The first message by the bot in which some words stand, once there is one."""
        await self.until(lambda: any(words in one.visible for one in self.by_bot(channel)))
        return next(one for one in self.by_bot(channel) if words in one.visible)

    async def asks(self, who: Person, text: str, channel: Channel | str) -> Message:
        """Somebody says something; returns the bot's next message."""
        before = len(self.by_bot(channel))
        await who.says(text, channel)
        return (await self.said(channel, before + 1))[before]

    async def clicks(self, who: Person, channel: Channel | str, message: Message, label: str) -> None:
        """Somebody presses the button with that label."""
        await who.clicks(channel, message.ts, *button(message, label))


def button(message: Message, label: str) -> tuple[str, str]:
    """What the button with that label sends: its action and its value."""
    elements = [element for block in message.blocks for element in block.get("elements", [])]
    (found,) = [one for one in elements if one.get("text", {}).get("text") == label]
    return found["action_id"], found.get("value", "")


@asynccontextmanager
async def office_of(*, tiers: Tiers | None = None, **options: Any) -> AsyncIterator[Office]:
    """An office without limits unless some are given; the options are the platform's."""
    async with SlackEmulator(limits=tiers or Tiers.off(), timing=_UNHURRIED) as slack:
        given = {"app_token": "xapp-test", "commands": all_commands(), "clock": SystemClock(), **options}
        platform = SlackPlatform("xoxb-test", api_url=slack.url, **given)
        try:
            yield Office(slack=slack, platform=platform)
        finally:
            await platform.close()
