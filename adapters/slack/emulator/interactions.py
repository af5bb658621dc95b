"""Slash commands, buttons and modals: payloads to the app, and what its acknowledgement shows."""

import time
from collections.abc import Callable, Mapping

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.delivery import Parcel
from adapters.slack.emulator.values import Json, Message
from adapters.slack.emulator.workspace import Channel, Profile


class Interactions:
    def __init__(self, core: Core) -> None:
        self._core = core

    def command(self, user: Profile, channel: Channel, command: str, text: str) -> None:
        space = self._core.workspace
        url = self._response_url(user.id, channel.id, None, None)
        payload: Json = {
            "token": "emulated-verification-token",
            "team_id": space.team,
            "team_domain": space.domain,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.is_dm else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": space.app_id,
            "is_enterprise_install": "false",
            "response_url": url,
            "trigger_id": self._trigger(user.id),
        }
        answered = self._shows_answer(user, channel)
        failed = self._shows_failure(user, channel, f'{command} failed with the error "{{}}"')
        self._core.delivery.send(Parcel(kind="slash_commands", payload=payload, answered=answered, failed=failed))

    def click(self, user: Profile, message: Message, action_id: str, value: str | None) -> None:
        space = self._core.workspace
        channel = space.channels[message.channel]
        container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id}
        container |= {"is_ephemeral": message.ephemeral_for is not None}
        container |= {"thread_ts": message.thread_ts} if message.thread_ts else {}
        payload = self._interaction("block_actions", user) | {
            "container": container,
            "channel": {"id": channel.id, "name": "directmessage" if channel.is_dm else channel.name},
            "message": space.as_json(message),
            "state": {"values": {}},
            "response_url": self._response_url(user.id, channel.id, message.thread_ts, message.ts),
            "actions": [self._pressed(message.blocks, action_id, value)],
        }
        failed = self._shows_failure(user, channel, "{}")
        self._core.delivery.send(Parcel(kind="interactive", payload=payload, failed=failed))

    def click_home(self, user: Profile, action_id: str, value: str | None) -> None:
        view = self._core.counter.homes.get(user.id)
        if view is None:
            raise LookupError(f"{user.id} has no home tab")
        payload = self._interaction("block_actions", user) | {
            "container": {"type": "view", "view_id": view["id"]},
            "view": view,
            "actions": [self._pressed(view["blocks"], action_id, value)],
        }
        self._core.delivery.send(Parcel(kind="interactive", payload=payload))

    def submit(self, user: Profile, view_id: str, values: Json) -> None:
        view = self._core.counter.modals[view_id]
        payload = self._interaction("view_submission", user)
        payload |= {"view": view | {"state": {"values": values}}, "response_urls": []}
        self._core.delivery.send(Parcel(kind="interactive", payload=payload, answered=self._closes(view_id)))

    def fill(self, user: Profile, view_id: str, given: Mapping[str, str]) -> None:
        """Send a modal with what was given by label. Raises LookupError for what the client would not send."""
        view = self._core.counter.modals[view_id]
        inputs = {block["label"]["text"]: block for block in view["blocks"] if block["type"] == "input"}
        if strange := given.keys() - inputs.keys():
            raise LookupError(f"no input {strange}")
        values = {
            block["block_id"]: {block["element"]["action_id"]: _filled(block, given.get(label))}
            for label, block in inputs.items()
        }
        self.submit(user, view_id, values)

    def _closes(self, view_id: str) -> Callable[[Json], None]:
        """An empty answer closes the modal; `errors` and `update` keep it open."""

        def answered(answer: Json) -> None:
            action = answer.get("response_action")
            if action in (None, "clear"):
                self._core.counter.modals.pop(view_id, None)
            if action == "update":
                self._core.counter.modals[view_id] |= answer["view"]
            self._core.journal.note({"type": "view_answer", "view_id": view_id, "answer": answer})

        return answered

    def _interaction(self, kind: str, user: Profile) -> Json:
        space = self._core.workspace
        return {
            "type": kind,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
            "api_app_id": space.app_id,
            "token": "emulated-verification-token",
            "trigger_id": self._trigger(user.id),
            "team": {"id": space.team, "domain": space.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _pressed(self, blocks: tuple[Json, ...] | list[Json], action_id: str, value: str | None) -> Json:
        found = [action for block in blocks for action in _actions(block) if action["action_id"] == action_id]
        chosen = [action for action in found if value is None or action.get("value") == value]
        if not chosen:
            raise LookupError(f"no element {action_id} with value {value}")
        return chosen[0] | {"action_ts": f"{time.time():.6f}"}

    def _response_url(self, user: str, channel: str, thread_ts: str | None, message_ts: str | None) -> str:
        name = self._core.workspace.new_id("R")
        self._core.counter.issue(name, channel=channel, user=user, thread_ts=thread_ts, message_ts=message_ts)
        return f"{self._core.origin}/response/{name}"

    def _trigger(self, user: str) -> str:
        return self._core.counter.trigger(self._core.workspace.new_id("TR"), user)

    def _shows_answer(self, user: Profile, channel: Channel) -> Callable[[Json], None]:
        def answered(answer: Json) -> None:
            if answer.get("text") or answer.get("blocks"):
                self.respond(channel.id, user.id, None, answer)

        return answered

    def _shows_failure(self, user: Profile, channel: Channel, sentence: str) -> Callable[[str], None]:
        def failed(error: str) -> None:
            self.respond(channel.id, user.id, None, {"text": sentence.format(error)})

        return failed

    def respond(self, channel: str, user: str, thread_ts: str | None, answer: Json) -> Message:
        """Show an answer where it was asked for: to the person alone, unless it says `in_channel`."""
        private = answer.get("response_type", "ephemeral") != "in_channel"
        message = Message(
            ts=self._core.workspace.new_ts(),
            channel=channel,
            user=self._core.workspace.bot.id,
            from_bot=True,
            text=answer.get("text") or "",
            blocks=tuple(answer.get("blocks") or ()),
            thread_ts=answer.get("thread_ts") or thread_ts,
            ephemeral_for=user if private else None,
        )
        return self._core.post(message)


def _filled(block: Json, given: str | None) -> Json:
    """The state of one input."""
    element = block["element"]
    state: Json = {"type": element["type"]}
    match element["type"]:
        case "users_select":
            state["selected_user"] = given
            empty = not given
        case "static_select":
            found = [one for one in element["options"] if given in (one["value"], one["text"]["text"])]
            chosen = found[0] if found else element.get("initial_option")
            state["selected_option"] = chosen
            empty = chosen is None or bool(given and not found)
        case _:
            state["value"] = element.get("initial_value") if given is None else given or None
            empty = not state["value"] or len(state["value"]) > element.get("max_length", 3000)
    if empty and not (block.get("optional") and not given):
        raise LookupError(f"{block['label']['text']} cannot be {given!r}")
    return state


def _actions(block: Json) -> list[Json]:
    """Everything in a block that can be pressed, as `actions` entries."""
    accessory = [block["accessory"]] if block.get("accessory") else []
    elements = [*block.get("elements", []), *accessory]
    return [
        action | {"block_id": block.get("block_id", "b1")}
        for element in elements
        if element.get("action_id")
        for action in _choices(element)
    ]


def _choices(element: Json) -> list[Json]:
    common = {"action_id": element["action_id"], "type": element["type"]}
    if element["type"] == "feedback_buttons":
        buttons = (element["positive_button"], element["negative_button"])
        return [common | {"text": button["text"], "value": button["value"]} for button in buttons]
    if element.get("options"):
        return [common | {"selected_option": option, "value": option["value"]} for option in element["options"]]
    kept = {key: element[key] for key in ("text", "value") if key in element}
    return [common | kept]
