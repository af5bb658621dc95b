"""Privacy mode: what a bot in a group gets to read (core.telegram.org/bots/features#privacy-mode)."""

from adapters.telegram.emulator.chats import Chat
from adapters.telegram.emulator.entities import covered
from adapters.telegram.emulator.values import Message, User


def visible_to_bot(chat: Chat, message: Message, bot: User) -> bool:
    """Service messages, replies to the bot, commands for it or for nobody in particular, and its mentions."""
    if message.service:
        return True
    replied = chat.messages.get(message.reply_to) if message.reply_to is not None else None
    if replied is not None and replied.sender.id == bot.id:
        return True
    return any(_addresses(message.text, entity, bot) for entity in message.entities)


def _addresses(text: str, entity: dict[str, object], bot: User) -> bool:
    name = f"@{bot.username}".lower()
    if entity["type"] == "mention":
        return covered(text, entity).lower() == name
    if entity["type"] == "bot_command":
        command = covered(text, entity).lower()
        return "@" not in command or command.endswith(name)
    if entity["type"] == "text_mention":
        return entity["user"] == bot.payload()
    return False
