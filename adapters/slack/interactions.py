"""What people do beside writing: slash commands, clicks on buttons, forms they send, pages they open."""

import json
from collections.abc import Mapping
from typing import Any

from adapters.slack.bodies import (
    NAME,
    Json,
    abroad_of,
    arguments,
    first_action,
    mentioned,
    named_place,
    sender_of,
    team_of,
)
from adapters.slack.contact import RESTS, Contact
from adapters.slack.wording import readable
from bot.domain.updates import Invocation, Update

ACTION_PREFIX = "parley."
"""Buttons of ours are called `parley.COMMAND.NUMBER`; their value holds the arguments."""


def from_command(body: Json) -> Update:
    team, raw = team_of(body), str(body.get("text") or "").strip()
    name, _, rest = arguments(raw, team).partition(" ")
    contact = Contact(
        user=str(body["user_id"]), url=str(body["response_url"]), trigger=str(body.get("trigger_id") or "")
    )
    return Update(
        sender=sender_of(team, str(body["user_id"]), str(body.get("user_name") or "")),
        place=named_place(team, str(body["channel_id"])),
        text=readable(raw, person=lambda user, name: f"@{name or user}"),
        invocation=Invocation(name=name.lower() or "help", arguments=rest.strip()),
        mentioned=mentioned(raw, team),
        answer_by=contact.packed(),
    )


def from_action(body: Json) -> Update | None:
    """A click on a button of ours counts as the command it names, given by whoever clicked."""
    action, user = first_action(body), body["user"]
    name = str(action.get("action_id") or "")
    if not name.startswith(ACTION_PREFIX):
        return None
    invocation = Invocation(
        name=name.removeprefix(ACTION_PREFIX).partition(".")[0], arguments=str(action.get("value") or "")
    )
    if "channel" not in body:
        return _from_page(body, invocation)
    team, container = team_of(body), body.get("container", {})
    contact = Contact(user=str(user["id"]), url=str(body["response_url"]), trigger=str(body.get("trigger_id") or ""))
    return Update(
        sender=sender_of(team, str(user["id"]), str(user.get("username") or ""), abroad=abroad_of(body)),
        place=named_place(team, str(body["channel"]["id"]), str(container.get("thread_ts") or "")),
        text="",
        message=str(container.get("message_ts") or ""),
        clicked=True,
        invocation=invocation,
        answer_by=contact.packed(),
    )


def _from_page(body: Json, invocation: Invocation) -> Update | None:
    """A click in the Home tab. What is said in a chat because of it is said in the direct messages with us."""
    facts, user, team = _facts(body), body["user"], team_of(body)
    if "channel" not in facts:
        return None
    return Update(
        sender=sender_of(team, str(user["id"]), str(user.get("username") or ""), abroad=abroad_of(body)),
        place=named_place(team, str(facts["channel"])),
        text="",
        clicked=True,
        page="home",
        invocation=invocation,
        answer_by=Contact(user=str(user["id"]), trigger=str(body.get("trigger_id") or "")).packed(),
    )


def from_submission(body: Json) -> Update | None:
    """A form of ours that was sent counts as the command that it asked for, given by whoever sent it."""
    facts, user, team = _facts(body), body["user"], team_of(body)
    if "command" not in facts:
        return None
    name, _, begun = str(facts["command"]).partition(" ")
    filled = _filled(body["view"]["state"]["values"], facts["blanks"], team)
    return Update(
        sender=sender_of(team, str(user["id"]), str(user.get("username") or ""), abroad=abroad_of(body)),
        place=named_place(team, str(facts["channel"]), str(facts["thread"])),
        text="",
        page="home" if facts["page"] == "home" else "",
        invocation=Invocation(name=name, arguments=" ".join(word for word in (begun, *filled) if word)),
        answer_by=Contact(user=str(user["id"]), url=str(facts["url"])).packed(),
    )


def _facts(body: Json) -> Mapping[str, Any]:
    """What we wrote into a view. Raises ValueError, TypeError."""
    facts = json.loads((body.get("view") or {}).get("private_metadata") or "{}")
    if not isinstance(facts, dict):
        raise TypeError("metadata is not an object")
    return facts


def _filled(values: Json, blanks: Mapping[str, str], team: str) -> list[str]:
    """What stands in the blanks, in their order, each after the words that precede it; empty ones are left out."""
    found = {name: _value(values[name], team) for name in blanks if name in values}
    return [f"{before} {found[name]}".strip() for name, before in blanks.items() if found.get(name)]


def _value(state: Json, team: str) -> str:
    """The value of the one element of a block."""
    (element,) = state.values()
    match element.get("type"):
        case "users_select":
            user = element.get("selected_user")
            return f"{NAME}:{team}/{user}" if user else ""
        case "static_select":
            return str((element.get("selected_option") or {}).get("value") or "")
    return str(element.get("value") or "").strip()


def from_opening(body: Json, event: Json, *, agent: bool) -> Update | None:
    """Somebody looks at the Home tab; or at the empty Messages tab, where an agent suggests what to ask."""
    tab, team = event.get("tab"), team_of(body)
    page: Any = {"home": "home", "messages": "start" if agent else None}.get(str(tab))
    if page is None:
        return None
    return Update(
        sender=sender_of(team, str(event["user"]), ""),
        place=named_place(team, str(event["channel"])),
        text="",
        page=page,
        invocation=Invocation(name=page),
    )


def from_stop(body: Json, event: Json) -> Update:
    """The Stop button of an agent. Slack leaves it to us to take it away: see `RESTS`."""
    place = named_place(team_of(body), str(event["channel"]), str(event.get("thread_ts") or ""))
    sender = sender_of(team_of(body), str(event["user"]), "")
    invocation = Invocation(name="stop")
    return Update(sender=sender, place=place, text="", clicked=True, invocation=invocation, answer_by=RESTS)
