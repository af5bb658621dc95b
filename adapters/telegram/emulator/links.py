"""Which links Telegram takes (td LinkManager::get_checked_link)."""

import re
from urllib.parse import urlsplit

from adapters.telegram.emulator.refusals import bad_request

_USER_LINK = re.compile(r"tg://user/?\?id=(\d+)$", re.IGNORECASE)
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")


def mentioned_user(url: str) -> int | None:
    """The user of `tg://user?id=N`: such a link becomes a mention."""
    match = _USER_LINK.match(url.strip())
    return int(match.group(1)) if match else None


def checked_link(url: str, what: str = "entity URL") -> str:
    """The link as stored.

    Raises:
        ApiError: 400, no web address; the host needs a dot.
    """
    link = url.strip()
    scheme = _SCHEME.match(link)
    kind = scheme.group(1).lower() if scheme else "http"
    if kind in {"tg", "ton", "mailto", "tel"}:
        return link
    if kind not in {"http", "https"} and "//" in link:
        raise bad_request(f"{what} '{url}' is invalid: Unsupported URL protocol")
    if not _web_address(link if scheme and kind in {"http", "https"} else f"http://{link}"):
        raise bad_request(f"{what} '{url}' is invalid: Wrong HTTP URL")
    return link if scheme else f"http://{link}/" if "/" not in link else f"http://{link}"


def _web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return "." in host.strip(".") and not re.search(r"[\s<>\"]", link)
