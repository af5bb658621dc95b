"""What a page is made of. No HTML: whoever shows it decides what a table or a form looks like."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.charts.values import Chart
from bot.commands.declaration import Answer, Table
from bot.texts import Text

Tone = Literal["plain", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One fact that is seen at a glance. `value` is a fact as in a `Text`; `to` is the page that says more."""

    label: Text
    value: Any
    note: Text | None = None
    tone: Tone = "plain"
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Facts side by side."""

    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """How far something is used up; `share` is 0 to 1, or more."""

    label: Text
    share: float
    said: Text
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """Several of them under a title, or the sentence for none."""

    title: Text
    gauges: Sequence[Gauge]
    empty: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table.

    Args:
        name: what its file is called, `name.csv`, and how it is found on its page; a-z only.
        links: for each row the page that says more, "" for none; or nothing at all.
        more: the page with what follows, "" if this is all.
        about: a sentence under the title.
    """

    name: str
    title: Text
    table: Table
    empty: Text
    links: Sequence[str] = ()
    more: str = ""
    about: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart. `about` says in words what can be seen; the numbers stand in a table beside it."""

    name: str
    title: Text
    about: Text
    chart: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """Something to fill in. With `options` (value, label) it is chosen among them; "" may be left empty."""

    name: str
    label: Text
    value: str = ""
    options: Sequence[tuple[str, Text]] = ()
    hint: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A command with blanks, `plan assign #12 {plan}`, as it would be typed in a chat."""

    command: str
    label: Text
    blanks: Sequence[Blank] = ()
    grave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What can be done here."""

    title: Text
    acts: Sequence[Act]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Chooses what the page shows: its blanks go into the page's address."""

    blanks: Sequence[Blank]
    label: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """What is shown only to whoever asks for it, which goes on record: a button."""

    label: Text
    about: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an answer says, with its buttons."""

    answer: Answer
    tone: Tone = "plain"


Section = Tiles | Gauges | Listing | Picture | Acts | Search | Reveal | Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page. A `live` one is shown anew every few seconds."""

    title: Text
    sections: Sequence[Section]
    live: bool = False
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which page is asked for: `people`, or `people` about `12`, with what is in its address after the `?`."""

    page: str
    about: str = ""
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of the menu."""

    page: str
    title: Text
    count: int = 0


class UnknownPage(Exception):
    """What is asked for is not there, or not for whoever asks."""
