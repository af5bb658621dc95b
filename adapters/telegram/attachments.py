"""Files that people send to the bot."""

from telegram import Bot
from telegram import error as sdk

from adapters.telegram.errors import translate
from adapters.telegram.raw import Json, integer_in, object_in, string_in
from bot.domain.updates import Attachment
from bot.errors import MessageRejected


def attached(message: Json) -> Attachment | None:
    """The document of a message, else that of the message it replies to."""
    answered = object_in(message, "reply_to_message") or {}
    document = object_in(message, "document") or object_in(answered, "document")
    if document is None or not (handle := string_in(document, "file_id")):
        return None
    size = integer_in(document, "file_size") if "file_size" in document else 0
    return Attachment(name=string_in(document, "file_name") or "", size=size, handle=handle)


async def fetch(bot: Bot, attachment: Attachment, most: int) -> bytes:
    """See ports.Platform."""
    try:
        file = await bot.get_file(attachment.handle)
        if (file.file_size or 0) > most:
            raise MessageRejected("the file is too large")
        content = bytes(await file.download_as_bytearray())
    except sdk.TelegramError as error:
        raise translate(error) from error
    if len(content) > most:
        raise MessageRejected("the file is too large")
    return content
