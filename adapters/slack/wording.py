"""Slack's text as a person typed it: control sequences spelled out, entities undone."""

import re
from collections.abc import Callable

SEQUENCE = re.compile(r"<([^<>\n]*)>")
USER = re.compile(r"@([UW][A-Z0-9]+)(?:\|(.*))?")
_ENTITY = re.compile(r"&(lt|gt|amp);")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&"}


def readable(raw: str, *, person: Callable[[str, str], str]) -> str:
    """Slack's text as a person typed it: control sequences spelled out, entities undone once."""
    spelled = SEQUENCE.sub(lambda found: _spelled(found[1], person), raw)
    return _ENTITY.sub(lambda found: _ENTITIES[found[1]], spelled)


def _spelled(sequence: str, person: Callable[[str, str], str]) -> str:
    user = USER.fullmatch(sequence)
    if user:
        return person(user[1], user[2] or "")
    target, _, label = sequence.partition("|")
    match target[:1]:
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
        case "@":
            return f"@{label or target[1:]}"
    address = target.removeprefix("mailto:")
    return address if label in ("", target, address) else f"{label} ({address})"
