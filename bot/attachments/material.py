"""What was made of the attachments of a message."""

from dataclasses import dataclass

from bot.domain.pictures import Picture
from bot.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What goes to the model beside the words, and what the person is told about it.

    Args:
        text: of files and voices, with what says where each begins and ends; "" if there is none.
        pictures: what a model sees.
        notes: what was used, cut and refused, a line each.
        cost: what hearing took, in micro-US$: a part of the turn's price.
    """

    text: str = ""
    pictures: tuple[Picture, ...] = ()
    notes: tuple[Text, ...] = ()
    cost: int = 0

    @property
    def useless(self) -> bool:
        """Whether nothing of it can go to a model."""
        return not self.text and not self.pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much may go along: `tokens` of everything together; pictures only if a model `sees` them."""

    tokens: int
    sees: bool
