"""Bot API objects out of what is stored."""

from adapters.telegram.emulator.chats import Chat
from adapters.telegram.emulator.values import Json, Message, User


def message_payload(chat: Chat, message: Message, *, with_reply: bool = True) -> Json:
    """A Bot API Message. The replied-to message is nested once, without its own reply."""
    body: Json = {"message_id": message.id, "chat": chat.payload(), "date": message.date}
    # Posts of a channel are the channel's: nobody is told who wrote them.
    body |= {"sender_chat": chat.payload()} if chat.kind == "channel" else {"from": message.sender.payload()}
    if message.edited is not None:
        body["edit_date"] = message.edited
    if message.thread_id is not None:
        body |= {"message_thread_id": message.thread_id, "is_topic_message": True}
    # What answers nothing else in a topic "answers" the service message that opened it.
    about = message.reply_to if message.reply_to is not None else message.thread_id
    replied = chat.messages.get(about) if about not in (None, message.id) else None
    if replied is not None and with_reply:
        body["reply_to_message"] = message_payload(chat, replied, with_reply=False)
    body |= message.more
    body |= _content(message)
    if "inline_keyboard" in (message.reply_markup or {}):
        body["reply_markup"] = message.reply_markup
    return body


def _content(message: Message) -> Json:
    if message.service:
        return message.service
    text, marks = ("caption", "caption_entities") if message.media else ("text", "entities")
    body: Json = dict(message.media)
    if message.text:
        body[text] = message.text
    if message.entities:
        body[marks] = list(message.entities)
    return body


def member_payload(user: User, status: str) -> Json:
    """A ChatMember; the fields the Bot API requires for each status."""
    body: Json = {"user": user.payload(), "status": status}
    if status == "kicked":
        body["until_date"] = 0
    if status == "administrator":
        body |= dict.fromkeys(_RIGHTS, False) | {"can_be_edited": False, "can_manage_chat": True}
    if status == "creator":
        body["is_anonymous"] = False
    return body


_RIGHTS = (
    "is_anonymous",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
