"""What a Web API method is to the server."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    handler: Callable[[Core, Args], Json]
    tier: int
    """0: special limits, or none."""
    needs: Literal["bot", "app"] = "bot"
    """The type of token."""
    scope: str = ""
    """What the app must have asked for; "" where the emulator does not look."""
