"""A notice to one person: an arrival like any other, so that it is delivered like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2s
from typing import Any, Self

from bot.commands.declaration import Answer, Choice
from bot.domain.people import Identity
from bot.domain.updates import NOTICE, Arrival, Place
from bot.texts import Text
from bot.texts.stored import from_json, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A sentence on its way to one person, in whose language it is rendered when it is delivered.

    It is said in private, or `at` a place: then it waits for its turn among what is said there.
    """

    said: Text
    to: Identity
    at: Place | None = None
    choices: Sequence[Choice] = ()

    @property
    def answer(self) -> Answer:
        """As what it is shown."""
        return Answer(said=self.said, choices=self.choices)

    def arrival(self, occasion: str, *, at: int, prefix: str = "") -> Arrival:
        """As the inbox takes it; the same `occasion` is told to the same person once. `at` in milliseconds.

        `prefix` is what its event begins with, for those who want to find it again.
        """
        return Arrival(
            source=f"{self.to.platform}:{NOTICE}",
            # Occasions have no longest length, the column has.
            event=prefix + blake2s(f"{occasion} {self.to}".encode(), digest_size=16).hexdigest(),
            lane=self.at.key if self.at else f"{NOTICE}:{self.to}",
            order=at,
            payload={
                "notice": to_json(self.said),
                "to": str(self.to),
                "at": asdict(self.at) if self.at else None,
                "choices": [_stored(one) for one in self.choices],
            },
        )

    @staticmethod
    def is_one(source: str) -> bool:
        """Whether arrivals of that source are notices."""
        return source.partition(":")[2] == NOTICE

    @classmethod
    def of(cls, source: str, payload: Mapping[str, Any]) -> Self | None:
        """The notice that an arrival is; None if it is something else."""
        if not cls.is_one(source):
            return None
        choices = [_restored(one) for one in payload.get("choices", ())]
        return cls(
            said=from_json(payload["notice"]),
            to=Identity.parse(payload["to"]),
            at=Place(**payload["at"]) if payload.get("at") else None,
            choices=choices,
        )


def _stored(choice: Choice) -> dict[str, Any]:
    return {"label": to_json(choice.label), "command": choice.command}


def _restored(stored: Mapping[str, Any]) -> Choice:
    return Choice(label=from_json(stored["label"]), command=stored["command"])
