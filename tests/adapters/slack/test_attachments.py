"""Files that people send: the token goes to Slack alone, and no more is read than was asked for."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from yarl import URL

from adapters.slack.attachments import attachments, fetch
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


@pytest.mark.parametrize("files", [None, [], ["x"]])
def test_what_is_no_file_is_none(files: Any) -> None:
    assert attachments({"files": files}) == ()


@pytest.mark.parametrize("file", [{}, {"mode": "tombstone"}, {"url_private": 7, "size": 1}])
def test_a_file_that_slack_keeps_to_itself_cannot_be_fetched(file: Any) -> None:
    (told,) = attachments({"files": [file]})
    assert told.handle == ""


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ({"mimetype": "image/png"}, "picture"),
        ({"mimetype": "application/pdf"}, "file"),
        ({"mimetype": "audio/mp4", "subtype": "slack_audio", "duration_ms": 2100}, "voice"),
        ({"mimetype": "audio/mpeg"}, "sound"),
        ({"mimetype": "video/mp4"}, "video"),
        ({"subtype": "slack_video"}, "video"),
    ],
)
def test_files_are_told_apart(file: Any, kind: str) -> None:
    (told,) = attachments({"files": [file]})
    assert told.kind == kind
    assert told.seconds == (3 if "duration_ms" in file else 0)


async def test_a_page_to_sign_in_is_no_file(slack: SlackEmulator) -> None:
    address = slack.file("a.txt", b"abc")["url_private_download"]
    file = Attachment(name="a.txt", size=3, handle=address)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(MessageRejected, match="files:read"):
            await fetch(session, "xoxb-other", file, most=100, api_host=str(URL(slack.url).authority))
