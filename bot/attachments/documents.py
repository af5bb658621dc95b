"""The text of PDF files. Runs in a process of its own, see `bot.attachments.workshop`."""

import io
import logging
import time
from dataclasses import dataclass

from pypdf import PdfReader
from pypdf.errors import LimitReachedError

from bot.attachments.texts import clean
from bot.errors import FileRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was read: the first `read` of `pages`."""

    text: str
    read: int
    pages: int


def document(content: bytes, *, pages: int, characters: int, seconds: float) -> Document:
    """The text of a PDF, as far as the limits reach. Raises FileRefused."""
    # It tells at length what is wrong with a file.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    try:
        return _read(PdfReader(io.BytesIO(content)), pages, characters, seconds)
    except MemoryError:
        raise FileRefused("bomb") from None
    except FileRefused:
        raise
    except LimitReachedError:
        raise FileRefused("bomb") from None
    except Exception:  # noqa: BLE001 - files that were made up raise anything: KeyError, RecursionError …
        raise FileRefused("damaged") from None


def _read(reader: PdfReader, pages: int, characters: int, seconds: float) -> Document:
    # Many files have an owner's password alone, which keeps nobody from reading.
    if reader.is_encrypted and not reader.decrypt(""):
        raise FileRefused("locked")
    ends = time.monotonic() + seconds
    texts: list[str] = []
    there = len(reader.pages)
    for number in range(min(there, pages)):
        texts.append(clean(reader.pages[number].extract_text()).strip())
        if sum(map(len, texts)) > characters or time.monotonic() > ends:
            break
    text = "\n\n".join(one for one in texts if one)
    if not text:
        raise FileRefused("empty")
    return Document(text=text[:characters], read=len(texts), pages=there)
