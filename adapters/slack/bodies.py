"""Facts of what Slack sends, whatever kind it is: which workspace, who, where."""

from collections.abc import Mapping
from typing import Any

from adapters.slack.wording import SEQUENCE, USER, readable
from bot.domain.people import Identity, Sender
from bot.domain.updates import Place

NAME = "slack"

Json = Mapping[str, Any]


def team_of(body: Json) -> str:
    """The workspace we are installed in; an organisation-wide installation names it in the authorization."""
    team = body.get("team_id") or (body.get("team") or {}).get("id") or authorization(body).get("team_id")
    found = team or body.get("enterprise_id") or authorization(body)["enterprise_id"]
    if not isinstance(found, str):
        raise TypeError("no team")
    return found


def authorization(body: Json) -> Json:
    known = body.get("authorizations") or [{}]
    first: Json = known[0]
    return first


def bot_of(body: Json) -> str:
    return str(authorization(body).get("user_id") or "") if authorization(body).get("is_bot") else ""


def abroad_of(body: Json) -> str:
    """The other organisation that the author belongs to, "" if to ours: Slack Connect shares channels between them."""
    return next((str(home) for home in _homes(body) if home not in _ours(body)), "")


def _ours(body: Json) -> set[Any]:
    """The ids an event of our own people may carry: the workspace, or the organisation it belongs to."""
    known = authorization(body)
    ours = {team_of(body), body.get("team_id"), body.get("enterprise_id"), body.get("context_enterprise_id")}
    return ours | {known.get("team_id"), known.get("enterprise_id")}


def _homes(body: Json) -> list[Any]:
    """What Slack says about where the author comes from."""
    event, user = body.get("event"), body.get("user")
    if isinstance(event, Mapping):
        return [event[key] for key in ("user_team", "team", "source_team") if event.get(key)]
    return [user["team_id"]] if isinstance(user, Mapping) and user.get("team_id") else []


def first_action(body: Json) -> Json:
    actions = body.get("actions") or [{}]
    first: Json = actions[0]
    return first


def named_place(team: str, channel: str, thread: str = "") -> Place:
    return Place(platform=NAME, chat=f"{team}/{channel}", thread=thread, private=channel.startswith("D"))


def sender_of(team: str, user: str, name: str, *, abroad: str = "") -> Sender:
    who = Identity(platform=NAME, user=f"{abroad or team}/{user}")
    return Sender(identity=who, name=name or user, username=name or None, belonging="external" if abroad else None)


def arguments(raw: str, team: str) -> str:
    return readable(raw, person=lambda user, _: f"{NAME}:{team}/{user}")


def mentioned(raw: str, team: str) -> tuple[Sender, ...]:
    """People named in Slack's text, in order, each once."""
    found = (USER.fullmatch(sequence) for sequence in SEQUENCE.findall(raw))
    people = {user[1]: sender_of(team, user[1], user[2] or "") for user in found if user}
    return tuple(people.values())
