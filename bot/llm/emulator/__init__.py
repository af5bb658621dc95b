"""An OpenAI-compatible server of our own: scripted answers, real usage, and every fault we know."""

from bot.llm.emulator import refusals, twists
from bot.llm.emulator.batches import BatchPace
from bot.llm.emulator.cards import Card, Limits, Pace
from bot.llm.emulator.emulator import ModelEmulator
from bot.llm.emulator.faults import Fault, Faults
from bot.llm.emulator.requests import ChatRequest, Exchange, Usage

__all__ = [
    "BatchPace",
    "Card",
    "ChatRequest",
    "Exchange",
    "Fault",
    "Faults",
    "Limits",
    "ModelEmulator",
    "Pace",
    "Usage",
    "refusals",
    "twists",
]
