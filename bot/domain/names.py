"""Names that people chose: shown so that they pass for nothing else, compared so that look-alikes are noticed."""

import unicodedata
from collections.abc import Iterable, Iterator

_NOTHING = "—"

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of what is not seen, or turns the direction of what follows."""

_EMPTY = frozenset("\u115f\u1160\u3164\u2800")
"""Letters to Unicode, nothing to the eye: fillers of Hangul, a Braille pattern without dots."""

_MOST_MARKS = 2
"""Accents on one letter; more of them climb over the lines above."""

_PUNCTUATION = str.maketrans("()`@:", "[]'··")
"""What the name's own parentheses, @ and colons become: behind a name stands who it is, written with those."""

_LOOKALIKES = {
    "a": "аαɑ",
    "c": "сϲ",
    "d": "ԁ",
    "e": "еє",
    "g": "ɡց",
    "h": "һ",
    "j": "јϳ",
    "k": "кκ",
    "l": "i1ıіιӏ",
    "m": "м",
    "n": "ոп",
    "o": "0оοօ",
    "p": "рρ",
    "q": "ԛ",
    "s": "ѕ",
    "t": "тτ",
    "u": "υս",
    "v": "νѵ",
    "w": "ԝω",
    "x": "хχ",
    "y": "уγ",
}
"""Small letters and digits by the Latin letter they look like: the most common of unicode.org/reports/tr39."""

_LETTERS = {ord(like): letter for letter, likes in _LOOKALIKES.items() for like in likes}


def shown(name: str) -> str:
    """A name as others may see it: without what is unseen, and without what makes it look like more than a name."""
    visible = "".join(_calm(_seen(unicodedata.normalize("NFKC", name))))
    return " ".join(visible.translate(_PUNCTUATION).split()) or _NOTHING


def visible(words: str) -> str:
    """Words on one line, without what is unseen, such as marks that turn around what follows."""
    return " ".join("".join(_seen(words)).split())


def folded(words: str) -> str:
    """A name, or a part of one, as it is searched for: whatever its case and its form in Unicode."""
    return " ".join("".join(_seen(unicodedata.normalize("NFKC", words))).casefold().split())


def skeleton(username: str) -> str:
    """The same for all usernames that look alike, such as `ada` and one with a Cyrillic `а`. Without its @."""
    letters = unicodedata.normalize("NFKD", folded(username).removeprefix("@"))
    plain = "".join(one for one in letters if not unicodedata.category(one).startswith("M"))
    return plain.translate(_LETTERS).replace("rn", "m").replace("vv", "w")


def _seen(words: str) -> Iterator[str]:
    for one in words:
        if one.isspace():
            yield " "
        elif not (unicodedata.category(one) in _UNSEEN or one in _EMPTY or "\ufe00" <= one <= "\ufe0f"):
            yield one


def _calm(letters: Iterable[str]) -> Iterator[str]:
    """No more accents on a letter than a language has."""
    marks = 0
    for one in letters:
        marks = marks + 1 if unicodedata.category(one).startswith("M") else 0
        if marks <= _MOST_MARKS:
            yield one
