"""Files: sendDocument, sendPhoto, editMessageMedia, getFile."""

from dataclasses import replace

from adapters.telegram.emulator.files import LARGEST_DOWNLOAD, attachment
from adapters.telegram.emulator.keyboards import read_markup
from adapters.telegram.emulator.methods.messages import editable, edited, post
from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.pictures import check_picture
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.text import LONGEST_CAPTION, Text, read_text
from adapters.telegram.emulator.values import Json
from adapters.telegram.emulator.world import World

_MEDIA = frozenset({"photo", "document"})


def send_document(world: World, params: Params) -> Json:
    return _send_file(world, params, "document")


def send_photo(world: World, params: Params) -> Json:
    return _send_file(world, params, "photo")


def edit_message_media(world: World, params: Params) -> Json:
    """Another file in place of a file or of a text."""
    given = params.value("media", dict)
    if not given:
        raise bad_request("message content is not specified")
    if given.get("type") not in _MEDIA:
        raise bad_request(f'can\'t parse InputMedia: wrong type "{given.get("type")}"')
    media = Params({**given, given["type"]: given.get("media")}, params.uploads)
    chat, message = editable(world, params)
    caption = _caption(world, media).with_found()
    changed = replace(
        message,
        text=caption.text,
        entities=caption.entities,
        media=_media(world, media, given["type"]),
        reply_markup=read_markup(params),
    )
    return edited(world, chat, message, changed)


def get_file(world: World, params: Params) -> Json:
    known = world.files.get(params.text("file_id"))
    if known is None:
        raise bad_request("invalid file_id")
    if len(known[1]) > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return known[0]


def _send_file(world: World, params: Params, kind: str) -> Json:
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    return post(world, params, chat, _caption(world, params), _media(world, params, kind))


def _caption(world: World, params: Params) -> Text:
    caption = read_text(world, params, name="caption", marks="caption_entities")
    if len(caption.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return caption


def _media(world: World, params: Params, kind: str) -> Json:
    """A new upload (by its own name or by `attach://name`), or a file the server already has."""
    given = params.text(kind)
    upload = params.uploads.get(given.removeprefix("attach://")) or params.uploads.get(kind)
    if upload is not None and not upload.content:
        raise bad_request("file must be non-empty")
    if upload is not None:
        size = check_picture(upload.content) if kind == "photo" else None
        return attachment(world, kind, upload.content, upload.filename, upload.content_type, size=size)
    known = world.files.get(given)
    if known is None:
        raise bad_request(
            f"there is no {kind} in the request" if not given else "wrong file identifier/HTTP URL specified"
        )
    return attachment(world, kind, known[1], "file.bin", "application/octet-stream")
