"""What ends a batch before its results, in words for whoever started it."""

from collections.abc import Sequence

from bot.errors import ParleyError


class BatchTrouble(ParleyError):
    """`headline` says what did not happen, `problems` why, each with what to do about it."""

    def __init__(self, headline: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join([headline, *problems]))
        self.headline = headline
        self.problems = tuple(problems)
