"""One answer, streamed from an OpenAI-compatible endpoint."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from json import JSONDecodeError

import openai

from bot.domain.completions import Call, FinishReason, Lost, Prompt, Usage
from bot.errors import CompletionRefused, ModelError, StreamInterrupted, UpstreamDown, UpstreamMisconfigured
from bot.llm.chunks import Chunk, read_chunk, read_usage
from bot.llm.dialect import Dialect
from bot.llm.errors import translate
from bot.llm.events import read_events
from bot.llm.watchdog import Watchdog
from bot.ports import Clock

Stream = openai.AsyncStream[object]
#: What reading a stream can raise. The SDK lets a malformed frame's JSONDecodeError pass as it is.
BROKEN = (openai.OpenAIError, JSONDecodeError, UnicodeDecodeError, TimeoutError)
CHARACTERS = 4
"""Of a token, about."""
WRONG_ADDRESS = "check OPENAI_BASE_URL: what answers there is no OpenAI-compatible API"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Patience, in seconds. `first` runs from the request to the first event, `between` from event to event."""

    connect: float = 5.0
    first: float = 60.0
    between: float = 30.0
    total: float = 600.0
    #: After the finish reason only usage and the end are missing; nobody waits long for those.
    farewell: float = 2.0


class StreamedCompletion:
    """The Completion port. Iterate once; leaving early needs `aclose`."""

    def __init__(
        self, *, client: openai.AsyncOpenAI, dialect: Dialect, prompt: Prompt, clock: Clock, timeouts: Timeouts
    ) -> None:
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = ""
        self.service_tier: str | None = None
        self.headers: Mapping[str, str] = {}
        self.call: Call | None = None
        self.lost: tuple[Lost, ...] = ()
        self._client = client
        self._dialect = dialect
        self._prompt = prompt
        self._clock = clock
        self._timeouts = timeouts
        self._stream: Stream | None = None
        self._begun = False
        self._refused = False
        self._chunks = 0
        self._characters = 0
        self._unsaid = 0

    @property
    def thought(self) -> int:
        return self._unsaid // CHARACTERS

    @property
    def spent(self) -> Usage | None:
        """What an attempt that broke off has cost, None if the server had not begun to answer: what was not begun is
        hardly charged for.
        """
        if self.usage is not None or not self._begun:
            return self.usage
        written = self._characters // CHARACTERS + self.thought
        return Usage(input=self._prompt.tokens, output=written, estimated=True)

    def __aiter__(self) -> AsyncIterator[str]:
        return self._pieces()

    async def aclose(self) -> None:
        """Drop the connection, which makes the server stop."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    async def _pieces(self) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._timeouts.total
        wait = self._timeouts.first
        watchdog = Watchdog()
        try:
            async with aclosing(read_events((await self._open()).response, self._flows)) as blocks:
                while (block := await self._next(blocks, watchdog, min(loop.time() + wait, ends))) is not None:
                    for text in self._texts(block):
                        yield text
                    if self._overran():
                        break
                    wait = self._timeouts.farewell if self.finish_reason else self._timeouts.between
            self._conclude()
        finally:
            watchdog.close()
            await self.aclose()

    async def _open(self) -> Stream:
        try:
            async with asyncio.timeout(self._timeouts.first):
                self._stream = await self._ask()
        except BROKEN as error:
            # The cause would carry the server's wording, which may show parts of a key, into tracebacks.
            raise translate(error, self._clock.now()) from None
        self.headers = self._stream.response.headers
        return self._stream

    async def _ask(self) -> Stream:
        """Send the request, again at once when the endpoint only minds an optional parameter."""
        while True:
            body = self._dialect.body(self._prompt)
            try:
                return await self._post(body)
            except openai.APIStatusError as error:
                problem = error.body if isinstance(error.body, dict) else {"message": error.message}
                mendable = error.status_code in {400, 422}
                if not mendable or not self._dialect.learn(self._prompt.card, problem, body):
                    raise

    async def _post(self, body: Mapping[str, object]) -> Stream:
        # Plain objects instead of typed chunks: 80-100 µs a chunk instead of 230-300.
        return await self._client.post(
            "/chat/completions",
            body=body,
            cast_to=object,
            stream=True,
            stream_cls=Stream,
        )

    async def _next(
        self, blocks: AsyncIterator[Iterator[object]], watchdog: Watchdog, deadline: float
    ) -> Iterator[object] | None:
        """What has come, None at the end."""
        try:
            return await watchdog.guard(anext(blocks), deadline)
        except StopAsyncIteration:
            return None
        except BROKEN as error:
            self._fail(error)
            return None

    def _texts(self, block: Iterator[object]) -> Iterator[str]:
        """What is said in a block, word by word."""
        try:
            for event in block:
                if text := self._note(read_chunk(event)):
                    yield text
                    if self._overran():
                        return
        except BROKEN as error:
            self._fail(error)

    def _flows(self) -> bool:
        """Whether the answer is under way."""
        return self._chunks > 0 and self.finish_reason is None

    def _fail(self, error: Exception) -> None:
        """Does nothing if the answer is complete, whatever happens to the connection now."""
        if self.finish_reason is None:
            raise self._broken(translate(error, self._clock.now())) from None

    def _note(self, chunk: Chunk) -> str:
        self._begun = True
        self._unsaid += chunk.unsaid
        # What is refused is read to its end: the bill comes there.
        self._refused |= chunk.refused
        if chunk.text:
            self._chunks += 1
            self._characters += len(chunk.text)
        if chunk.usage is not None:
            # The last one counts: Gemini's grow from chunk to chunk.
            self.usage = read_usage(chunk.usage, self._prompt.tokens) or self.usage
        self.finish_reason = chunk.finish or self.finish_reason
        self.model = chunk.model or self.model
        self.service_tier = chunk.service_tier or self.service_tier
        return chunk.text

    def _broken(self, error: ModelError) -> ModelError:
        return StreamInterrupted(str(error)) if self._chunks else error

    def _conclude(self) -> None:
        """A stream that merely ends is no answer: neither the SDK nor HTTP tells a cut from an end."""
        if self._refused:
            self.finish_reason = "content_filter"
        if self.finish_reason is None:
            raise self._broken(self._nothing())
        if self.finish_reason == "content_filter" and not self._chunks:
            raise CompletionRefused("the model or a filter refused")
        if self._chunks and self.usage is not None and self.usage.output == 0:
            self.usage = None  # some local servers report zeros

    def _nothing(self) -> ModelError:
        kind = self._stream.response.headers.get("content-type", "") if self._stream else ""
        if kind.startswith("text/html"):
            return UpstreamMisconfigured(f"answered with {kind}", hint=WRONG_ADDRESS)
        return UpstreamDown("the stream ended without a finish reason")

    def _overran(self) -> bool:
        """Whether the server ignores the output limit, as llama-cpp-python does: a chunk is a token or more,
        and the second condition spares servers that send single characters.
        """
        room = self._prompt.answer_room
        if self._chunks <= room or self._characters <= 2 * room:
            return False
        self.finish_reason = "length"
        return True
