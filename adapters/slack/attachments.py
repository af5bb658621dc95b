"""Files that people send to the bot."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.domain.updates import Attachment, AttachmentKind
from bot.errors import MessageRejected, PlatformDown

_HOSTS = {"files.slack.com"}
"""The token goes nowhere else, whatever an event says."""


_VOICES, _VIDEOS = "slack_audio", "slack_video"
"""Subtypes of clips that were recorded in Slack, whose media types do not always tell."""


def attachments(event: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The files of a message. Of one that Slack keeps from us (deleted, over the plan's limit) only the name."""
    files = event.get("files") or ()
    return tuple(_attachment(file) for file in files if isinstance(file, Mapping))


def _attachment(file: Mapping[str, Any]) -> Attachment:
    address = file.get("url_private_download") or file.get("url_private")
    return Attachment(
        name=str(file.get("name") or ""),
        size=_number(file.get("size")),
        handle=address if isinstance(address, str) else "",
        kind=_kind(file),
        seconds=-(-_number(file.get("duration_ms")) // 1000),
    )


def _kind(file: Mapping[str, Any]) -> AttachmentKind:
    media, subtype = str(file.get("mimetype") or ""), file.get("subtype")
    if subtype == _VOICES:
        return "voice"
    if media.startswith("audio/"):
        return "sound"
    if subtype == _VIDEOS or media.startswith("video/"):
        return "video"
    return "picture" if media.startswith("image/") else "file"


def _number(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**53 else 0


async def fetch(
    session: aiohttp.ClientSession, token: str, attachment: Attachment, *, most: int, api_host: str
) -> bytes:
    """See ports.Platform. `api_host` is trusted too: the emulator's, which serves its files itself."""
    address = urlsplit(attachment.handle)
    trusted = address.hostname in _HOSTS and address.scheme == "https"
    if not trusted and address.netloc != api_host:
        raise MessageRejected("a file from elsewhere")
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with session.get(attachment.handle, headers=headers, allow_redirects=False) as response:
            if response.status != 200:
                raise PlatformDown(f"file: status {response.status}", outcome_unknown=False)
            if response.content_type == "text/html" and not attachment.name.lower().endswith((".html", ".htm")):
                # Whoever may not see a file is shown a page to sign in.
                raise MessageRejected("Slack does not give us the file: is files:read granted?")
            content = await response.content.read(most + 1)
            while len(content) <= most and (more := await response.content.read(most + 1 - len(content))):
                content += more
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise PlatformDown(f"file: {type(error).__name__}", outcome_unknown=False) from None
    if len(content) > most:
        raise MessageRejected("the file is too large")
    return content
