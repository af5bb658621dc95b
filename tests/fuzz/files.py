"""What people send beside words. In life each is opened by a process with limits of memory and time of its own."""

from contextlib import suppress
from typing import Literal, get_args

from bot.attachments.documents import document
from bot.attachments.images import picture
from bot.attachments.sniffing import sniff, sound_ending
from bot.attachments.sounds import seconds
from bot.attachments.texts import other_text, unicode_text
from bot.domain.pictures import LONGEST_EDGE
from bot.domain.updates import AttachmentKind
from bot.errors import FileRefused

_KINDS: tuple[AttachmentKind, ...] = get_args(AttachmentKind)
PIXELS = 1_000_000


def pdf(data: bytes) -> None:
    with suppress(FileRefused):
        read = document(data, pages=5, characters=10_000, seconds=1)
        assert 0 < len(read.text) <= 10_000


def image(data: bytes) -> None:
    with suppress(FileRefused):
        seen = picture(data, pixels=PIXELS)
        assert max(seen.width, seen.height) <= LONGEST_EDGE


def sound(data: bytes) -> None:
    with suppress(FileRefused):
        assert seconds(data) >= 0


def text(data: bytes) -> None:
    for kind in _KINDS:
        found: Literal["pdf", "picture", "sound", "text"] = sniff(data, kind)
        assert found
    sound_ending(data)
    for read in (unicode_text, other_text):
        with suppress(FileRefused):
            said = read(data)
            assert said is None or said.strip()
