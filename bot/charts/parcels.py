"""Several pictures in one stream of bytes: each after its length, of four bytes."""

from collections.abc import Iterable


def packed(pictures: Iterable[bytes]) -> bytes:
    return b"".join(len(one).to_bytes(4) + one for one in pictures)


def unpacked(stream: bytes) -> list[bytes]:
    """What was packed."""
    found, at = [], 0
    while at < len(stream):
        ends = at + 4 + int.from_bytes(stream[at : at + 4])
        found.append(stream[at + 4 : ends])
        at = ends
    return found
