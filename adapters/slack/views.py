"""Views: the Home tab, forms (modals), and what an agent suggests in its empty tab.

Each becomes a part, so that it is stored before it is sent and survives whoever made it.
"""

import json
from collections.abc import Sequence
from typing import Any

from adapters.slack.buttons import blocks
from adapters.slack.calls import Calls
from adapters.slack.contact import Contact
from adapters.slack.messages import Messages
from adapters.slack.rich import rich
from bot.domain.people import Identity
from bot.domain.updates import Blank, Form, Section, Update
from bot.ports import Part

Json = dict[str, Any]

_MOST_BLOCKS = 100  # docs.slack.dev/reference/views
_LONGEST_TITLE = 24
_LONGEST_BUTTON = 24
_LONGEST_LABEL = 75  # of an option; other labels may have 2,000
_LONGEST_VALUE = 3000  # docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
MOST_PROMPTS = 4
_PROMPTS = "assistant.threads.setSuggestedPrompts"
_OPENED_BEFORE = "exchanged_trigger_id"
_TOO_LATE = frozenset({"expired_trigger_id", "invalid_trigger_id", "trigger_expired", _OPENED_BEFORE})
_INPUT = "value"
"""The `action_id` of the one element of each blank."""


def page(update: Update, sections: Sequence[Section]) -> list[Part]:
    """See ports.Surfaces."""
    if update.page == "start":
        asked = [button.label for section in sections for button in section.buttons][:MOST_PROMPTS]
        return [{"do": "prompts", "channel": _channel(update), "prompts": asked}] if asked else []
    view = {
        "type": "home",
        "private_metadata": json.dumps({"channel": _channel(update)}),
        "blocks": _blocks(sections),
    }
    return [{"do": "home", "user": _user(update.sender.identity), "view": view}]


def _blocks(sections: Sequence[Section]) -> list[Json]:
    """Sections with lines between them. What is too much for one view is left out at the end."""
    found: list[Json] = []
    for section in sections:
        found += [{"type": "divider"}] if found else []
        found += [*rich(section.text), *blocks(section.buttons)]
    return found[:_MOST_BLOCKS]


def form(update: Update, asked: Form) -> list[Part]:
    """See ports.Surfaces."""
    contact = Contact.read(update.answer_by)
    facts = {
        "command": asked.command,
        "blanks": {f"b{at}": blank.before for at, blank in enumerate(asked.blanks)},
        "channel": _channel(update),
        "thread": update.place.thread,
        "page": update.page,
        "url": contact.url,
    }
    view = {
        "type": "modal",
        "title": _plain(asked.title, _LONGEST_TITLE),
        "submit": _plain(asked.send, _LONGEST_BUTTON),
        "close": _plain(asked.close, _LONGEST_BUTTON),
        "private_metadata": json.dumps(facts),
        "blocks": [_input(at, blank) for at, blank in enumerate(asked.blanks)],
    }
    late = {"channel": _channel(update), "thread": update.place.thread, "user": contact.user, "url": contact.url}
    return [{"do": "form", "trigger": contact.trigger, "view": view, "text": asked.otherwise, **late}]


def _input(at: int, blank: Blank) -> Json:
    label = _plain(blank.label, 2000)
    return {
        "type": "input",
        "block_id": f"b{at}",
        "label": label,
        "optional": blank.optional,
        "element": _element(blank),
    }


def _element(blank: Blank) -> Json:
    match blank.kind:
        case "person":
            return {"type": "users_select", "action_id": _INPUT}
        case "choice":
            options = [{"text": _plain(shown, _LONGEST_LABEL), "value": value} for shown, value in blank.options]
            first = [option for option in options if option["value"] == blank.value]
            chosen = {"initial_option": first[0]} if first else {}
            return {"type": "static_select", "action_id": _INPUT, "options": options, **chosen}
    text = {"type": "plain_text_input", "action_id": _INPUT, "multiline": blank.kind == "lines"}
    longest = {"max_length": min(blank.longest or _LONGEST_VALUE, _LONGEST_VALUE)}
    return text | longest | ({"initial_value": blank.value} if blank.value else {})


def _plain(text: str, most: int) -> Json:
    return {"type": "plain_text", "text": text if len(text) <= most else f"{text[: most - 1]}…"}


def _channel(update: Update) -> str:
    return update.place.chat.partition("/")[2]


def _user(identity: Identity) -> str:
    return identity.user.partition("/")[2]


class Views:
    """Shows what such a part asks for. Raises PlatformError."""

    def __init__(self, calls: Calls, messages: Messages) -> None:
        self._calls = calls
        self._messages = messages

    async def show(self, part: Part) -> str:
        match part:
            case {"do": "home", "user": user, "view": view}:
                await self._calls.final("views.publish", user_id=user, view=view)
            case {"do": "prompts", "channel": channel, "prompts": prompts}:
                suggested = [{"title": one, "message": one} for one in prompts]
                await self._calls.final(_PROMPTS, channel_id=channel, prompts=suggested)
            case {"do": "form"}:
                await self._open(part)
        return ""

    async def _open(self, part: Part) -> None:
        """Open a form; if that comes too late, say how the command is typed."""
        answer = await self._calls.final(
            "views.open", trigger_id=part["trigger"], view=part["view"], expected=_TOO_LATE
        )
        if answer.get("error") not in (None, _OPENED_BEFORE):
            said, channel = str(part["text"]), str(part["channel"])
            if part["url"]:
                await self._messages.respond(part["url"], channel, part["user"], said)
            else:
                await self._messages.post(channel, str(part["thread"]), said)


SHOWN = frozenset({"form", "home", "prompts"})
"""What parts of ours are views."""
