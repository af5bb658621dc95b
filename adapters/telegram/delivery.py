"""The calls that put text on the screen, and what to try when Telegram refuses one."""

from collections.abc import Mapping
from typing import Any

from telegram import Bot
from telegram import error as sdk
from telegram.request import BaseRequest

from adapters.telegram.abilities import Abilities
from adapters.telegram.errors import translate
from adapters.telegram.files import FileSender
from adapters.telegram.splitting import Formatted, split
from bot.domain.updates import CONTENT, Place
from bot.errors import RecipientGone
from bot.ports import Part

_NO_LINK_PREVIEW = {"is_disabled": True}  # a preview makes Telegram fetch an address that the model wrote
_DRAFT_SECONDS = 5.0  # a preview that takes longer is stale
_SHORT = 2000  # UTF-16 units, for the case that Telegram counts differently than we do
_NO_TEXT = ("message text is empty", "text must be non-empty")
_NOT_MODIFIED = "message is not modified"
_TOO_LONG = ("message is too long", "message_too_long", "text is too long")
_CAPTION_TOO_LONG = ("caption is too long", "media_caption_too_long")
_FIELD_AT_FAULT: Mapping[str, tuple[str, ...]] = {
    "picture": ("photo_", "image_process_failed", "too big for a photo"),
    "keyboard": ("button_", "inline keyboard", "reply markup"),
    "edit": ("message to edit not found", "message can't be edited", "message_id_invalid"),
    "thread": ("thread not found", "topic_deleted", "topic_id_invalid"),
    "reply_to": ("replied not found", "reply message not found", "reply_message_id_invalid"),
}
"""Words of the 400 → the field of the part to leave out. All of them in lower case."""


