"""Words that run from left to right, in sentences that run from right to left.

Without a mark around them, `/new` in Arabic is shown as `new/`, and a name swaps places with the number after it
[Unicode Bidirectional Algorithm, UAX 9]. The marks are invisible and take no room. Inside of code there are none:
code is copied.
"""

import re
from collections.abc import Collection, Mapping
from unicodedata import bidirectional

ISOLATE, END = "\u2068", "\u2069"
"""FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE: what is between them has a direction of its own."""

FROM_THE_RIGHT = "\u200f"
"""RIGHT-TO-LEFT MARK: a line that begins with it runs from right to left, whatever follows."""

MARKS = frozenset("\u200e\u200f\u2066\u2067\u2068\u2069")

_CODE = re.compile(r"`[^`\n]+`")
_FACT = re.compile(r"\{(\w+)\}")


def embedded(wording: str, values: Mapping[str, str], words: Collection[str]) -> tuple[str, dict[str, str]]:
    """A translated sentence and its facts, with marks around code, and around those facts that are `words`."""
    in_code = {name for code in _CODE.findall(wording) for name in _FACT.findall(code)}
    marked = {
        name: isolated(value) if name in words and name not in in_code else value for name, value in values.items()
    }
    return _CODE.sub(lambda code: f"{ISOLATE}{code[0]}{END}", wording), marked


def isolated(words: str) -> str:
    """The words between marks, if any of them run from left to right. Several lines are a block, which has its own."""
    if "\n" in words or all(bidirectional(letter) != "L" for letter in words):
        return words
    return f"{ISOLATE}{words}{END}"
