"""Which prompts are the same."""

import hashlib
import json
from typing import Literal

from bot.domain.completions import Prompt

Scope = Literal["account", "everyone"]
"""Whether an answer is given only to the account that asked for it, or to everyone."""


def key_of(prompt: Prompt, scope: Scope) -> str | None:
    """The same for prompts that would get the same call; None for one that is never answered from the cache.

    Only a conversation's first turn is: behind a history hardly any prompt comes twice, and what looks alike there
    (“yes, cancel it”) means another thing in each conversation. What is asked beside the turns looks like a first one.
    """
    if (
        prompt.own
        or prompt.purpose != "chat"
        or not is_first_turn(prompt)
        or (scope == "account" and not prompt.person)
    ):
        return None
    asked = {
        "person": prompt.person if scope == "account" else "",
        "model": prompt.card.ref,
        "parameters": prompt.parameters.over(prompt.card.parameters).given(),
        "messages": [
            [message.role, message.text, *(one.digest for one in message.pictures)] for message in prompt.messages
        ],
        "room": prompt.answer_room,
    }
    # ASCII only, so that lone surrogates, which people can send, need no encoding.
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def is_first_turn(prompt: Prompt) -> bool:
    """Instructions, then one message of a person."""
    *before, last = prompt.messages
    return last.role == "user" and all(message.role == "system" for message in before)
