"""Bytes made strange: JSON in its values, lines and bytes elsewhere. Blind changes of JSON are mostly no JSON."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

STRANGE: Sequence[Any] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, -(2**63), 10**400, 1e308, float("nan"), float("inf")),
    *("", " ", "0", "-1", "\0", "\ud800", "\u202e", "\u200b", "\uff0fhelp", "\u00b2", "\u0663", "/help", "x" * 300),
    *("a:b", "1e999", "<@U1|", "<!channel>", [], [[]], {}, {"": None}, [None], ["x", 1]),
)
WORDS: Sequence[bytes] = (
    *(b"\0", b"\n", b"\r", b"\r\n\r\n", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"'", b'"', b"\\", b"{", b"[", b"<"),
    *(b"|", b"`", b"*", b"```\n", b"**", b"](", b"> ", b"- ", b"$$", b"data:", b"data: [DONE]\n\n", b": ", b"=", b"#"),
    *(
        b"+++\n",
        b"\xe2\x80\xae",
        b"\xe2\x80\x8b",
        b"\xd9\xa3",
        b"99999999999999999999",
        b"-1",
        b"nan",
        b"inf",
        b"1e999",
    ),
)


def mutated(data: bytes, random: Random) -> bytes:
    """The same with a few changes."""
    for _ in range(random.randint(1, 4)):
        data = random.choice(_CHANGES)(data, random)
    return data[:20_000]


def _another_value(data: bytes, random: Random) -> bytes:
    """In JSON, or in a line of it, one value is another."""
    lines = data.split(b"\n")
    number = random.randrange(len(lines))
    begins = max(0, min((at for mark in b"{[" if (at := lines[number].find(mark)) >= 0), default=0))
    try:
        root = [json.loads(lines[number][begins:])]
    except (ValueError, RecursionError):
        return _bytes(data, random)
    holder, key = random.choice(_places(root))
    if random.random() < 0.2 and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = random.choice(STRANGE) if random.random() < 0.9 else _deep(random.choice((70, 2000)))
    changed = json.dumps(root[0]).encode() if root else b""
    lines[number] = lines[number][:begins] + changed
    return b"\n".join(lines)


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one))
        for key in keys:
            found.append((one, key))
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
    return found


def _deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(min(levels, 400)):
        value = [value]
    return value


def _nested(data: bytes, random: Random) -> bytes:
    """Brackets without end, which recursive parsers do not survive."""
    at, mark = random.randint(0, len(data)), random.choice((b"[", b'{"a":', b"(", b"> ", b"**", b"[x]("))
    return data[:at] + mark * random.choice((50, 1500)) + data[at:]


def _word(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(WORDS) + data[at:]


def _bytes(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.randbytes(random.randint(0, 4)) + data[at + random.randint(0, 8) :]


def _twice(data: bytes, random: Random) -> bytes:
    first, second = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    return data[:second] + data[first:second] * random.choice((1, 30)) + data[second:]


_CHANGES: Sequence[Callable[[bytes, Random], bytes]] = (
    _another_value, _another_value, _another_value, _word, _word, _bytes, _twice, _nested,
)  # fmt: skip
