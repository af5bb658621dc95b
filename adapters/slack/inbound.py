"""What Slack sends, read without asking anybody: bodies become arrivals, stored arrivals become updates.

Everything here is pure. A stored payload is `{"bot": the bot's user id, "body": what Slack sent}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from adapters.slack.attachments import attachments
from adapters.slack.bodies import (
    NAME,
    Json,
    abroad_of,
    arguments,
    bot_of,
    first_action,
    mentioned,
    sender_of,
    team_of,
)
from adapters.slack.interactions import from_action, from_command, from_opening, from_stop, from_submission
from adapters.slack.wording import SEQUENCE, USER, readable
from bot.commands.declaration import CommandBook
from bot.domain.payloads import storable
from bot.domain.updates import LONGEST_KEY, Arrival, Place, Update

QUARANTINE = "slack:quarantine"
_LONGEST_TEAM = 32
_SUBTYPES = {None, "", "file_share", "thread_broadcast"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Who is answered, and how.

    Args:
        commands: what can be asked for by name.
        direct_threads: whether each message of a direct chat opens a thread of its own (apps declared as agents).
        follow: whether threads in which we were asked something are heard without our being mentioned.
    """

    commands: CommandBook
    direct_threads: bool = False
    follow: bool = False


def arrival(body: Json, rules: Rules, *, bot: str, now: int) -> Arrival | None:
    """Classify what Slack sent, before it is acknowledged. None: not for us, forget it.

    `bot` is our user id, `now` wall time in microseconds, for what carries no time. A body that cannot be read
    becomes a poison arrival.
    """
    try:
        return _arrival(body, rules, bot, now)
    except (ValueError, KeyError, TypeError, AttributeError):
        return poison(body, bot=bot, now=now)


def _arrival(body: Json, rules: Rules, bot: str, now: int) -> Arrival | None:
    payload = storable({"bot": bot_of(body) or bot, "body": _kept(body)})
    if (update := parse(payload, rules)) is None:
        return None
    return Arrival(
        source=f"{NAME}:{team_of(payload['body'])}",
        event=_event_key(payload["body"]),
        lane=rules.commands.lane(update.place, update.invocation),
        order=_order(payload["body"], now),
        payload=payload,
        sender=update.sender.identity,
        follows=update.place.key if update.overheard else "",
    )


def poison(body: Json, *, bot: str, now: int) -> Arrival:
    """Keep for the operator what cannot be read."""
    known = body.get("event_id") or body.get("trigger_id")
    event = known if isinstance(known, str) and known else f"unread-{now}"
    team = body.get("team_id")
    source = f"{NAME}:{storable(team)[:_LONGEST_TEAM] if isinstance(team, str) else ''}"
    payload = {"bot": bot, "body": _quarantined({key: value for key, value in body.items() if key != "token"})}
    return Arrival(
        source=source, event=storable(event)[:LONGEST_KEY], lane=QUARANTINE, order=now, payload=payload, poison=True
    )


def _quarantined(body: Json) -> Any:
    try:
        return storable(body)
    except ValueError:
        return "nested too deeply"


def _kept(body: Json) -> dict[str, Any]:
    """Without the verification token (a secret), the blocks (the text once more) and pages (which we made)."""
    kept = {key: value for key, value in body.items() if key not in ("token", "message", "state")}
    if isinstance(event := body.get("event"), Mapping):
        kept["event"] = {key: value for key, value in event.items() if key not in ("blocks", "attachments", "view")}
    if isinstance(view := body.get("view"), Mapping):
        kept["view"] = {key: view[key] for key in ("private_metadata", "state") if key in view}
    return kept


def _event_key(body: Json) -> str:
    """A mention in a channel comes twice, as app_mention and as message, with two event ids but one channel and ts."""
    event = body.get("event")
    if event is None:
        return str(body["trigger_id"])
    if event["type"] in ("message", "app_mention"):
        return f"{event['channel']}/{event['ts']}"
    return str(body["event_id"])


def _order(body: Json, now: int) -> int:
    """Microseconds."""
    event = body.get("event")
    stamp = event.get("event_ts") or event.get("ts") if event else first_action(body).get("action_ts")
    return microseconds(str(stamp)) if stamp else now


def microseconds(stamp: str) -> int:
    """`1700000000.000100` → 1700000000000100."""
    seconds, _, fraction = stamp.partition(".")
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])


def parse(payload: Json, rules: Rules) -> Update | None:
    """Read a stored arrival. Raises ValueError, KeyError, TypeError for what cannot be read."""
    body, bot = payload["body"], str(payload["bot"])
    if "event" in body:
        return _from_event(body, body["event"], bot, rules)
    if "command" in body:
        return from_command(body)
    match body.get("type"):
        case "block_actions":
            return from_action(body)
        case "view_submission":
            return from_submission(body)
    return None


def _from_event(body: Json, event: Json, bot: str, rules: Rules) -> Update | None:
    if not isinstance(event, Mapping):
        raise TypeError("event is not an object")
    match event["type"]:
        case "agent_session_stopped":
            return from_stop(body, event)
        case "app_home_opened":
            return from_opening(body, event, agent=rules.direct_threads)
    if event["type"] not in ("message", "app_mention") or _ignored(event, bot):
        return None
    private = event.get("channel_type") == "im" or str(event["channel"]).startswith("D")
    named = private or bool(_mention(bot).search(_text(event)))
    if not named and not (rules.follow and _follows(event)):
        return None
    update = _from_message(body, event, bot, _place(body, event, rules, private=private), rules)
    return update if named else replace(update, overheard=True)


def _follows(event: Json) -> bool:
    """A reply in a thread that names nobody else: it may be meant for us, if we are in that thread."""
    thread = event.get("thread_ts")
    return (
        bool(thread)
        and thread != event["ts"]
        and not any(USER.fullmatch(one) for one in SEQUENCE.findall(_text(event)))
    )


def _ignored(event: Json, bot: str) -> bool:
    """Our own messages, other bots, edits, deletions, joins."""
    if event.get("bot_id") or event.get("hidden") or event.get("subtype") not in _SUBTYPES:
        return True
    return event.get("user") in (None, "", bot, "USLACKBOT")


def _text(event: Json) -> str:
    text = event.get("text") or ""
    if not isinstance(text, str):
        raise TypeError("text is not a string")
    return text


def _place(body: Json, event: Json, rules: Rules, *, private: bool) -> Place:
    """In channels the thread is the conversation; a direct chat is one unless its threads are."""
    root = "" if private and not rules.direct_threads else str(event["ts"])
    thread = str(event.get("thread_ts") or root)
    return Place(platform=NAME, chat=f"{team_of(body)}/{event['channel']}", thread=thread, private=private)


def _from_message(body: Json, event: Json, bot: str, place: Place, rules: Rules) -> Update:
    team, raw = team_of(body), _mention(bot).sub(" ", _text(event)).strip()
    return Update(
        sender=sender_of(team, str(event["user"]), "", abroad=abroad_of(body)),
        place=place,
        text=readable(raw, person=lambda user, name: f"@{name or user}"),
        message=str(event["ts"]),
        invocation=rules.commands.spoken(arguments(raw, team)),
        mentioned=mentioned(raw, team),
        attachments=attachments(event),
    )


def _mention(bot: str) -> re.Pattern[str]:
    """The bot's name with the blanks around it and the punctuation after it."""
    return re.compile(rf"[ \t]*<@{re.escape(bot)}(?:\|[^<>]*)?>[,:]?[ \t]*")
