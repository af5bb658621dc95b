"""Tokens: how many a text has, and how many of a prompt the vendor has seen before."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from hashlib import blake2b

from bot.llm.emulator.images import image_tokens
from bot.llm.emulator.requests import ChatRequest, Message, text_of

Counter = Callable[[str], int]

#: Chat overhead of OpenAI's models: 3 a message, 1 for a name, 3 to prime the answer.
PER_MESSAGE, PER_NAME, PRIMING = 3, 1, 3
#: https://platform.openai.com/docs/guides/prompt-caching: from 1,024 tokens, in steps of 128.
CACHE_FROM, CACHE_STEP = 1024, 128
#: One step of the prefix in bytes, at four bytes a token.
BLOCK = 4 * CACHE_STEP


def quarter_bytes(text: str) -> int:
    """The default count, ceil(UTF-8 bytes / 4): cheap and the same everywhere; no real tokenizer."""
    return (len(text.encode()) + 3) // 4


def prompt_tokens(request: ChatRequest, count: Counter) -> int:
    return PRIMING + sum(_message_tokens(message, count) for message in request.messages)


def _message_tokens(message: Message, count: Counter) -> int:
    named = PER_NAME if message.get("name") else 0
    return PER_MESSAGE + named + count(text_of(message)) + image_tokens(message)


class PrefixCache:
    """Remembers the prefixes of prompts, as the vendor's prompt cache does. Bounded; the oldest go first."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._capacity = capacity

    def match(self, request: ChatRequest, count: Counter) -> int:
        """How many tokens of this prompt an earlier one began with; remembers this prompt."""
        prompt = _serialised(request)
        blocks = list(_digests(request.model, prompt))
        known = next((i for i, digest in enumerate(blocks) if digest not in self._seen), len(blocks))
        self._remember(blocks)
        tokens = count(prompt[: known * BLOCK].decode(errors="ignore"))
        return tokens // CACHE_STEP * CACHE_STEP if tokens >= CACHE_FROM else 0

    def _remember(self, digests: list[bytes]) -> None:
        for digest in digests:
            self._seen[digest] = None
            self._seen.move_to_end(digest)
        while len(self._seen) > self._capacity:
            self._seen.popitem(last=False)


def _serialised(request: ChatRequest) -> bytes:
    return "".join(f"{message.get('role')}\0{text_of(message)}\0" for message in request.messages).encode()


def _digests(model: str, prompt: bytes) -> Iterator[bytes]:
    """One digest per whole block, each over everything before it."""
    running = blake2b(model.encode(), digest_size=16)
    for start in range(0, len(prompt) - BLOCK + 1, BLOCK):
        running.update(prompt[start : start + BLOCK])
        yield running.digest()
