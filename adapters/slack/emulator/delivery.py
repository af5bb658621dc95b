"""What the platform sends to the app, whatever road it takes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from adapters.slack.emulator.values import Json

ParcelKind = Literal["events_api", "slash_commands", "interactive"]


def ignore_answer(answer: Json) -> None:
    """Nobody waits for what the app says."""


def ignore_failure(error: str) -> None:
    """Nobody is told that the app said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One payload for the app. Only events are redelivered; a command or a click fails before the person's eyes."""

    kind: ParcelKind
    payload: Json
    answered: Callable[[Json], None] = ignore_answer
    failed: Callable[[str], None] = ignore_failure

    @property
    def accepts_response(self) -> bool:
        return self.kind != "events_api"


class Road(Protocol):
    def send(self, parcel: Parcel) -> None:
        """Deliver, redeliver, give up: all in the background."""


@dataclass(slots=True)
class Delivery:
    """The roads in use. `lost` keeps what was given up after the last redelivery."""

    roads: list[Road] = field(default_factory=list)
    lost: list[Parcel] = field(default_factory=list)

    def send(self, parcel: Parcel) -> None:
        for road in self.roads:
            road.send(parcel)

    def give_up(self, parcel: Parcel, error: str) -> None:
        self.lost.append(parcel)
        parcel.failed(error)
