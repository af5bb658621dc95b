"""views.publish, views.open, views.update."""

from collections.abc import Mapping

from adapters.slack.emulator.blocks import BLOCKS_PER_VIEW, check_blocks
from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import ApiError, Json, invalid_arguments

TITLE_LIMIT = 24
# A view's JSON, in bytes: `view_too_large` above it.
METADATA_LIMIT = 3000


def publish(core: Core, args: Args) -> Json:
    user = core.workspace.person(args.required("user_id")).id
    view = _view(core, args, kind="home")
    known = core.counter.homes.get(user)
    if args.text("hash") and known and args.text("hash") != known["hash"]:
        raise ApiError("hash_conflict")
    core.counter.homes[user] = view | ({"id": known["id"]} if known else {})
    core.journal.note({"type": "home", "user": user, "view": core.counter.homes[user]})
    return {"view": core.counter.homes[user]}


def open_modal(core: Core, args: Args) -> Json:
    view = _view(core, args, kind="modal")
    user = core.counter.exchange(args.required("trigger_id"))
    core.counter.modals[view["id"]] = view
    core.journal.note({"type": "modal", "user": user, "view": view})
    return {"view": view}


def update(core: Core, args: Args) -> Json:
    view_id = args.required("view_id")
    if view_id not in core.counter.modals:
        raise ApiError("not_found")
    view = _view(core, args, kind="modal") | {"id": view_id}
    core.counter.modals[view_id] = view
    core.journal.note({"type": "modal", "user": "", "view": view})
    return {"view": view}


def _view(core: Core, args: Args, *, kind: str) -> Json:
    sent = args.object("view", "invalid_arguments")
    if not sent or sent.get("type") != kind or not isinstance(sent.get("blocks"), list):
        raise invalid_arguments("must provide a valid view [json-pointer:/view]")
    if kind == "modal":
        _check_title(sent)
    if len(sent.get("private_metadata") or "") > METADATA_LIMIT:
        raise invalid_arguments("must be less than 3001 characters [json-pointer:/view/private_metadata]")
    check_blocks(sent["blocks"], most=BLOCKS_PER_VIEW)
    space = core.workspace
    return sent | {
        "id": space.new_id("V"),
        "team_id": space.team,
        "app_id": space.app_id,
        "bot_id": space.bot_id,
        "hash": space.new_ts(),
        "state": {"values": {}},
        "private_metadata": sent.get("private_metadata", ""),
        "callback_id": sent.get("callback_id", ""),
    }


def _check_title(view: Json) -> None:
    title = view.get("title")
    if not isinstance(title, dict) or not 1 <= len(title.get("text", "")) <= TITLE_LIMIT:
        raise invalid_arguments("from 1 to 24 characters [json-pointer:/view/title]")


METHODS: Mapping[str, Method] = {
    "views.publish": Method(handler=publish, tier=4),
    "views.open": Method(handler=open_modal, tier=4),
    "views.update": Method(handler=update, tier=4),
}
