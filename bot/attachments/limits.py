"""How much of what people send is read."""

from dataclasses import dataclass
from typing import Any

CHARACTERS = 8
"""Of a token, more than any text has on average: what is longer is cut before its tokens are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentLimits:
    """What is taken of one message, and what reading may cost this machine.

    Args:
        files: attachments of a message; what is beyond is refused.
        pictures: how many of them may be pictures.
        size: the largest file, in bytes.
        tokens: of all its texts together.
        pages: of a PDF, from its beginning.
        seconds: the longest sound.
        pixels: the largest picture before it is scaled down.
        memory: bytes that opening a file may take.
        processor_seconds: and how long.
    """

    files: int = 10
    pictures: int = 5
    size: int = 10_000_000
    tokens: int = 6000
    pages: int = 50
    seconds: int = 600
    pixels: int = 50_000_000
    memory: int = 768 * 1024 * 1024
    processor_seconds: int = 20

    @property
    def characters(self) -> int:
        return self.tokens * CHARACTERS

    def of_process(self) -> dict[str, Any]:
        """What the process that opens a file has to know, as JSON."""
        names = ("pages", "characters", "pixels", "memory", "processor_seconds")
        return {name: getattr(self, name) for name in names}
