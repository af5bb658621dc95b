"""This Telegram as the demo page shows it: two people, a private chat for each, and a group.

The JSON shapes are described where the page defines what it needs (its `Stage` protocol).
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from adapters.telegram.emulator.chats import Chat
from adapters.telegram.emulator.payloads import message_payload
from adapters.telegram.emulator.people import Person
from adapters.telegram.emulator.telegram import TelegramEmulator
from adapters.telegram.emulator.values import Event, Json
from bot.domain.people import Identity

_TEAM = -1001000000001


class TelegramStage:
    """People and chats on an emulator, ready to be shown and played with."""

    name = "telegram"

    def __init__(self, telegram: TelegramEmulator) -> None:
        self._telegram = telegram
        ada = telegram.person(id=11, first_name="Ada", username="ada")
        self._root = telegram.person(id=12, first_name="Root", username="root")
        self._people = {str(person.id): person for person in (ada, self._root)}
        team = telegram.group(id=_TEAM, title="Team", members=(ada, self._root))
        self._rooms = {str(chat.id): chat for chat in (ada.chat, self._root.chat, team)}

    @property
    def admin(self) -> Identity:
        return Identity(platform="telegram", user=str(self._root.id))

    def open(self) -> None:
        """Everybody presses Start, as one does before a bot may write."""
        for person in self._people.values():
            person.says("/start")

    async def watch(self) -> AsyncGenerator[Json, None]:
        async with aclosing(self._telegram.watch()) as events:
            yield self._scene()
            async for event in events:
                if shown := _shown(event):
                    yield shown

    def file(self, number: str) -> bytes | None:
        known = self._telegram.world.files.get(number)
        return known[1] if known else None

    async def act(self, action: Mapping[str, Any]) -> None:
        person, chat = self._people[action["as"]], self._rooms[action["room"]]
        match action:
            case {"do": "say", "text": str(text)} if text.strip():
                person.says(text, chat=chat)
            case {"do": "click", "message": str(message), "data": str(data)}:
                person.clicks(int(message), data, chat=chat)
            case {"do": "stop", "message": str(draft)}:
                person.stops(int(draft))
            case _:
                raise ValueError("nobody can do that on Telegram")

    def _scene(self) -> Json:
        return {
            "kind": "scene",
            "people": [self._person(person) for person in self._people.values()],
            "rooms": [_room(chat) for chat in self._rooms.values()],
            "events": [event for chat in self._rooms.values() for event in _standing(self._telegram, chat)],
        }

    def _person(self, person: Person) -> Json:
        handle = f"@{person.user.username}"
        return {"id": str(person.id), "name": person.user.first_name, "handle": handle, "admin": person is self._root}


def _room(chat: Chat) -> Json:
    members = [str(member) for member in chat.members]
    return {"id": str(chat.id), "name": chat.title, "private": chat.private, "members": members}


def _standing(telegram: TelegramEmulator, chat: Chat) -> list[Json]:
    shown = [_message(str(chat.id), message_payload(chat, message)) for message in telegram.messages(chat)]
    draft = chat.drafts.get(None)
    if draft is not None:
        body = {"draft_id": draft.id, "text": draft.text, "entities": list(draft.entities), "can_stop": draft.can_stop}
        shown.append(_draft(str(chat.id), body))
    return shown


def _shown(event: Event) -> Json | None:
    room = str(event.chat_id)
    match event.kind:
        case "message" | "edit":
            return _message(room, event.body)
        case "delete":
            return {"kind": "delete", "room": room, "id": str(event.body["message_id"])}
        case "draft":
            return _draft(room, event.body)
        case "action":
            return {"kind": "status", "room": room, "thread": None, "text": ""}
    return None


def _draft(room: str, body: Json) -> Json:
    ended = body["text"] is None
    return {
        "kind": "draft",
        "room": room,
        "draft": str(body.get("draft_id", "")),
        "body": None if ended else [_part(body)],
        "stoppable": bool(body.get("can_stop")),
    }


def _message(room: str, body: Json) -> Json:
    sender = body["from"]
    message = {
        "id": str(body["message_id"]),
        "author": "bot" if sender["is_bot"] else str(sender["id"]),
        "at": body["date"],
        "edited": "edit_date" in body,
        "thread": None,
        "streaming": False,
        "only_for": None,
        "reply_to": str(body["reply_to_message"]["message_id"]) if "reply_to_message" in body else None,
        "body": [_part(body)],
        "files": _files(body),
        "buttons": [[_button(one) for one in row] for row in body.get("reply_markup", {}).get("inline_keyboard", [])],
    }
    return {"kind": "message", "room": room, "message": message}


def _part(body: Json) -> Json:
    if "caption" in body:
        return {"format": "entities", "text": body["caption"], "entities": body.get("caption_entities", [])}
    return {"format": "entities", "text": body.get("text", ""), "entities": body.get("entities", [])}


def _files(body: Json) -> list[Json]:
    if photo := body.get("photo"):
        return [{"id": photo[-1]["file_id"], "name": "", "size": photo[-1]["file_size"], "picture": True}]
    if document := body.get("document"):
        told = {"name": document["file_name"], "size": document["file_size"]}
        return [{"id": document["file_id"], **told, "picture": False}]
    return []


def _button(button: Json) -> Json:
    known = {"url": button.get("url"), "data": button.get("callback_data")}
    return {"label": button["text"]} | {name: value for name, value in known.items() if value}
