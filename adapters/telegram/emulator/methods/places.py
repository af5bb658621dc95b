"""Chats and files: getChat, getChatMember, leaveChat, sendDocument, sendPhoto, getFile."""

from adapters.telegram.emulator.files import LARGEST_DOWNLOAD, attachment
from adapters.telegram.emulator.methods.messages import post
from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.payloads import member_payload
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.text import LONGEST_CAPTION, read_text
from adapters.telegram.emulator.values import Json
from adapters.telegram.emulator.world import World


def get_chat(world: World, params: Params) -> Json:
    chat = world.chat(params.raw.get("chat_id"))
    fixed = {"accent_color_id": 0, "max_reaction_count": 11}
    return {**chat.payload(), **fixed, "accepted_gift_types": dict.fromkeys(_GIFTS, False)}


_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def get_chat_member(world: World, params: Params) -> Json:
    chat = world.chat(params.raw.get("chat_id"))
    user = world.user(params.count("user_id"))
    if user is None:
        raise bad_request("invalid user_id specified")
    if user.id == world.bot.id:
        return member_payload(user, chat.bot_status)
    if user.id not in chat.members:
        return member_payload(user, "left")
    return member_payload(user, "administrator" if user.id in chat.admins else "member")


def leave_chat(world: World, params: Params) -> bool:
    chat = world.chat(params.raw.get("chat_id"))
    if chat.private:
        raise bad_request("chat is not a group")
    chat.require_writable()
    world.set_bot_status(chat, "left", world.bot)
    return True


def send_document(world: World, params: Params) -> Json:
    return _send_file(world, params, "document")


def send_photo(world: World, params: Params) -> Json:
    return _send_file(world, params, "photo")


def get_file(world: World, params: Params) -> Json:
    known = world.files.get(params.text("file_id"))
    if known is None:
        raise bad_request("invalid file_id")
    if len(known[1]) > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return known[0]


def _send_file(world: World, params: Params, kind: str) -> Json:
    caption = read_text(world, params, name="caption", marks="caption_entities")
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    if len(caption.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return post(world, params, chat, caption, _media(world, params, kind))


def _media(world: World, params: Params, kind: str) -> Json:
    """A new upload (by its own name or by `attach://name`), or a file the server already has."""
    given = params.text(kind)
    upload = params.uploads.get(given.removeprefix("attach://")) or params.uploads.get(kind)
    if upload is not None and not upload.content:
        raise bad_request("file must be non-empty")
    if upload is not None:
        return attachment(world, kind, upload.content, upload.filename, upload.content_type)
    known = world.files.get(given)
    if known is None:
        raise bad_request(
            f"there is no {kind} in the request" if not given else "wrong file identifier/HTTP URL specified"
        )
    return attachment(world, kind, known[1], "file.bin", "application/octet-stream")
