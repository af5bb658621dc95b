"""What Slack sends, read without asking anybody: bodies become arrivals, stored arrivals become updates.

Everything here is pure. A stored payload is `{"bot": the bot's user id, "body": what Slack sent}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from adapters.slack.attachments import attached
from adapters.slack.wording import SEQUENCE, USER, readable
from bot.commands.declaration import CommandBook
from bot.domain.people import Identity, Sender
from bot.domain.updates import Arrival, Invocation, Place, Update

NAME = "slack"
QUARANTINE = "slack:quarantine"
ACTION_PREFIX = "parley."
"""Buttons of ours are called `parley.COMMAND.NUMBER`; their value holds the arguments."""

RESTS = "rests"
"""`answer_by` of a press on an agent's Stop button: the answer ends the session's work."""

Json = Mapping[str, Any]

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
    payload = {"bot": _bot_of(body) or bot, "body": _kept(body)}
    if (update := parse(payload, rules)) is None:
        return None
    return Arrival(
        source=f"{NAME}:{_team(body)}",
        event=_event_key(body),
        lane=rules.commands.lane(update.place, update.invocation),
        order=_order(body, now),
        payload=payload,
        sender=None if rules.commands.overtakes(update.invocation) else update.sender.identity,
        follows=update.place.key if update.overheard else "",
    )


def poison(body: Json, *, bot: str, now: int) -> Arrival:
    """Keep for the operator what cannot be read."""
    known = body.get("event_id") or body.get("trigger_id")
    event = known if isinstance(known, str) and known else f"unread-{now}"
    team = body.get("team_id")
    source = f"{NAME}:{team if isinstance(team, str) else ''}"
    payload = {"bot": bot, "body": {key: value for key, value in body.items() if key != "token"}}
    return Arrival(source=source, event=event[:200], lane=QUARANTINE, order=now, payload=payload, poison=True)


def _kept(body: Json) -> dict[str, Any]:
    """Without the verification token (a secret) and the blocks (the text once more)."""
    kept = {key: value for key, value in body.items() if key not in ("token", "message", "state")}
    if isinstance(body.get("event"), Mapping):
        kept["event"] = {key: value for key, value in body["event"].items() if key not in ("blocks", "attachments")}
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
    stamp = event.get("event_ts") or event.get("ts") if event else _first_action(body).get("action_ts")
    return microseconds(str(stamp)) if stamp else now


def microseconds(stamp: str) -> int:
    """`1700000000.000100` → 1700000000000100."""
    seconds, _, fraction = stamp.partition(".")
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])


def _team(body: Json) -> str:
    """The workspace we are installed in; an organisation-wide installation names it in the authorization."""
    team = body.get("team_id") or (body.get("team") or {}).get("id") or _authorization(body).get("team_id")
    found = team or body.get("enterprise_id") or _authorization(body)["enterprise_id"]
    if not isinstance(found, str):
        raise TypeError("no team")
    return found


def _authorization(body: Json) -> Json:
    known = body.get("authorizations") or [{}]
    first: Json = known[0]
    return first


def _bot_of(body: Json) -> str:
    return str(_authorization(body).get("user_id") or "") if _authorization(body).get("is_bot") else ""


def _abroad(body: Json) -> str:
    """The other organisation that the author belongs to, "" if to ours: Slack Connect shares channels between them."""
    return next((str(home) for home in _homes(body) if home not in _ours(body)), "")


def _ours(body: Json) -> set[Any]:
    """The ids an event of our own people may carry: the workspace, or the organisation it belongs to."""
    known = _authorization(body)
    ours = {_team(body), body.get("team_id"), body.get("enterprise_id"), body.get("context_enterprise_id")}
    return ours | {known.get("team_id"), known.get("enterprise_id")}


def _homes(body: Json) -> list[Any]:
    """What Slack says about where the author comes from."""
    event, user = body.get("event"), body.get("user")
    if isinstance(event, Mapping):
        return [event[key] for key in ("user_team", "team", "source_team") if event.get(key)]
    return [user["team_id"]] if isinstance(user, Mapping) and user.get("team_id") else []


def parse(payload: Json, rules: Rules) -> Update | None:
    """Read a stored arrival. Raises ValueError, KeyError, TypeError for what cannot be read."""
    body, bot = payload["body"], str(payload["bot"])
    if "event" in body:
        return _from_event(body, body["event"], bot, rules)
    if "command" in body:
        return _from_command(body)
    if body.get("type") == "block_actions":
        return _from_action(body)
    return None


def _from_event(body: Json, event: Json, bot: str, rules: Rules) -> Update | None:
    if not isinstance(event, Mapping):
        raise TypeError("event is not an object")
    if event["type"] == "agent_session_stopped":
        return _stopped(body, event)
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
    return Place(platform=NAME, chat=f"{_team(body)}/{event['channel']}", thread=thread, private=private)


def _from_message(body: Json, event: Json, bot: str, place: Place, rules: Rules) -> Update:
    team, raw = _team(body), _mention(bot).sub(" ", _text(event)).strip()
    return Update(
        sender=_sender(team, str(event["user"]), "", abroad=_abroad(body)),
        place=place,
        text=readable(raw, person=lambda user, name: f"@{name or user}"),
        message=str(event["ts"]),
        invocation=rules.commands.spoken(_arguments(raw, team)),
        mentioned=mentioned(raw, team),
        attached=attached(event),
    )


def _from_command(body: Json) -> Update:
    team, raw = _team(body), str(body.get("text") or "").strip()
    name, _, rest = _arguments(raw, team).partition(" ")
    return Update(
        sender=_sender(team, str(body["user_id"]), str(body.get("user_name") or "")),
        place=_named_place(team, str(body["channel_id"])),
        text=readable(raw, person=lambda user, name: f"@{name or user}"),
        invocation=Invocation(name=name.lower() or "help", arguments=rest.strip()),
        mentioned=mentioned(raw, team),
        answer_by=f"{body['user_id']} {body['response_url']}",
    )


def _from_action(body: Json) -> Update | None:
    """A click on a button of ours counts as the command it names, given by whoever clicked."""
    action, team = _first_action(body), _team(body)
    name = str(action.get("action_id") or "")
    if not name.startswith(ACTION_PREFIX) or "channel" not in body:
        return None
    user = body["user"]
    return Update(
        sender=_sender(team, str(user["id"]), str(user.get("username") or ""), abroad=_abroad(body)),
        place=_named_place(team, str(body["channel"]["id"]), str(body.get("container", {}).get("thread_ts") or "")),
        text="",
        message=str(body.get("container", {}).get("message_ts") or ""),
        clicked=True,
        invocation=Invocation(
            name=name.removeprefix(ACTION_PREFIX).partition(".")[0], arguments=str(action.get("value") or "")
        ),
        answer_by=f"{user['id']} {body['response_url']}",
    )


def _first_action(body: Json) -> Json:
    actions = body.get("actions") or [{}]
    first: Json = actions[0]
    return first


def _stopped(body: Json, event: Json) -> Update:
    """The Stop button of an agent. Slack leaves it to us to take it away: see `RESTS`."""
    place = _named_place(_team(body), str(event["channel"]), str(event.get("thread_ts") or ""))
    sender = _sender(_team(body), str(event["user"]), "")
    invocation = Invocation(name="stop")
    return Update(sender=sender, place=place, text="", clicked=True, invocation=invocation, answer_by=RESTS)


def _named_place(team: str, channel: str, thread: str = "") -> Place:
    return Place(platform=NAME, chat=f"{team}/{channel}", thread=thread, private=channel.startswith("D"))


def _sender(team: str, user: str, name: str, *, abroad: str = "") -> Sender:
    who = Identity(platform=NAME, user=f"{abroad or team}/{user}")
    return Sender(identity=who, name=name or user, username=name or None, belonging="external" if abroad else None)


def _mention(bot: str) -> re.Pattern[str]:
    """The bot's name with the blanks around it and the punctuation after it."""
    return re.compile(rf"[ \t]*<@{re.escape(bot)}(?:\|[^<>]*)?>[,:]?[ \t]*")


def _arguments(raw: str, team: str) -> str:
    return readable(raw, person=lambda user, _: f"{NAME}:{team}/{user}")


def mentioned(raw: str, team: str) -> tuple[Sender, ...]:
    """People named in Slack's text, in order, each once."""
    found = (USER.fullmatch(sequence) for sequence in SEQUENCE.findall(raw))
    people = {user[1]: _sender(team, user[1], user[2] or "") for user in found if user}
    return tuple(people.values())
