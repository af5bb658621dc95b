"""parse_mode."""

from collections.abc import Callable

from adapters.telegram.emulator.values import Json, User


def parse(mode: str, text: str, user: Callable[[int], User | None]) -> tuple[str, list[Json]]:
    del mode, user
    return text, []
