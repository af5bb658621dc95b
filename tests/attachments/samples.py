"""Small real files, made here: pictures, documents, sounds."""

import io
import struct
import wave
import zlib
from collections.abc import Sequence

from PIL import Image

KINDS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")


def picture(width: int = 64, height: int = 48, kind: str = "PNG", colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that says it has billions of pixels, and has its first rows."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (width // 8 + 1) * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pdf(pages: Sequence[str]) -> bytes:
    """A PDF with a line of text on each page; "" for a page without any."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        font,
    ]
    for at, words in enumerate(pages):
        page = f"<< /Type /Page /Parent 2 0 R /Contents {5 + 2 * at} 0 R /MediaBox [0 0 300 300]"
        objects.append(f"{page} /Resources << /Font << /F1 3 0 R >> >> >>".encode())
        drawn = f"BT /F1 12 Tf 20 200 Td ({words}) Tj ET".encode() if words else b""
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
    return _written(objects)


def unpacking_pdf(megabytes: int) -> bytes:
    """A PDF whose one page unpacks to so much."""
    drawn = zlib.compress(b" " * (megabytes * 1024 * 1024), 9)
    page = b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /MediaBox [0 0 9 9] >>"
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn)
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return _written([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, stream])


def locked_pdf(words: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer, out = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([words])))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def _written(objects: Sequence[bytes]) -> bytes:
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, one in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, one))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return out.getvalue()


def wav(seconds: float = 1.0) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * int(8000 * seconds))
    return out.getvalue()


def ogg(seconds: float = 1.0) -> bytes:
    """Opus in Ogg, as Telegram's voice messages are: the right pages with silence in them."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 6) + b"parley" + struct.pack("<I", 0)
    return b"".join(
        (
            _page(head, number=0, granule=0, flags=2),
            _page(tags, number=1, granule=0),
            _page(b"\xf8\xff\xfe", number=2, granule=round(seconds * 48_000), flags=4),
        )
    )


def _page(body: bytes, *, number: int, granule: int, flags: int = 0) -> bytes:
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 1, number, 0) + bytes([1, len(body)])
    checksum = struct.pack("<I", _ogg_crc(head + body))
    return head[:22] + checksum + head[26:] + body


def _ogg_crc(content: bytes) -> int:
    crc = 0
    for byte in content:
        crc ^= byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc
