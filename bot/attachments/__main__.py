"""Opens one file: its bytes from standard input, what it holds to standard output. `python -m bot.attachments pdf {}`.

The answer is a line of JSON, and after it the bytes of a picture. A file that is refused is a line with `refused`.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import FileRefused

Opened = tuple[dict[str, Any], bytes]


def _pdf(content: bytes, limits: Mapping[str, Any]) -> Opened:
    from bot.attachments.documents import document

    read = document(
        content, pages=limits["pages"], characters=limits["characters"], seconds=limits["processor_seconds"] / 2
    )
    return {"text": read.text, "read": read.read, "pages": read.pages}, b""


def _picture(content: bytes, limits: Mapping[str, Any]) -> Opened:
    from bot.attachments.images import picture

    seen = picture(content, pixels=limits["pixels"])
    return {"media_type": seen.media_type, "width": seen.width, "height": seen.height}, seen.content


def _sound(content: bytes, _limits: Mapping[str, Any]) -> Opened:
    from bot.attachments.sounds import seconds

    return {"seconds": seconds(content)}, b""


def _text(content: bytes, limits: Mapping[str, Any]) -> Opened:
    from bot.attachments.texts import other_text

    return {"text": other_text(content)[: limits["characters"]]}, b""


_OPENERS: Mapping[str, Callable[[bytes, Mapping[str, Any]], Opened]] = {
    "pdf": _pdf,
    "picture": _picture,
    "sound": _sound,
    "text": _text,
}


def _confine(memory: int, seconds: int) -> None:
    """Memory in bytes, time of the processor in seconds; no file may be written. Not on Windows, which has no such."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(kind: str, limits: Mapping[str, Any]) -> None:
    _confine(limits["memory"], limits["processor_seconds"])
    try:
        facts, content = _OPENERS[kind](sys.stdin.buffer.read(), limits)
    except MemoryError:
        facts, content = {"refused": "bomb"}, b""
    except FileRefused as error:
        facts, content = {"refused": error.why}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + content)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
