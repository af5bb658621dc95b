"""When each question reached the model, and when it wrote the last word of its answer."""

import time
from collections.abc import Iterable
from typing import Any

from bot.llm.emulator import Exchange


class StampedPieces(list[str]):
    """The pieces of one answer; `at` is when the newest one left, in Unix seconds, as the platform's own stamps."""

    at = 0.0

    def append(self, piece: str) -> None:
        self.at = time.time()
        super().append(piece)


class StampedRequests(list[Exchange]):
    """What the model emulator records, with a stamp on every answer."""

    def __init__(self, exchanges: Iterable[Exchange] = ()) -> None:
        super().__init__(exchanges)
        self._pieces: dict[str, StampedPieces] = {}
        self._begun: dict[str, float] = {}

    def append(self, exchange: Exchange) -> None:
        pieces = self._pieces[exchange.request.said] = StampedPieces()
        self._begun[exchange.request.said] = time.time()
        exchange.pieces = pieces
        super().append(exchange)

    def begun(self, question: str) -> float:
        """When a question reached the model."""
        return self._begun[question]

    def ended(self, question: str) -> float:
        """When the last word of the answer to a question left."""
        return self._pieces[question].at

    def clear(self, *_: Any) -> None:
        self._pieces.clear()
        self._begun.clear()
        super().clear()
