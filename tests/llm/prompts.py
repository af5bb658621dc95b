"""Prompts for tests."""

from bot.domain.completions import Prompt, PromptMessage
from bot.domain.models import Chain, ModelCard


def chain(*cards: ModelCard) -> Chain:
    return Chain(name="default", cards=cards)


def card(name: str = "scripted-1", *, endpoint: str = "main", window: int = 128_000) -> ModelCard:
    return ModelCard(endpoint=endpoint, name=name, known_as=name, window=window)


def prompt(name: str = "scripted-1", *said: str, tokens: int = 10, room: int = 100) -> Prompt:
    messages = tuple(PromptMessage(role="user", text=text) for text in said or ("hello",))
    return Prompt(chain=chain(card(name)), messages=messages, tokens=tokens, answer_room=room)
