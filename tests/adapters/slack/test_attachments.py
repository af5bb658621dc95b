"""Files that people send: the token goes to Slack alone, and no more is read than was asked for."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from yarl import URL

from adapters.slack.attachments import attached, fetch
from adapters.slack.emulator import SlackEmulator, Tiers
from bot.domain.updates import Attachment
from bot.errors import MessageRejected, PlatformError


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator(limits=Tiers.off()) as emulator:
        yield emulator


async def fetched(slack: SlackEmulator, address: str, most: int = 10, host: str = "") -> bytes:
    file = Attachment(name="a", size=3, handle=address)
    async with aiohttp.ClientSession() as session:
        return await fetch(session, "xoxb-test", file, most=most, api_host=host or str(URL(slack.url).authority))


async def test_a_file_is_fetched(slack: SlackEmulator) -> None:
    assert await fetched(slack, slack.file("a.txt", b"abc")["url_private_download"]) == b"abc"


async def test_no_more_than_was_asked_for_is_read(slack: SlackEmulator) -> None:
    with pytest.raises(MessageRejected):
        await fetched(slack, slack.file("a.txt", b"x" * 11)["url_private_download"])


@pytest.mark.parametrize(
    "address",
    ["http://files.slack.com/x", "https://evil.example/x", "file:///etc/passwd", "https://files.slack.com.evil/"],
)
async def test_the_token_goes_nowhere_else(slack: SlackEmulator, address: str) -> None:
    with pytest.raises(MessageRejected):
        await fetched(slack, address)


async def test_what_is_gone_is_told(slack: SlackEmulator) -> None:
    with pytest.raises(PlatformError):
        await fetched(slack, f"{URL(slack.url).origin()}/files/F404")


@pytest.mark.parametrize(
    "files", [None, [], [{}], [{"url_private": 7, "size": 1}], [{"url_private": "https://x", "size": "1"}]]
)
def test_what_is_no_file_is_none(files: Any) -> None:
    assert attached({"files": files}) is None
