"""What the emulated vendor sells: its models, its speed and its rate limits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One model on offer. Sizes are tokens."""

    name: str
    window: int = 128_000
    max_output: int = 16_384
    #: Body parameters answered with 400 `unsupported_parameter`, as reasoning models do with `max_tokens`.
    refuses: frozenset[str] = frozenset()
    #: Body parameters accepted and without effect, as older local servers treat `max_completion_tokens`
    #: and `stream_options`.
    ignores: frozenset[str] = frozenset()
    sees_images: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast an answer is written. `None` words per second is as fast as the socket takes it."""

    words_per_second: float | None = None
    first_token: float = 0.0

    @property
    def interval(self) -> float:
        """Seconds from one word to the next."""
        return 1 / self.words_per_second if self.words_per_second else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one key may use per minute, over all models."""

    requests: int = 10_000
    tokens: int = 30_000_000


DEFAULT_CARD = Card(name="scripted-1")
