"""An endpoint that keeps its limits, with code of its own, in virtual time."""

import asyncio
import math
import random
from collections import Counter
from dataclasses import dataclass

from bot.errors import UpstreamBusy

RPM, TPM, CONCURRENT = 60, 200_000, 10
WARM_UP = 300.0
"""Seconds until the buckets' first fill is used up and the queue is what it will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What people ask for: means of tokens and of seconds."""

    name: str
    think: float
    prompt: float
    output: float
    most: int = 2000
    speed: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    prompt: int
    most: int
    output: int
    lasts: float

    @classmethod
    def draw(cls, load: Load, dice: random.Random) -> "Question":
        output = min(load.most, 1 + round(dice.expovariate(1 / load.output)))
        prompt = round(load.prompt * dice.lognormvariate(-0.125, 0.5))  # its mean is 1
        return cls(prompt=prompt, most=load.most, output=output, lasts=0.5 + output / load.speed)


class Server:
    """Refills steadily. Charges prompt and `max_tokens` at the door and gives back what was not written."""

    def __init__(self) -> None:
        self._room = {"requests": float(RPM), "tokens": float(TPM)}
        self._at = now()
        self.busy = 0
        self.refusals: Counter[str] = Counter()
        self.served = 0
        self.tokens = 0
        self.seconds = 0.0

    def enter(self, question: Question) -> dict[str, str]:
        """Let a call in, with the headers of its answer; UpstreamBusy is the 429."""
        self._refill()
        promised = question.prompt + question.most
        if self.busy >= CONCURRENT:
            self._refuse("slots", 1.0)
        if self._room["requests"] < 1:
            self._refuse("requests", (1 - self._room["requests"]) * 60 / RPM)
        if self._room["tokens"] < promised:
            self._refuse("tokens", (promised - self._room["tokens"]) * 60 / TPM)
        self._room["requests"] -= 1
        self._room["tokens"] -= promised
        self.busy += 1
        return self._headers()

    def leave(self, question: Question) -> None:
        self._refill()
        self.busy -= 1
        self._room["tokens"] += question.most - question.output
        if now() > WARM_UP:
            self.served += 1
            self.tokens += question.prompt + question.output
            self.seconds += question.lasts

    def _refill(self) -> None:
        passed, self._at = now() - self._at, now()
        self._room["requests"] = min(RPM, self._room["requests"] + passed * RPM / 60)
        self._room["tokens"] = min(TPM, self._room["tokens"] + passed * TPM / 60)

    def _refuse(self, meter: str, wait: float) -> None:
        self.refusals[meter] += 1
        raise UpstreamBusy("429", retry_after=math.ceil(wait))

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for kind, limit in (("requests", RPM), ("tokens", TPM)):
            room = self._room[kind]
            headers[f"x-ratelimit-limit-{kind}"] = str(limit)
            headers[f"x-ratelimit-remaining-{kind}"] = str(int(room))
            headers[f"x-ratelimit-reset-{kind}"] = f"{math.ceil((limit - room) * 60_000 / limit)}ms"
        return headers


def now() -> float:
    return asyncio.get_running_loop().time()
