"""This Slack as the demo page shows it: two people, their direct messages with the app, and a channel.

The JSON shapes are described where the page defines what it needs (its `Stage` protocol).
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from adapters.slack.emulator.core import as_seen
from adapters.slack.emulator.emulator import SlackEmulator
from adapters.slack.emulator.people import Person
from adapters.slack.emulator.values import Json
from adapters.slack.emulator.workspace import Channel
from bot.domain.people import Identity

_COMMAND = "/parley"


class SlackStage:
    """People and channels on an emulator, ready to be shown and played with."""

    name = "slack"

    def __init__(self, slack: SlackEmulator) -> None:
        self._slack = slack
        ada = slack.person("UADA", name="ada")
        self._root = slack.person("UROOT", name="root")
        self._people = {person.id: person for person in (ada, self._root)}
        general = slack.channel("CGENERAL", "general", members=(ada, self._root))
        self._rooms = {room.id: room for room in (general, slack.dm(ada), slack.dm(self._root))}

    @property
    def admin(self) -> Identity:
        return Identity(platform="slack", user=f"{self._root.profile.team}/{self._root.id}")

    async def watch(self) -> AsyncGenerator[Json, None]:
        async with aclosing(self._slack.watch()) as events:
            yield self._scene()
            async for event in events:
                if shown := self._shown(event):
                    yield shown

    def file(self, number: str) -> bytes | None:
        return self._slack.uploaded(number)

    async def act(self, action: Mapping[str, Any]) -> None:
        person, room = self._people[action["as"]], self._rooms[action["room"]]
        match action:
            case {"do": "say", "text": str(text)} if text.strip():
                await self._say(person, room, text.strip(), action.get("thread"))
            case {"do": "click", "message": str(ts), "action": str(name), "value": str() | None as value}:
                await person.clicks(room, ts, name, value)
            case {"do": "stop", "message": str(ts)}:
                await person.stops(room, ts)
            case _:
                raise ValueError("nobody can do that on Slack")

    async def _say(self, person: Person, room: Channel, text: str, thread: str | None) -> None:
        """The composer: what begins with a slash is a command, and commands do not work in threads."""
        command, _, rest = text.partition(" ")
        if not command.startswith("/"):
            await person.says(text, room, thread)
        elif command == _COMMAND and thread is None:
            await person.runs(command, rest.strip(), room)
        else:
            raise ValueError(f"{command} is not a valid command here")

    def _scene(self) -> Json:
        rooms = self._rooms.values()
        return {
            "kind": "scene",
            "people": [self._person(person) for person in self._people.values()],
            "rooms": [_room(room) for room in rooms],
            "events": [
                _message(as_seen(one), self._slack.bot.id) for room in rooms for one in self._slack.messages(room)
            ],
        }

    def _person(self, person: Person) -> Json:
        name = person.profile.real_name
        return {"id": person.id, "name": name, "handle": f"@{person.name}", "admin": person is self._root}

    def _shown(self, event: Json) -> Json | None:
        match event["type"]:
            case "message" | "message_changed":
                return _message(event["message"], self._slack.bot.id)
            case "message_deleted":
                return {"kind": "delete", "room": event["channel"], "id": event["message"]["ts"]}
            case "status":
                thread = event["thread_ts"]
                return {"kind": "status", "room": event["channel"], "thread": thread, "text": event["status"]}
        return None


def _room(room: Channel) -> Json:
    name = "" if room.is_dm else room.name
    return {"id": room.id, "name": name, "private": room.is_dm, "members": sorted(room.members)}


def _message(seen: Json, bot: str) -> Json:
    message = {
        "id": seen["ts"],
        "author": "bot" if seen["user"] == bot else seen["user"],
        "at": float(seen["ts"]),
        "edited": bool(seen["edited"]) and not seen["from_bot"],
        "thread": seen["thread_ts"],
        "streaming": seen["streaming"],
        "only_for": seen["ephemeral_for"],
        "reply_to": None,
        "body": _body(seen),
        "files": [_file(one) for one in seen["files"]],
        "buttons": [row for block in seen["blocks"] if (row := _buttons(block))],
    }
    return {"kind": "message", "room": seen["channel"], "message": message}


def _file(file: Json) -> Json:
    picture = file["name"].lower().endswith((".png", ".jpg", ".jpeg"))
    return {"id": file["id"], "name": file["name"], "size": file["size"], "picture": picture}


def _body(seen: Json) -> list[Json]:
    """Blocks stand for the text where there are any, as in Slack's clients."""
    shown = [{"format": "mrkdwn", "text": "\n".join(map(_task, seen["tasks"]))}] if seen["tasks"] else []
    shown += [{"format": "markdown", "text": seen["markdown"]}] if seen["markdown"] else []
    shown += [part for block in seen["blocks"] if (part := _block(block))]
    return shown or [{"format": "mrkdwn", "text": seen["text"]}]


def _task(task: Json) -> str:
    """A task card, as its line."""
    return f"{'✓' if task['status'] == 'complete' else '…'} {task['title']}"


def _block(block: Json) -> Json | None:
    match block:
        case {"type": "markdown", "text": str(text)}:
            return {"format": "markdown", "text": text}
        case {"type": "section" | "header", "text": {"text": str(text)}}:
            return {"format": "mrkdwn", "text": text}
        case {"type": "context", "elements": [{"text": str(text)}, *_]}:
            return {"format": "mrkdwn", "text": text}
    return None


def _buttons(block: Json) -> list[Json]:
    if block["type"] == "context_actions":
        return [press for one in block["elements"] if one["type"] == "feedback_buttons" for press in _thumbs(one)]
    pressed = [one for one in block.get("elements", []) if one.get("type") == "button"]
    return [
        {"label": one["text"]["text"], "url": one["url"]}
        if one.get("url")
        else {"label": one["text"]["text"], "action": one["action_id"], "value": one.get("value")}
        for one in pressed
    ]


def _thumbs(element: Json) -> list[Json]:
    both = (element["positive_button"], element["negative_button"])
    return [{"label": one["text"]["text"], "action": element["action_id"], "value": one["value"]} for one in both]
