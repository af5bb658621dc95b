"""Offers: what one may do next with an answer, as buttons under it."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from bot.commands.declaration import Choice
from bot.domain.people import Role
from bot.extracts import ungainly
from bot.texts import text, words

Offer = Literal["retry", "continue", "files", "thumbs"]
Told = Literal["nobody", "admins", "everybody"]
"""Who is told which model gave an answer, and what that took and cost. Support sees what admins see."""

CUT_SHORT = frozenset({"length", "interrupted"})
"""Endings after which there is more to be said."""

_CHOSEN = "✓"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What stands under answers.

    Args:
        kinds: what an operator wants there. Broken answers can be asked for again, and those that are compared in an
            experiment can be judged, whatever is in it.
        bill: who is told what an answer took: everybody of their own answers, admins of all.
    """

    kinds: AbstractSet[Offer] = frozenset()
    bill: Told = "nobody"

    def under(
        self, arrival: int, ending: str, role: Role, *, tried: bool = False, up: bool | None = None, said: str = ""
    ) -> Iterator[Choice]:
        """The choices under the answer to an arrival, for whoever had asked.

        `ending` as in the table `turn`, `role` is what they are where they asked, `tried` whether an experiment
        compares it, `up` what they think of it, `said` the answer itself.
        """
        if ending in CUT_SHORT and "continue" in self.kinds:
            yield Choice(label=text("⏩ Continue"), command=f"continue {arrival}")
        if ending == "interrupted" or "retry" in self.kinds:
            yield Choice(label=text("🔁 Retry"), command=f"retry {arrival}")
        if "files" in self.kinds and ungainly(said):
            yield Choice(label=text("📎 As files"), command=f"files {arrival}")
        if tried or "thumbs" in self.kinds:
            yield _thumb("👍", "up", arrival, chosen=up is True)
            yield _thumb("👎", "down", arrival, chosen=up is False)
        if self.tells(role):
            yield Choice(label=words("ℹ️"), command=f"bill {arrival}")

    def tells(self, role: Role) -> bool:
        """Whether somebody of that role, where they ask, is told what their answers took."""
        return self.bill == "everybody" or (self.bill == "admins" and role >= Role.SUPPORT)


def _thumb(sign: str, which: str, arrival: int, *, chosen: bool) -> Choice:
    return Choice(label=words(f"{sign} {_CHOSEN}" if chosen else sign), command=f"thumb {which} {arrival}")
