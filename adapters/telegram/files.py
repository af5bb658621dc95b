"""Files on their way to a chat: pictures to be looked at, documents to be saved."""

from typing import Any

from telegram import Bot, InputFile, InputMediaDocument, InputMediaPhoto, Message, MessageEntity

from bot.domain.updates import File
from bot.ports import Part


class FileSender:
    """Sends the files of parts through one bot. Raises telegram.error.TelegramError."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, part: Part) -> int:
        """Send or replace a message with a file; its id. The part's text is the caption."""
        file = File.unpacked(part)
        if (edited := part.get("edit")) is not None:
            return await self._edit(part, edited, file)
        upload = InputFile(file.content, filename=file.safe_name)
        where: dict[str, Any] = {"chat_id": part["chat"], "message_thread_id": part.get("thread")}
        said: dict[str, Any] = {"caption": part["text"] or None, "api_kwargs": _more(part)}
        if "picture" in part:
            sent = await self._bot.send_photo(photo=upload, **where, **said)
        else:
            sent = await self._bot.send_document(document=upload, **where, **said)
        return sent.message_id

    async def _edit(self, part: Part, message: int, file: File) -> int:
        """A message of text takes a file as well as one with another file."""
        kind = InputMediaPhoto if "picture" in part else InputMediaDocument
        entities = [MessageEntity.de_json(one, None) for one in part.get("entities", ())]
        upload = InputFile(file.content, filename=file.safe_name, attach=True)
        media = kind(upload, part["text"], caption_entities=entities)
        more = {"reply_markup": part["keyboard"]} if "keyboard" in part else {}
        changed = await self._bot.edit_message_media(media, part["chat"], message, api_kwargs=more)
        return changed.message_id if isinstance(changed, Message) else message


def _more(part: Part) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if entities := part.get("entities"):
        more["caption_entities"] = entities
    if keyboard := part.get("keyboard"):
        more["reply_markup"] = keyboard
    if (question := part.get("reply_to")) is not None:
        more["reply_parameters"] = {"message_id": question, "allow_sending_without_reply": True}
    return more
