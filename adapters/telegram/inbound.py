"""Raw Telegram updates → arrivals and updates. Pure: nothing here asks the network or a clock.

A stored payload is the raw update with one more key, `bot` (who received it), so that any process can read it later.
Whatever a stranger sends, only ValueError, KeyError or TypeError leave this module.
"""

from dataclasses import replace
from typing import Any

from adapters.telegram.raw import BIGGEST, Json, integer_in, object_in, string_in
from adapters.telegram.reading import PLATFORM, BotUser, Hearing, Reading, place_of, sender_of
from bot.domain.happenings import Contact, Happening, Moved, Named
from bot.domain.payloads import storable
from bot.domain.people import Identity
from bot.domain.updates import MOST_COMMAND_BYTES, OVERTAKING, Arrival, Invocation, Place, Update

QUARANTINE = "telegram:quarantine"


def arrival(raw: Any, bot: BotUser, hearing: Hearing) -> Arrival | None:
    """Classify one raw update; None if it certainly is not for the bot. Never raises."""
    try:
        payload = _payload(raw, bot)
        if update := parse(payload, hearing):
            return _arrival(payload, bot, hearing, update)
        told = happening(payload)
        return _told(payload, bot, told) if told else None
    except (ValueError, KeyError, TypeError):
        return _poison(raw, bot)


def parse(payload: Json, hearing: Hearing) -> Update | None:
    """Read a stored payload; None if it is not for the bot. Raises ValueError, KeyError, TypeError."""
    bot = _bot(payload)
    if stopped := object_in(payload, "stopped_message_generation"):
        return _stop(stopped)
    if click := object_in(payload, "callback_query"):
        return _click(click, hearing)
    edited = object_in(payload, "edited_message") or object_in(payload, "edited_channel_post")
    message = edited or object_in(payload, "message") or object_in(payload, "channel_post")
    if message is None or _is_own(message, bot):
        return None
    update = Reading(message, bot, hearing).update()
    return _edit(update) if edited and update else update


def happening(payload: Json) -> Happening | None:
    """What a stored payload tells beside what somebody says. Raises ValueError, KeyError, TypeError."""
    if change := object_in(payload, "my_chat_member"):
        return _contact(change)
    message = object_in(payload, "message")
    place = place_of(message) if message else None
    if message is None or place is None:
        return None
    if "migrate_to_chat_id" in message:
        return Moved(old=place, new=_group(integer_in(message, "migrate_to_chat_id")), heard=place)
    if "migrate_from_chat_id" in message:
        return Moved(old=_group(integer_in(message, "migrate_from_chat_id")), new=place, heard=place)
    return _named(message, place)


def update_id(raw: Any) -> int | None:
    """The number that acknowledges a raw update, None if it has none."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) and 0 <= number < BIGGEST else None


def _arrival(payload: Json, bot: BotUser, hearing: Hearing, update: Update) -> Arrival:
    number = integer_in(payload, "update_id")
    return Arrival(
        source=bot.source,
        event=str(number),
        lane=hearing.commands.lane(update.place, update.invocation),
        order=int(update.message or 0),
        payload=payload,
        sender=update.sender.identity,
    )


def _told(payload: Json, bot: BotUser, told: Happening) -> Arrival:
    """Blocking has no place among what was said: whoever does it waits for nothing."""
    block = isinstance(told, Contact)
    place = told.heard if isinstance(told, Moved) else told.place
    return Arrival(
        source=bot.source,
        event=str(integer_in(payload, "update_id")),
        lane=f"{place.key}{OVERTAKING}" if block else place.key,
        order=0 if block else integer_in(payload["message"], "message_id"),
        payload=payload,
    )


def _poison(raw: Any, bot: BotUser) -> Arrival:
    number = update_id(raw)
    return Arrival(
        source=bot.source,
        event=str(number) if number is not None else "unnumbered",
        lane=QUARANTINE,
        order=number or 0,
        payload={"raw": _quarantined(raw)},
        poison=True,
    )


def _payload(raw: Any, bot: BotUser) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise TypeError("an update is an object")
    return {**storable(raw), "bot": {"id": bot.id, "username": bot.username}}


def _quarantined(raw: Any) -> Any:
    try:
        return storable(raw)
    except ValueError:
        return "nested too deeply"


def _bot(payload: Json) -> BotUser:
    bot = payload["bot"]
    return BotUser(id=integer_in(bot, "id"), username=string_in(bot, "username") or "")


def _is_own(message: Json, bot: BotUser) -> bool:
    """Whether it is ours, though a person sent it: found by typing our name."""
    through = object_in(message, "via_bot")
    return through is not None and through.get("id") == bot.id


def _contact(change: Json) -> Contact | None:
    """Somebody blocked the bot in their private chat, or unblocked it."""
    place = place_of(change)
    now = string_in(object_in(change, "new_chat_member") or {}, "status")
    if place is None or not place.private or now not in {"kicked", "member"}:
        return None
    return Contact(who=Identity(platform=PLATFORM, user=place.chat), place=place, open=now == "member")


def _named(message: Json, place: Place) -> Named | None:
    """A topic was opened under a name or got another one, unless Telegram made the name up."""
    told = object_in(message, "forum_topic_created") or object_in(message, "forum_topic_edited") or {}
    name = string_in(told, "name") or ""
    return Named(place=place, name=name) if place.thread and name and not told.get("is_name_implicit") else None


def _group(number: int) -> Place:
    return Place(platform=PLATFORM, chat=str(number), private=False)


def _stop(stopped: Json) -> Update | None:
    """A press on the Stop button under a draft, which exists in private chats only: there the chat is the person."""
    chat = object_in(stopped, "chat") or {}
    if chat.get("type") != "private":
        return None
    thread = str(integer_in(stopped, "message_thread_id")) if stopped.get("message_thread_id") else ""
    place = Place(platform=PLATFORM, chat=str(integer_in(chat, "id")), thread=thread, private=True)
    return Update(sender=sender_of(chat), place=place, text="", clicked=True, invocation=Invocation(name="stop"))


def _click(click: Json, hearing: Hearing) -> Update | None:
    """A click on a button counts as the command in its data, given by whoever clicked.

    A changed client can send any data, so it is worth no more than the same words typed by the same person. What is
    no command comes from buttons that are not ours.
    """
    message, data = object_in(click, "message") or {}, string_in(click, "data") or ""
    name, _, arguments = data.partition(" ")
    place = place_of(message, channels=hearing.channels)
    if place is None or hearing.commands.get(name) is None or len(data.encode()) > MOST_COMMAND_BYTES:
        return None
    number = str(integer_in(message, "message_id"))
    return Update(
        sender=sender_of(click["from"]),
        place=place,
        text="",
        message=number,
        clicked=True,
        invocation=Invocation(name=name.lower(), arguments=arguments.strip()),
        answer_by="" if place.private else number,
    )


def _edit(update: Update) -> Update | None:
    """A question that was changed. A command is done once it was given, and cannot be changed any more."""
    return None if update.invocation or not update.text.strip() else replace(update, edited=True)
