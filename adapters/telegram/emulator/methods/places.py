"""Chats: getChat, getChatMember, editForumTopic, leaveChat."""

from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.payloads import member_payload
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.values import Json
from adapters.telegram.emulator.world import World

LONGEST_TOPIC = 128


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


def edit_forum_topic(world: World, params: Params) -> bool:
    """In a private chat every topic is the bot's to rename; in a forum an admin's, or that of who made it."""
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    if not chat.private and not chat.forum:
        raise bad_request("the chat is not a forum")
    thread = params.count("message_thread_id")
    if thread not in chat.topics:
        raise bad_request("TOPIC_ID_INVALID")
    if not chat.private and chat.bot_status != "administrator":
        raise bad_request("not enough rights to manage topics")
    name = params.text("name").strip()
    if not name or len(name) > LONGEST_TOPIC:
        raise bad_request("TOPIC_TITLE_INVALID")
    if name == chat.topics[thread]:
        raise bad_request("TOPIC_NOT_MODIFIED")
    world.rename_topic(chat, thread, name, world.bot)
    return True


def leave_chat(world: World, params: Params) -> bool:
    chat = world.chat(params.raw.get("chat_id"))
    if chat.private:
        raise bad_request("chat is not a group")
    chat.require_writable()
    world.set_bot_status(chat, "left", world.bot)
    return True
