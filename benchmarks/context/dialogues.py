"""The dialogues of LoCoMo, and synthetic ones as people talk to assistants."""

import json
import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from bot.domain.context import MESSAGE_OVERHEAD
from bot.llm.tokens import build_encoding, count_with

Role = Literal["user", "assistant"]

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open", 4: "single-hop"}
"""Of questions, as LoCoMo's evaluation numbers them. The fifth asks for what was never said, and is left out."""

_BETWEEN = timedelta(seconds=45)
"""Between messages of a session: LoCoMo tells only when sessions begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`number` counts the messages of the dialogue, `tokens` is without overhead."""

    number: int
    role: Role
    text: str
    tokens: int
    at: datetime
    session: int = 0

    @property
    def cost(self) -> int:
        return self.tokens + MESSAGE_OVERHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`evidence` are the numbers of the messages from which it can be answered."""

    text: str
    tokens: int
    evidence: frozenset[int]
    category: int

    def message(self, dialogue: "Dialogue") -> Message:
        last = dialogue.messages[-1]
        at = last.at + timedelta(seconds=120)
        return Message(number=last.number + 1, role="user", text=self.text, tokens=self.tokens, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one side said until the other one answered, and the answer. The question may be empty."""

    asked: tuple[Message, ...]
    answered: tuple[Message, ...]

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(message.number for message in (*self.asked, *self.answered))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    name: str
    messages: Sequence[Message]
    questions: Sequence[Question] = ()

    @property
    def exchanges(self) -> list[Exchange]:
        found: list[Exchange] = []
        asked: list[Message] = []
        answered: list[Message] = []
        for message in self.messages:
            if message.role == "user" and answered:
                found.append(Exchange(asked=tuple(asked), answered=tuple(answered)))
                asked, answered = [], []
            (asked if message.role == "user" else answered).append(message)
        return [*found, Exchange(asked=tuple(asked), answered=tuple(answered))]

    def merged(self) -> "Dialogue":
        """Messages of one side in a row are one request, as a bot would see them."""
        merged: list[Message] = []
        for message in self.messages:
            if merged and (merged[-1].role, merged[-1].session) == (message.role, message.session):
                last = merged[-1]
                text, tokens = f"{last.text}\n{message.text}", last.tokens + message.tokens
                merged[-1] = replace(last, text=text, tokens=tokens, at=message.at)
            else:
                merged.append(replace(message, number=len(merged)))
        return replace(self, messages=merged)


class Tokens:
    def __init__(self) -> None:
        self._encoding = build_encoding()

    def __call__(self, text: str) -> int:
        return count_with(self._encoding, text)

    async def count(self, text: str) -> int:
        return self(text)


def locomo(path: Path, tokens: Tokens) -> list[Dialogue]:
    return [_dialogue(one, tokens) for one in json.loads(path.read_text())]


def _dialogue(raw: Mapping[str, Any], tokens: Tokens) -> Dialogue:
    talk = raw["conversation"]
    messages: list[Message] = []
    marks: dict[str, int] = {}
    sessions = sorted(int(name[8:]) for name in talk if re.fullmatch(r"session_\d+", name) and talk[name])
    for session in sessions:
        begins = datetime.strptime(talk[f"session_{session}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        for position, said in enumerate(talk[f"session_{session}"]):
            picture = f" [image: {said['blip_caption']}]" if said.get("blip_caption") else ""
            text = said["text"] + picture
            marks[said["dia_id"]] = len(messages)
            messages.append(
                Message(
                    number=len(messages),
                    role="user" if said["speaker"] == talk["speaker_a"] else "assistant",
                    text=text,
                    tokens=tokens(text),
                    at=begins + position * _BETWEEN,
                    session=session,
                )
            )
    questions = [_question(one, marks, tokens) for one in raw["qa"] if one["category"] in CATEGORIES]
    return Dialogue(name=raw["sample_id"], messages=messages, questions=[one for one in questions if one.evidence])


def _question(raw: Mapping[str, Any], marks: Mapping[str, int], tokens: Tokens) -> Question:
    # Some evidence is malformed: "D8:6; D9:17", "D:11:26", "D30:05".
    named = [f"D{a}:{int(b)}" for one in raw.get("evidence", ()) for a, b in re.findall(r"D:?(\d+):(\d+)", one)]
    evidence = frozenset(marks[one] for one in named if one in marks)
    text = raw["question"]
    return Question(text=text, tokens=tokens(text), evidence=evidence, category=raw["category"])


def assistants(count: int = 6, exchanges: int = 300) -> list[Dialogue]:
    """Talks without text: only lengths and pauses matter.

    Lengths as in LMSYS-Chat-1M (69.5 and 214.5 tokens on average), pauses as in the Mooncake trace of conversations
    (quartiles 66, 123 and 267 seconds), every eighth a pause of hours.
    """
    return [_assistant(number, exchanges) for number in range(count)]


def _assistant(seed: int, exchanges: int) -> Dialogue:
    chance = random.Random(1000 + seed)
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    messages: list[Message] = []
    for _ in range(exchanges):
        pause = min(1800.0, chance.lognormvariate(math.log(123), 1.05))
        at += timedelta(seconds=chance.uniform(3600, 86400) if chance.random() < 0.12 else pause)
        sides: tuple[tuple[Role, float, float], ...] = (("user", 69.5, 1.0), ("assistant", 214.5, 0.8))
        for role, mean, spread in sides:
            size = max(3, int(chance.lognormvariate(math.log(mean) - spread**2 / 2, spread)))
            messages.append(Message(number=len(messages), role=role, text="", tokens=size, at=at))
            at += timedelta(seconds=size / 60)
    return Dialogue(name=f"assistant-{seed}", messages=messages)
