"""What a file is, by its first bytes: names and media types are the sender's word."""

from typing import Literal

from bot.domain.updates import AttachmentKind

What = Literal["pdf", "picture", "sound", "text"]

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")
_SOUNDS = (b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"fLaC")
_BOXES = (b"\x1a\x45\xdf\xa3",)
"""WebM: a film, or a sound without pictures. Only the platform knows."""
_PDF, _PDF_WITHIN = b"%PDF-", 1024
"""Readers accept so many bytes of something else before it (ISO 32000, annex H of Adobe's implementation notes)."""


def sound_ending(content: bytes) -> str:
    """What the name of a sound has to end in: audio APIs tell formats by it."""
    if content.startswith(b"OggS"):
        return "ogg"
    if content.startswith(b"RIFF"):
        return "wav"
    if content.startswith(b"fLaC"):
        return "flac"
    if content[4:8] == b"ftyp":
        return "m4a"
    return "webm" if content.startswith(_BOXES) else "mp3"


def sniff(content: bytes, kind: AttachmentKind) -> What:
    """What to read it as; whatever is nothing else is tried as text."""
    if _PDF in content[:_PDF_WITHIN]:
        return "pdf"
    if content.startswith(_PICTURES) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        return "picture"
    if content.startswith(_SOUNDS) or (content[:4] == b"RIFF" and content[8:12] == b"WAVE"):
        return "sound"
    if kind in ("sound", "voice") and (content[4:8] == b"ftyp" or content.startswith(_BOXES)):
        return "sound"
    return "text"
