"""Pictures in messages: what the vendor takes, and how many tokens they are.

Formats and formula: https://platform.openai.com/docs/guides/images-vision.
"""

import struct
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from bot.llm.emulator.cards import Card
from bot.llm.emulator.replies import Problem, Reply
from bot.llm.emulator.requests import ChatRequest, Message

MOST_BYTES = 20 * 1024 * 1024
_PATCH, _MOST_PATCHES = 32, 1536
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_UNKNOWN = 1500


def check_images(request: ChatRequest, card: Card) -> Reply | None:
    """Why a request with pictures is refused, if it is."""
    for where, part in _parts(request):
        if not card.sees_images:
            return _refused("Invalid content type. image_url is only supported by certain models.", f"{where}.type")
        if refusal := _check(part, where):
            return refusal
    return None


def image_tokens(message: Message) -> int:
    return sum(_tokens(part) for part in _of(message))


def images_of(message: Message) -> list[bytes]:
    """The bytes of every picture that came as a data URL."""
    return [content for part in _of(message) if (content := _content(part)) is not None]


def _check(part: Mapping[str, Any], where: str) -> Reply | None:
    image = part.get("image_url")
    if not isinstance(image, Mapping) or not isinstance(image.get("url"), str):
        return _refused(f"Missing required parameter: '{where}.image_url.url'.", f"{where}.image_url.url")
    if image["url"].startswith(("http://", "https://")):
        return None
    content = _content(part)
    if content is None:
        return _refused(
            "Invalid image URL: expected a base64-encoded data URL with an image MIME type "
            "(e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=').",
            f"{where}.image_url.url",
            code="invalid_image_url",
        )
    if not content.startswith((_PNG, _JPEG, b"GIF8", b"RIFF")) or len(content) > MOST_BYTES:
        return _refused(
            "You uploaded an unsupported image. Please make sure your image is valid and has one of the following "
            "formats: ['png', 'jpeg', 'gif', 'webp'].",
            code="image_parse_error",
        )
    return None


def _refused(message: str, param: str | None = None, code: str | None = None) -> Reply:
    return Problem(message=message, param=param, code=code).reply(400)


def _parts(request: ChatRequest) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, message in enumerate(request.messages):
        content = message.get("content")
        for at, part in enumerate(content if isinstance(content, list) else ()):
            if isinstance(part, Mapping) and part.get("type") == "image_url":
                yield f"messages.[{number}].content.[{at}]", part


def _of(message: Message) -> list[Mapping[str, Any]]:
    content = message.get("content")
    parts = content if isinstance(content, list) else ()
    return [part for part in parts if isinstance(part, Mapping) and part.get("type") == "image_url"]


def _content(part: Mapping[str, Any]) -> bytes | None:
    head, _, packed = str(part["image_url"]["url"]).partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        return None
    try:
        return b64decode(packed, validate=True)
    except ValueError:
        return None


def _tokens(part: Mapping[str, Any]) -> int:
    try:
        size = _size(_content(part) or b"")
    except (KeyError, TypeError):
        size = None
    if size is None:
        return _UNKNOWN
    width, height = size
    return min(_MOST_PATCHES, -(-width // _PATCH) * -(-height // _PATCH))


def _size(content: bytes) -> tuple[int, int] | None:
    """Pixels of a PNG or JPEG."""
    if content.startswith(_PNG) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    at = 2
    while content.startswith(_JPEG) and at + 9 <= len(content) and content[at] == 0xFF:
        if 0xC0 <= content[at + 1] <= 0xC3:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    return None
