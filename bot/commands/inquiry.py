"""What a command comes to that has to ask somebody else first."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Something is asked elsewhere, such as of an endpoint, before the command does its work.

    `ask` is called when the call's transaction is over, with nothing open; it may raise UserError and ModelError, which
    are told. `use` has a transaction of its own for what it found, and answers. After a crash before that, the command
    begins again.
    """

    ask: Callable[[], Awaitable[Any]]
    use: Callable[[Any, Any], Awaitable[Any]]
