"""Which links a model may make: a text that leads to a web page, and says so if it looks like another one."""

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit

from bot.domain.names import skeleton

_LONGEST = 2048
_NAME = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
_NUMBERS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_LOOKS_LIKE_A_HOST = re.compile(r"\s*(?:https?://)?((?:[\w-]+\.)+[^\W\d_]{2,})(?:[/:?#]\S*)?\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://((?:[\w-]+\.)+[\w-]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_LEFT_OUT = "".join(map(chr, range(33)))
"""What programs overlook at the beginning of an address."""
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""With these a text is read in another order than it is written."""


def web_link(url: str) -> str | None:
    """The address if it is http(s) with a real host, else None.

    One link of another kind makes Telegram refuse the whole message, and `tg://user` would ping somebody
    (td MessageEntity.cpp).
    """
    url = url.strip()
    host = _host(url)
    return url if host and (_NAME.fullmatch(host) or _NUMBERS.fullmatch(host)) else None


def mail_address(url: str) -> str | None:
    """`ada@example.org` of `mailto:ada@example.org?subject=…`. Telegram makes the bare address a link by itself."""
    scheme, _, rest = url.partition(":")
    address = rest.partition("?")[0]
    return address if scheme.lower() == "mailto" and re.fullmatch(r"[\w.+-]+@[\w.-]+", address) else None


def disguise(label: str, url: str) -> str | None:
    """The host behind a label that names another host, or one that looks like it; None if the label is honest."""
    real = _host(url)
    if not real:
        return None
    for read in (_seen, _bones):
        if named := _named(label, read):
            honest = named == {read(_bare(real))} and not _poses(real)
            return None if honest else _spelled(real)
    return None


def aside(label: str, url: str) -> str | None:
    """What has to stand beside a link so that its reader knows where it leads; None if the label says enough."""
    if mail := mail_address(url):
        return mail if mail not in label else None
    if web_link(url):
        return disguise(label, url)
    address = url.lstrip(_LEFT_OUT)
    return address if _SCHEME.match(address) and address not in label else None


def _named(label: str, read: Callable[[str], str]) -> set[str]:
    """The hosts that a reader takes a label for; backwards too, if it has what turns the direction."""
    seen = read(label)
    found: set[str] = set()
    for look in (seen, seen[::-1]) if _TURNS.search(label) else (seen,):
        whole = _LOOKS_LIKE_A_HOST.fullmatch(look)
        found |= {_bare(host) for host in ([whole[1]] if whole else _ADDRESS.findall(look))}
    return found


def _seen(text: str) -> str:
    """Without what a reader cannot see, and in the usual letters: full-width ones look like those."""
    return "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")


def _bones(text: str) -> str:
    """Without accents, too: a line under each letter hides no name from a reader."""
    apart = unicodedata.normalize("NFKD", _seen(text))
    return "".join(one for one in apart if not unicodedata.category(one).startswith("M"))


def _poses(host: str) -> bool:
    """Whether a part of it looks like Latin letters and is none."""
    return any(not _bones(part).isascii() and skeleton(part).isascii() for part in host.split("."))


def _spelled(host: str) -> str:
    """As the network has it, if it would be taken for another one."""
    try:
        return host.encode("idna").decode() if _poses(host) else host
    except UnicodeError:
        return host


def _host(url: str) -> str | None:
    if len(url) > _LONGEST or any(character.isspace() or character < " " for character in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    honest = parts.scheme in {"http", "https"} and "@" not in parts.netloc and "\\" not in url
    return parts.hostname if honest else None


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")
