"""Every method the emulator knows, under its lower-case name."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from adapters.telegram.emulator.methods import attachments, bot, delivery, messages, places, rich
from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.world import World

Method = Callable[[World, Params], Any | Awaitable[Any]]

METHODS: Mapping[str, tuple[str, Method]] = MappingProxyType(
    {
        name.lower(): (name, method)
        for name, method in (
            ("getMe", bot.get_me),
            ("logOut", bot.log_out),
            ("close", bot.log_out),
            ("sendChatAction", bot.send_chat_action),
            ("answerCallbackQuery", bot.answer_callback_query),
            ("setMyCommands", bot.set_my_commands),
            ("getMyCommands", bot.get_my_commands),
            ("deleteMyCommands", bot.delete_my_commands),
            ("getUpdates", delivery.get_updates),
            ("setWebhook", delivery.set_webhook),
            ("deleteWebhook", delivery.delete_webhook),
            ("getWebhookInfo", delivery.get_webhook_info),
            ("sendMessage", messages.send_message),
            ("sendRichMessage", rich.send_rich_message),
            ("sendMessageDraft", messages.send_message_draft),
            ("editMessageText", rich.edit_text),
            ("editMessageMedia", attachments.edit_message_media),
            ("editMessageCaption", messages.edit_message_caption),
            ("editMessageReplyMarkup", messages.edit_message_reply_markup),
            ("deleteMessage", messages.delete_message),
            ("deleteMessages", messages.delete_messages),
            ("setMessageReaction", messages.set_message_reaction),
            ("sendDocument", attachments.send_document),
            ("sendPhoto", attachments.send_photo),
            ("getFile", attachments.get_file),
            ("getChat", places.get_chat),
            ("getChatMember", places.get_chat_member),
            ("editForumTopic", places.edit_forum_topic),
            ("leaveChat", places.leave_chat),
        )
    }
)
