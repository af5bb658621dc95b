"""reactions.add and reactions.remove."""

import re
from collections.abc import Mapping

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import ApiError, Json, Message

NAME = re.compile(r"[a-z0-9_+'\-]+(::skin-tone-[2-6])?")


def add(core: Core, args: Args) -> Json:
    message, name = _target(core, args)
    users = message.reactions.get(name, ())
    if core.workspace.bot.id in users:
        raise ApiError("already_reacted")
    core.grow(message, reactions={**message.reactions, name: (*users, core.workspace.bot.id)})
    return {}


def remove(core: Core, args: Args) -> Json:
    message, name = _target(core, args)
    users = message.reactions.get(name, ())
    if core.workspace.bot.id not in users:
        raise ApiError("no_reaction")
    left = tuple(user for user in users if user != core.workspace.bot.id)
    others = {key: value for key, value in message.reactions.items() if key != name}
    core.grow(message, reactions=others | ({name: left} if left else {}))
    return {}


def _target(core: Core, args: Args) -> tuple[Message, str]:
    name = args.text("name").strip(":")
    if not NAME.fullmatch(name):
        raise ApiError("invalid_name")
    if not args.text("channel") or not args.text("timestamp"):
        raise ApiError("no_item_specified")
    room = core.workspace.seen_by_bot(args.text("channel"))
    return core.workspace.message(room, args.text("timestamp")), name


METHODS: Mapping[str, Method] = {
    "reactions.add": Method(handler=add, tier=3),
    "reactions.remove": Method(handler=remove, tier=2),
}
