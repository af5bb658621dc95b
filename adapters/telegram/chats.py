"""What chats have beside messages: topics with names, and people who run them."""

import structlog
from telegram import Bot
from telegram import error as sdk

from bot.domain.people import Identity
from bot.domain.updates import Place

_LONGEST_TOPIC = 128

log = structlog.get_logger(__name__)


async def rename_topic(bot: Bot, place: Place, title: str) -> None:
    """Only in private: topics of a group belong to those who may rename them there. Never raises."""
    if not (place.private and place.thread):
        return
    try:
        await bot.edit_forum_topic(int(place.chat), int(place.thread), title[:_LONGEST_TOPIC])
    except sdk.TelegramError as error:
        log.debug("A topic was not renamed", chat=place.chat, reason=type(error).__name__)


async def presides(bot: Bot, who: Identity, place: Place) -> bool:
    """Whether somebody created the group or is an admin of it. Those who speak anonymously are the group itself."""
    if who.user == place.chat:
        return True
    try:
        member = await bot.get_chat_member(int(place.chat), int(who.user))
    except sdk.TelegramError as error:
        log.warning("Telegram does not say who is an admin", chat=place.chat, reason=str(error))
        return False
    return member.status in {"administrator", "creator"}
