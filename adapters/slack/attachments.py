"""Files that people send to the bot."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.domain.updates import Attachment
from bot.errors import MessageRejected, PlatformDown

_HOSTS = {"files.slack.com"}
"""The token goes nowhere else, whatever an event says."""


def attached(event: Mapping[str, Any]) -> Attachment | None:
    """The first file of a message."""
    for file in event.get("files") or ():
        address = file.get("url_private_download") or file.get("url_private")
        if isinstance(address, str) and isinstance(file.get("size"), int):
            return Attachment(name=str(file.get("name") or ""), size=file["size"], handle=address)
    return None


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
            content = await response.content.read(most + 1)
            while len(content) <= most and (more := await response.content.read(most + 1 - len(content))):
                content += more
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise PlatformDown(f"file: {type(error).__name__}", outcome_unknown=False) from None
    if len(content) > most:
        raise MessageRejected("the file is too large")
    return content
