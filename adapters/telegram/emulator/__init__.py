"""A faithful fake of the Telegram Bot API server, over real HTTP, with people to write to the bot."""

from adapters.telegram.emulator.chats import Chat
from adapters.telegram.emulator.faults import Fault
from adapters.telegram.emulator.limits import Limits, Rate
from adapters.telegram.emulator.people import AttachmentKind, Person
from adapters.telegram.emulator.telegram import TelegramEmulator
from adapters.telegram.emulator.values import Call, Draft, Event, Lifetimes, Message, User

__all__ = [
    "AttachmentKind",
    "Call",
    "Chat",
    "Draft",
    "Event",
    "Fault",
    "Lifetimes",
    "Limits",
    "Message",
    "Person",
    "Rate",
    "TelegramEmulator",
    "User",
]
