"""What happens on a platform beside what people say."""

from dataclasses import dataclass

from bot.domain.people import Identity
from bot.domain.updates import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A group goes on under another id. Both places are the group as a whole; it is `heard` in either of them."""

    old: Place
    new: Place
    heard: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody wants to hear nothing from the bot any more, or (`open`) does again."""

    who: Identity
    place: Place
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """People gave a thread a name."""

    place: Place
    name: str


Happening = Moved | Contact | Named