class Sender:
    """Sends through one bot. Raises telegram.error.TelegramError."""

    def __init__(self, bot: Bot, abilities: Abilities) -> None:
        self._bot = bot
        self.abilities = abilities
        self._files = FileSender(bot)

    async def deliver(self, part: Part) -> str:
        """Send a part, less and less particular as Telegram refuses; the id of the (last) message."""
        if "rich" in part:
            return await self._deliver_rich(part)
        if "unsay" in part:
            return await self._unsay(part)
        if "text" not in part:
            return await self._change_keyboard(part)
        while True:
            try:
                return str(await self._send(part))
            except sdk.BadRequest as error:
                if _says(error, _CAPTION_TOO_LONG):
                    return await self._deliver_apart(part)
                if _says(error, _TOO_LONG):
                    return await self._deliver_short(part, error)
                part = _easier(part, error)
            except sdk.ChatMigrated as error:
                part = _moved(part, error)

    async def _unsay(self, part: Part) -> str:
        """What cannot be deleted, or is gone, was asked to be deleted all the same."""
        try:
            await self._bot.delete_message(part["chat"], part["unsay"])
        except sdk.BadRequest as error:
            if isinstance(translate(error), RecipientGone):
                raise
        return str(part["unsay"])

    async def _change_keyboard(self, part: Part) -> str:
        """Buttons that cannot be changed stay as they are: what they did is done."""
        try:
            await self._bot.edit_message_reply_markup(part["chat"], part["edit"], api_kwargs=_markup(part))
        except sdk.BadRequest as error:
            if isinstance(translate(error), RecipientGone):
                raise
        return str(part["edit"])

    async def place(self, place: Place, shown: Formatted, below: Mapping[str, Any], question: str) -> int:
        """Put a first preview into a chat without drafts, with a keyboard below."""
        part = {"chat": int(place.chat), **_content(shown), "keyboard": below}
        thread = {"thread": int(place.thread)} if place.thread else {}
        return await self._send(part | thread | ({"reply_to": int(question)} if question else {}))

    async def edit(self, place: Place, message: int, shown: Formatted, below: Mapping[str, Any]) -> None:
        part = {"chat": int(place.chat), **_content(shown), "keyboard": below, "edit": message}
        await self._send(part, hurry=True)

    async def draft(self, place: Place, number: int, shown: Formatted) -> None:
        """Show a draft, formatted and with a Stop button, as far as the server takes that."""
        text, entities = shown
        stop = {"can_stop": True} if self.abilities.has("stop button") else {}  # Bot API 10.3
        look = {"entities": entities} if entities else {}
        try:
            await self._draft(place, number, text, look | stop)
        except sdk.BadRequest as error:
            if isinstance(translate(error), RecipientGone) or not (look or stop):
                raise
            await self._plainer_draft(place, number, text, stop if look else {})
            if stop and not look:
                self.abilities.lacks("stop button")

    async def _plainer_draft(self, place: Place, number: int, text: str, more: Mapping[str, Any]) -> None:
        """Without the look; without the button too if that is it."""
        try:
            await self._draft(place, number, text, more)
        except sdk.BadRequest:
            if not more:
                raise
            await self._draft(place, number, text, {})
            self.abilities.lacks("stop button")

    async def _draft(self, place: Place, number: int, text: str, more: Mapping[str, Any]) -> None:
        await self._bot.send_message_draft(
            int(place.chat),
            number,
            text,
            message_thread_id=_thread(place),
            read_timeout=_DRAFT_SECONDS,
            api_kwargs=dict(more),
        )

    async def typing(self, place: Place) -> None:
        await self._bot.send_chat_action(
            int(place.chat), "typing", message_thread_id=_thread(place), read_timeout=_DRAFT_SECONDS
        )

    async def _send(self, part: Part, *, hurry: bool = False) -> int:
        try:
            return await (self._files.send(part) if CONTENT in part else self._write(part, hurry=hurry))
        except sdk.BadRequest as error:
            if "edit" in part and _says(error, (_NOT_MODIFIED,)):
                return int(part["edit"])
            raise

    async def _write(self, part: Part, *, hurry: bool) -> int:
        more: dict[str, Any] = {"link_preview_options": _NO_LINK_PREVIEW, **_markup(part)}
        if entities := part.get("entities"):
            more["entities"] = entities
        if (edited := part.get("edit")) is not None:
            return await self._edit(part, edited, more, hurry=hurry)
        if (question := part.get("reply_to")) is not None:
            more["reply_parameters"] = {"message_id": question, "allow_sending_without_reply": True}
        sent = await self._bot.send_message(
            part["chat"], part["text"], message_thread_id=part.get("thread"), api_kwargs=more
        )
        return sent.message_id

    async def _edit(self, part: Part, message: int, more: dict[str, Any], *, hurry: bool) -> int:
        patience = _DRAFT_SECONDS if hurry else BaseRequest.DEFAULT_NONE
        await self._bot.edit_message_text(part["text"], part["chat"], message, read_timeout=patience, api_kwargs=more)
        return message

    async def _deliver_rich(self, part: Part) -> str:
        """A rich message, or the ordinary ones where that is refused; the id of the last."""
        if self.abilities.has("rich messages"):
            try:
                return str(await self._write_rich(part))
            except (sdk.EndPointNotFound, sdk.InvalidToken):
                self.abilities.lacks("rich messages")
            except sdk.BadRequest as error:
                if isinstance(translate(error), RecipientGone):
                    raise
                if "edit" in part and _says(error, (_NOT_MODIFIED,)):
                    return str(part["edit"])
                if "edit" in part and _says(error, _NO_TEXT):  # so says a server that does not know the parameter
                    self.abilities.lacks("rich messages")
            except sdk.ChatMigrated:
                pass
        return [await self.deliver(one) for one in part["parts"]][-1]

    async def _write_rich(self, part: Part) -> int:
        message = {"markdown": part["rich"], "skip_entity_detection": True}  # names ring, and addresses are fetched
        body: dict[str, Any] = {"chat_id": part["chat"], "rich_message": message, **_markup(part)}
        if (edited := part.get("edit")) is not None:
            await self._bot.do_api_request("editMessageText", api_kwargs={**body, "message_id": edited})
            return int(edited)
        if (question := part.get("reply_to")) is not None:
            body["reply_parameters"] = {"message_id": question, "allow_sending_without_reply": True}
        if "thread" in part:
            body["message_thread_id"] = part["thread"]
        sent: Mapping[str, Any] = await self._bot.do_api_request("sendRichMessage", api_kwargs=body)
        return int(sent["message_id"])

    async def _deliver_apart(self, part: Part) -> str:
        """The caption as a message of its own, and the file below."""
        await self.deliver(_without(part, CONTENT, "file", "media_type", "picture"))
        return await self.deliver({**_without(part, "entities", "keyboard", "edit", "reply_to"), "text": ""})

    async def _deliver_short(self, part: Part, error: sdk.BadRequest) -> str:
        pieces = split(part["text"], [], limit=_SHORT)
        if len(pieces) < 2:
            raise error
        rest = {key: value for key, value in part.items() if key in {"chat", "thread"}}
        await self.deliver({**_without(part, "entities", "keyboard"), "text": pieces[0][0]})
        for text, _ in pieces[1:-1]:
            await self.deliver({**rest, "text": text})
        last = {key: part[key] for key in ("keyboard",) if key in part}
        return await self.deliver({**rest, **last, "text": pieces[-1][0]})


def _content(shown: Formatted) -> dict[str, Any]:
    text, entities = shown
    return {"text": text, "entities": entities} if entities else {"text": text}


def _markup(part: Part) -> dict[str, Any]:
    return {"reply_markup": part["keyboard"]} if part.get("keyboard") else {}


def _thread(place: Place) -> int | None:
    return int(place.thread) if place.thread else None


def _says(error: sdk.TelegramError, phrases: tuple[str, ...]) -> bool:
    description = str(error).lower()
    return any(phrase in description for phrase in phrases)


def _easier(part: Part, error: sdk.BadRequest) -> Part:
    """The part without what the error complains about. Raises the error if that cannot be helped."""
    for field, phrases in _FIELD_AT_FAULT.items():
        if field in part and _says(error, phrases):
            return _without(part, field)
    if isinstance(translate(error), RecipientGone):
        raise error
    for field in ("picture", "entities", "keyboard", "edit"):  # whatever it was, the words count more than their looks
        if field in part:
            return _without(part, field)
    raise error


def _moved(part: Part, error: sdk.ChatMigrated) -> Part:
    """The part for the supergroup that the group has become; message ids do not move along."""
    if part["chat"] == error.new_chat_id:
        raise error
    return {**_without(part, "edit", "thread", "reply_to"), "chat": error.new_chat_id}


def _without(part: Part, *fields: str) -> Part:
    return {key: value for key, value in part.items() if key not in fields}
