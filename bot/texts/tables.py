"""Tables in monospace: columns aligned as terminals and code blocks show them, where Chinese is twice as wide."""

import unicodedata
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from bot.texts.directions import FROM_THE_RIGHT, MARKS, isolated

WIDEST = 56
"""Columns of a terminal that a table takes at most: on phones a code block breaks lines not much longer."""

_NARROWEST = 8
"""A column of words is cut down to this, and no further."""

_GAP = "  "
_CUT = "…"


def aligned(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: AbstractSet[int] = frozenset(),
    right_to_left: bool = False,
) -> tuple[str, bool]:
    """Draw a table; whether it is whole, that is: no column had to go because the table was too wide.

    Args:
        columns: their names.
        rows: a cell for each column.
        right: columns whose cells stand at the right, which are never cut.
        right_to_left: whether the first column is the one at the right; every line then runs that way, and every cell
            its own.
    """
    lines = [[_one_line(cell) for cell in line] for line in (columns, *rows)]
    widths = _fitting([max(map(width, cells)) for cells in zip(*lines, strict=True)], right)
    beginning, mark = (FROM_THE_RIGHT, isolated) if right_to_left else ("", str)
    # Digits run from left to right everywhere: their last ones stand below each other where a cell begins at the right.
    flush = frozenset() if right_to_left else right
    shown = [[_placed(flush, at)(mark(_cut(line[at], wide)), wide) for at, wide in enumerate(widths)] for line in lines]
    shown.insert(1, ["─" * wide for wide in widths])
    drawn = "\n".join(beginning + _GAP.join(line).rstrip() for line in shown)
    return drawn, len(widths) == len(columns)


def width(words: str) -> int:
    """How many columns of a terminal the words take."""
    return sum(_width(letter) for letter in words)


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def _fitting(widths: list[int], right: AbstractSet[int]) -> list[int]:
    """Widths that fit: the widest words are cut first; what does not fit even then goes, from the right."""
    while _sum(widths) > WIDEST:
        soft = [at for at, wide in enumerate(widths) if at not in right and wide > _NARROWEST]
        if soft:
            widths[max(soft, key=widths.__getitem__)] -= 1
        elif len(widths) > 1:
            widths.pop()
        else:
            break
    return widths


def _sum(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _placed(right: AbstractSet[int], at: int) -> Callable[[str, int], str]:
    return _to_the_right if at in right else _to_the_left


def _to_the_left(cell: str, wide: int) -> str:
    return cell + " " * (wide - width(cell))


def _to_the_right(cell: str, wide: int) -> str:
    return " " * (wide - width(cell)) + cell


def _cut(cell: str, wide: int) -> str:
    if width(cell) <= wide:
        return cell
    while cell and width(cell) > wide - 1:
        cell = cell[:-1]
    return cell + _CUT


def _one_line(cell: str) -> str:
    """Control characters would break the alignment, whoever put them there; marks of direction are set anew."""
    plain = (letter for letter in cell if letter not in MARKS)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in plain).split())
