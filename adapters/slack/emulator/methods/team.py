"""Who is who: api.test, auth.test, apps.connections.open, bots.info, users.*, team.info."""

from collections.abc import Mapping

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import ApiError, Json
from adapters.slack.emulator.workspace import Channel, Profile


def auth_test(core: Core, args: Args) -> Json:  # noqa: ARG001 - every method has this shape
    space = core.workspace
    return {
        "url": f"https://{space.domain}.slack.com/",
        "team": space.domain,
        "user": space.bot.name,
        "team_id": space.team,
        "user_id": space.bot.id,
        "bot_id": space.bot_id,
        "app_id": space.app_id,
        "is_enterprise_install": False,
    }


def open_connection(core: Core, args: Args) -> Json:  # noqa: ARG001 - every method has this shape
    address = core.origin.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={core.socket.ticket()}&app_id={core.workspace.app_id}"}


def bots_info(core: Core, args: Args) -> Json:
    space = core.workspace
    if args.text("bot") != space.bot_id:
        raise ApiError("bot_not_found")
    bot = {"id": space.bot_id, "app_id": space.app_id, "user_id": space.bot.id, "name": space.bot.name}
    return {"bot": bot | {"deleted": False, "updated": 0, "icons": {}}}


def users_info(core: Core, args: Args) -> Json:
    person = core.workspace.person(args.text("user"))
    user = _user(core, person)
    return {"user": user | ({"locale": person.locale} if args.flag("include_locale", default=False) else {})}


def _user(core: Core, person: Profile) -> Json:
    names = {"real_name": person.real_name, "display_name": person.name}
    return {
        "id": person.id,
        "team_id": person.team,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": False,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "profile": names | {"team": person.team},
        "is_bot": person.is_bot,
        "is_admin": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "is_stranger": person.team != core.workspace.team,
        "updated": 0,
    }


def users_conversations(core: Core, args: Args) -> Json:
    wanted = (args.text("types") or "public_channel").split(",")
    rooms = [room for room in core.workspace.channels.values() if room.bot and _type(room) in wanted]
    return {"channels": [as_json(room) for room in rooms], "response_metadata": {"next_cursor": ""}}


def _type(room: Channel) -> str:
    return {"im": "im", "channel": "public_channel", "group": "private_channel"}[room.kind]


def as_json(room: Channel) -> Json:
    """A conversation object."""
    shared: Json = {"id": room.id, "created": 0, "is_archived": False, "is_ext_shared": room.shared}
    if room.is_dm:
        return shared | {"is_im": True, "user": room.name, "is_open": True}
    return shared | {
        "name": room.name,
        "is_channel": room.kind == "channel",
        "is_group": room.kind == "group",
        "is_private": room.kind == "group",
        "is_im": False,
        "is_mpim": False,
        "is_member": room.bot,
        "num_members": len(room.members) + room.bot,
    }


def team_info(core: Core, args: Args) -> Json:  # noqa: ARG001 - every method has this shape
    space = core.workspace
    return {"team": {"id": space.team, "name": space.domain, "domain": space.domain}}


def api_test(core: Core, args: Args) -> Json:  # noqa: ARG001 - every method has this shape
    if args.has("error"):
        raise ApiError(args.text("error"))
    return {"args": args.values}


METHODS: Mapping[str, Method] = {
    "api.test": Method(handler=api_test, tier=4),
    "auth.test": Method(handler=auth_test, tier=0),
    "apps.connections.open": Method(handler=open_connection, tier=3, needs="app"),
    "bots.info": Method(handler=bots_info, tier=3),
    "users.info": Method(handler=users_info, tier=4),
    "users.conversations": Method(handler=users_conversations, tier=3),
    "team.info": Method(handler=team_info, tier=3),
}
