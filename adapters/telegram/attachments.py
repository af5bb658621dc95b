"""What people send to the bot beside words."""

from collections.abc import Iterator

from telegram import Bot
from telegram import error as sdk

from adapters.telegram.errors import translate
from adapters.telegram.raw import Json, integer_in, object_in, string_in
from bot.domain.updates import Attachment, AttachmentKind
from bot.errors import MessageRejected

_KINDS: dict[str, AttachmentKind] = {
    "animation": "video",  # comes with the same as a `document`, for old clients
    "video": "video",
    "video_note": "video",
    "voice": "voice",
    "audio": "sound",
    "document": "file",
    "sticker": "sticker",
    "venue": "location",  # comes with a `location` too
    "location": "location",
    "contact": "contact",
    "poll": "poll",
    "checklist": "other",
    "dice": "other",
    "game": "other",
    "paid_media": "other",
    "rich_message": "other",
    "story": "other",
}
"""What a message can hold beside a photo. The first that is there counts."""

_FETCHED = ("photo", "document", "voice", "audio")
"""What is worth fetching of the message that was replied to."""


def attachments(message: Json) -> tuple[Attachment, ...]:
    """What came with a message, else the file of the message it replies to."""
    answered = object_in(message, "reply_to_message") or {}
    return tuple(_of(message)) or tuple(_of({name: answered[name] for name in _FETCHED if name in answered}))


def _of(message: Json) -> Iterator[Attachment]:
    if "photo" in message:
        yield _photo(message["photo"])
        return
    for name, kind in _KINDS.items():
        if name in message:
            yield _attachment(object_in(message, name) or {}, name, kind)
            return


def _photo(sizes: object) -> Attachment:
    """Telegram scales a photo down to several sizes; the largest is the last one."""
    known = [one for one in sizes if isinstance(one, dict)] if isinstance(sizes, list) else []
    return _attachment(known[-1] if known else {}, "photo", "picture")


def _attachment(body: Json, name: str, kind: AttachmentKind) -> Attachment:
    return Attachment(
        name=string_in(body, "file_name") or name,
        size=integer_in(body, "file_size") if "file_size" in body else 0,
        handle=string_in(body, "file_id") or "",
        kind=kind,
        seconds=integer_in(body, "duration") if "duration" in body else 0,
    )


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
