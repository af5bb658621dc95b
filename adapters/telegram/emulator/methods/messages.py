"""Messages: sendMessage, drafts, edits, deletions."""

from dataclasses import replace

from adapters.telegram.emulator.chats import Chat
from adapters.telegram.emulator.keyboards import read_markup
from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.payloads import message_payload
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.text import LONGEST_TEXT, Text, read_text, require_sendable
from adapters.telegram.emulator.values import Draft, Json, Message
from adapters.telegram.emulator.world import World

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as "
    "a current content and reply markup of the message"
)
# A bot may delete its own messages, and others' in private chats, for two days. Seconds.
DELETABLE = 48 * 3600


def send_message(world: World, params: Params) -> Json:
    if not params.text("text"):
        raise bad_request("message text is empty")
    text = read_text(world, params)
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    if not text.text:
        raise bad_request("text must be non-empty")
    require_sendable(text.text)
    return post(world, params, chat, text)


def post(world: World, params: Params, chat: Chat, text: Text, media: Json | None = None) -> Json:
    """What all ways of sending share: thread, reply, markup, flood control, and the message itself."""
    markup = read_markup(params)
    replied = _replied(chat, params)
    thread = chat.require_thread(params.number("message_thread_id"))
    if thread is None and replied is not None:
        thread = chat.messages[replied].thread_id
    world.flood.charge_message(chat.id, private=chat.private)
    text = text.with_found()
    message = Message(
        id=world.next_id(chat),
        chat_id=chat.id,
        sender=world.bot,
        date=world.now(),
        text=text.text,
        entities=text.entities,
        reply_to=replied,
        thread_id=thread,
        reply_markup=markup,
        media=media or {},
    )
    return message_payload(chat, world.post(chat, message))


def send_message_draft(world: World, params: Params) -> bool:
    world.require_version(9, 3)
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    if not chat.private:
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    draft_id = params.count("draft_id")
    if draft_id == 0:
        raise bad_request("draft_id must be non-zero")
    text = read_text(world, params)
    if not text.text and world.bot_api < (10, 0):
        raise bad_request("message text is empty")
    if len(text.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    # Parameters that a server does not know it passes over.
    stoppable = world.bot_api >= (10, 3)
    thread = chat.require_thread(params.number("message_thread_id"))
    world.flood.charge_draft(chat.id)
    draft = Draft(
        id=draft_id,
        text=text.text,
        entities=text.entities,
        until=world.clock() + world.lifetimes.draft,
        can_stop=stoppable and params.flag("can_stop"),
        keep_on_stop=stoppable and params.flag("keep_on_stop"),
    )
    world.show_draft(chat, thread, draft)
    return True


def edit_message_text(world: World, params: Params) -> Json:
    if not params.text("text"):
        raise bad_request("message text is empty")
    text = read_text(world, params)
    chat, message = editable(world, params)
    if message.service or message.media.keys() - {"rich_message"}:
        raise bad_request("there is no text in the message to edit")
    if not text.text:
        raise bad_request("text must be non-empty")
    if len(text.text) > LONGEST_TEXT:
        # Not the words of sendMessage: this one comes from Telegram's servers, not from TDLib.
        raise bad_request("MESSAGE_TOO_LONG")
    text = text.with_found()
    changed = replace(message, text=text.text, entities=text.entities, media={}, reply_markup=read_markup(params))
    return edited(world, chat, message, changed)


def edit_message_reply_markup(world: World, params: Params) -> Json:
    chat, message = editable(world, params)
    return edited(world, chat, message, replace(message, reply_markup=read_markup(params)))


def edit_message_caption(world: World, params: Params) -> Json:
    text = read_text(world, params, name="caption", marks="caption_entities")
    chat, message = editable(world, params)
    if not message.media:
        raise bad_request("there is no caption in the message to edit")
    text = text.with_found()
    changed = replace(message, text=text.text, entities=text.entities, reply_markup=read_markup(params))
    return edited(world, chat, message, changed)


def delete_message(world: World, params: Params) -> bool:
    chat = world.chat(params.raw.get("chat_id"))
    message = chat.messages.get(params.count("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    own = message.sender.id == world.bot.id
    allowed = own or chat.private or chat.bot_status == "administrator"
    if not allowed or world.now() - message.date > DELETABLE:
        raise bad_request("message can't be deleted")
    world.delete(chat, message.id)
    return True


def delete_messages(world: World, params: Params) -> bool:
    chat = world.chat(params.raw.get("chat_id"))
    for message_id in params.value("message_ids", list) or []:
        if message_id in chat.messages:
            world.delete(chat, message_id)
    return True


def set_message_reaction(world: World, params: Params) -> bool:
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    message = chat.messages.get(params.count("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    reactions = params.value("reaction", list) or []
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(one.get("type") == "emoji" and one.get("emoji") not in REACTIONS for one in reactions):
        raise bad_request("REACTION_INVALID")
    world.react(chat, message, world.bot, tuple(reactions))
    return True


# Not the whole list of core.telegram.org/bots/api#reactiontypeemoji, but those a bot is likely to use.
REACTIONS = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
)


def editable(world: World, params: Params) -> tuple[Chat, Message]:
    """The message an edit names.

    Raises:
        ApiError: 400, there is none, or it is not the bot's.
    """
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    message = chat.messages.get(params.count("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender.id != world.bot.id:
        raise bad_request("message can't be edited")
    return chat, message


def edited(world: World, chat: Chat, message: Message, changed: Message) -> Json:
    """What all edits share: something must change, and it is paid for."""
    if changed == message:
        raise bad_request(NOT_MODIFIED)
    world.flood.charge_message(chat.id, private=chat.private)
    changed = replace(changed, edited=world.now())
    return message_payload(chat, world.change(chat, changed))


def _replied(chat: Chat, params: Params) -> int | None:
    """The message replied to: `reply_parameters`, or the older `reply_to_message_id`."""
    reply: Json = params.value("reply_parameters", dict) or {}
    wanted = reply.get("message_id") or params.number("reply_to_message_id")
    if not wanted:
        return None
    if wanted in chat.messages:
        return int(wanted)
    if reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")
