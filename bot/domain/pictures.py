"""Pictures that go to models, and how many tokens they take there."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import blake2b

LONGEST_EDGE = 1536
"""Pixels. Vendors scale larger pictures down themselves, and what they would throw away need not be sent."""

_PATCH, _MOST_PATCHES = 32, 1536
_TILE, _SHORT_EDGE, _TILE_TOKENS, _BASE_TOKENS = 512, 768, 170, 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as models see it: scaled down and without whatever else was in the file. Sizes are pixels."""

    content: bytes
    media_type: str
    width: int
    height: int

    @property
    def tokens(self) -> int:
        """About what it takes of a prompt; each vendor counts in its own way.

        The larger of OpenAI's two formulas: 32-pixel patches, and 512-pixel tiles after scaling the short edge to 768
        (https://platform.openai.com/docs/guides/images-vision). Anthropic's, pixels / 750, comes to about the same.
        """
        patches = min(_MOST_PATCHES, _up(self.width, _PATCH) * _up(self.height, _PATCH))
        return max(patches, _BASE_TOKENS + _TILE_TOKENS * self._tiles())

    @property
    def digest(self) -> str:
        """The same for the same picture."""
        return blake2b(self.content, digest_size=16).hexdigest()

    @property
    def url(self) -> str:
        """The picture itself as an address, as the chat completions API takes it."""
        return f"data:{self.media_type};base64,{b64encode(self.content).decode()}"

    def _tiles(self) -> int:
        short = max(1, min(self.width, self.height))
        if short <= _SHORT_EDGE:
            return _up(self.width, _TILE) * _up(self.height, _TILE)
        width, height = (edge * _SHORT_EDGE // short for edge in (self.width, self.height))
        return _up(width, _TILE) * _up(height, _TILE)


def _up(size: int, step: int) -> int:
    return -(-size // step)
