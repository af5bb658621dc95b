"""views.publish, views.open, views.update."""

import json
from collections.abc import Mapping

from adapters.slack.emulator.blocks import BLOCKS_PER_VIEW, check_blocks
from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import ApiError, Json, invalid_arguments

TITLE_LIMIT = 24
BUTTON_LIMIT = 24
METADATA_LIMIT = 3000
VIEW_LIMIT = 250_000
"""Bytes of a view's JSON."""


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
        _check_modal(sent)
    if len(json.dumps(sent).encode()) > VIEW_LIMIT:
        raise ApiError("view_too_large")
    if len(sent.get("private_metadata") or "") > METADATA_LIMIT:
        raise invalid_arguments("must be less than 3001 characters [json-pointer:/view/private_metadata]")
    check_blocks(sent["blocks"], most=BLOCKS_PER_VIEW, view=True)
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


def _check_modal(view: Json) -> None:
    _check_text(view.get("title"), TITLE_LIMIT, "title")
    for name in ("submit", "close"):
        if view.get(name) is not None:
            _check_text(view[name], BUTTON_LIMIT, name)
    if any(block.get("type") == "input" for block in view["blocks"]) and view.get("submit") is None:
        raise invalid_arguments("a view with input blocks needs submit [json-pointer:/view/submit]")


def _check_text(text: object, most: int, name: str) -> None:
    if not isinstance(text, dict) or text.get("type") != "plain_text" or not 1 <= len(text.get("text", "")) <= most:
        raise invalid_arguments(f"from 1 to {most} characters [json-pointer:/view/{name}]")


METHODS: Mapping[str, Method] = {
    "views.publish": Method(handler=publish, tier=4),
    "views.open": Method(handler=open_modal, tier=4),
    "views.update": Method(handler=update, tier=4),
}
