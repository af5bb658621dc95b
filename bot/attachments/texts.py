"""Text files: in which letters they are written, and whether they are text at all."""

import codecs
import unicodedata

from bot.errors import FileRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_USUAL, _HARDLY = "cp1252", 0.1
_KEPT = "\n\t"
_MOST_STRANGE = 100
"""One letter in so many may be a control character, as in terminal output; with more of them it is no text."""


def unicode_text(content: bytes) -> str | None:
    """The text, if it is written in Unicode. Raises FileRefused for what is no text."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return checked(content.decode(encoding))
    except UnicodeDecodeError:
        return None


def other_text(content: bytes) -> str:
    """The text in whatever letters it probably is. Slow. Raises FileRefused."""
    from charset_normalizer import from_bytes

    if b"\0" in content:
        raise FileRefused("kind")
    found = from_bytes(content)
    best = found.best()
    if best is None:
        raise FileRefused("kind")
    # Of short texts the guess is hardly better than its neighbours, and of those this one is far more usual.
    usual = (one for one in found if one.encoding == _USUAL and one.chaos <= best.chaos + _HARDLY)
    return checked(str(next(usual, best)))


def checked(text: str) -> str:
    """The text made clean. Raises FileRefused if it is none, or has no words."""
    cleaned = clean(text)
    if not cleaned.strip():
        raise FileRefused("empty" if not text.strip() else "kind")
    if (len(text) - len(text.replace("\r", "")) + len(cleaned)) * _MOST_STRANGE < len(text) * (_MOST_STRANGE - 1):
        raise FileRefused("kind")
    return cleaned


def clean(text: str) -> str:
    """Without control characters and half characters, which databases and models refuse; lines end in one way."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isprintable():
        return text
    return "".join(one for one in text if one in _KEPT or unicodedata.category(one) not in ("Cc", "Cs"))
