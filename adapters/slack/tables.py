"""Tables that do not fit into one message: their rows go on under the same head."""

import re

_ROW = re.compile(r"[ \t]*\|.*")
_RULE = re.compile(r"[ \t]*\|?[ \t:|-]*-[ \t:|-]*")
_LARGEST = 1000
"""Characters of a head that is worth repeating."""


def head(text: str) -> str:
    """The two lines that begin the table whose rows stand at the end of `text`; empty if there is no such table."""
    lines = text.rstrip("\n").split("\n")
    first = next((at for at in range(len(lines), 0, -1) if not _ROW.fullmatch(lines[at - 1])), 0)
    table = lines[first:]
    if len(table) < 2 or not _RULE.fullmatch(table[1]):
        return ""
    found = f"{table[0]}\n{table[1]}\n"
    return found if len(found) <= _LARGEST else ""


def goes_on(text: str) -> bool:
    """Whether `text` begins with a whole row."""
    return bool(_ROW.match(text))
