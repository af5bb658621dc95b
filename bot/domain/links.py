"""Which links a model may make: a text that leads to a web page, and says so if it looks like another one."""

import re
import unicodedata
from urllib.parse import urlsplit

_LONGEST = 2048
_NAME = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
_NUMBERS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_LOOKS_LIKE_A_HOST = re.compile(r"\s*(?:https?://)?((?:[\w-]+\.)+[^\W\d_]{2,})(?:[/:?#]\S*)?\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://((?:[\w-]+\.)+[\w-]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


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
    """The host behind a label that names another host; None if the label is honest."""
    seen = "".join(letter for letter in label if unicodedata.category(letter) != "Cf")  # what a reader cannot see
    whole, real = _LOOKS_LIKE_A_HOST.fullmatch(seen), _host(url)
    named = [whole[1]] if whole else _ADDRESS.findall(seen)
    return real if real and any(_bare(host) != _bare(real) for host in named) else None


def aside(label: str, url: str) -> str | None:
    """What has to stand beside a link so that its reader knows where it leads; None if the label says enough."""
    if mail := mail_address(url):
        return mail if mail not in label else None
    if web_link(url):
        return disguise(label, url)
    return url if _SCHEME.match(url) and url not in label else None


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
