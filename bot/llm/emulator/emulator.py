"""The model emulator: an OpenAI-compatible HTTP server on this machine.

Serves `POST /v1/chat/completions`, `GET /v1/models`, `POST /v1/moderations`, `POST /v1/audio/transcriptions`,
`/v1/files` and `/v1/batches` with scripted answers. Tests and benchmarks inject faults; `parley demo` lets it play the
model.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.llm.emulator import answers, checks, replies
from bot.llm.emulator.batches import BatchDesk
from bot.llm.emulator.cards import DEFAULT_CARD, Card, Limits, Pace
from bot.llm.emulator.counting import Counter, PrefixCache, prompt_tokens, quarter_bytes
from bot.llm.emulator.draft import Draft, draft
from bot.llm.emulator.faults import Fault, Faults
from bot.llm.emulator.hearing import HearingDesk
from bot.llm.emulator.images import check_images
from bot.llm.emulator.limits import Gate
from bot.llm.emulator.moderation import moderate, texts_of
from bot.llm.emulator.play import Player
from bot.llm.emulator.replies import Reply
from bot.llm.emulator.requests import ChatRequest, Exchange
from bot.llm.emulator.wire import Envelope, Frame, Steps

Answer = Callable[[ChatRequest], str]
MAX_BODY = 64 * 1024 * 1024


@dataclass(slots=True, kw_only=True, eq=False)
class ModelEmulator:
    """Use as `async with ModelEmulator() as model`, then point a client at `model.url`.

    `answer`, `pace` and `faults` may be changed while it runs; `requests` holds every chat request received.
    `port` 0 takes a free one. `key` `None` accepts any key. `count` counts the tokens of a text. `batched` holds the
    requests that came in batches, which meet `faults` too; `desk.pace` says how long a batch takes.
    """

    models: tuple[Card, ...] = (DEFAULT_CARD,)
    pace: Pace = field(default_factory=Pace)
    key: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    answer: Answer = answers.scripted
    count: Counter = quarter_bytes
    host: str = "127.0.0.1"
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    requests: list[Exchange] = field(default_factory=list)
    batched: list[Exchange] = field(default_factory=list)
    desk: BatchDesk = field(init=False)
    hearing: HearingDesk = field(default_factory=HearingDesk)
    moderations: list[Any] = field(default_factory=list)
    moderation_faults: Faults = field(default_factory=Faults)
    _cache: PrefixCache = field(default_factory=PrefixCache, init=False)
    _gate: Gate = field(init=False)
    _runner: web.AppRunner = field(init=False)
    _served: int = field(default=0, init=False)

    async def __aenter__(self) -> Self:
        self._gate = Gate(self.limits, time.monotonic)
        self.desk = BatchDesk(self._complete_batched)
        # With cancellation a handler learns at once that its client hung up, even when it sends nothing.
        self._runner = web.AppRunner(self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """What a client is given as its base URL."""
        return f"http://{self.host}:{self.port}/v1"

    async def until(self, condition: Callable[[], object], timeout: float = 20.0) -> None:  # noqa: ASYNC109
        """Wait until the condition holds. Raises `TimeoutError` after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while not condition():  # noqa: ASYNC110 - a condition may look anywhere, no event covers it
                await asyncio.sleep(0.005)

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/moderations", self._moderate)
        app.router.add_post("/v1/audio/transcriptions", self._admitted(self.hearing.transcribe))
        app.router.add_post("/v1/files", self._admitted(self.desk.upload))
        app.router.add_get("/v1/files/{id}/content", self._admitted(self.desk.content))
        app.router.add_post("/v1/batches", self._admitted(self.desk.create))
        app.router.add_get("/v1/batches", self._admitted(self.desk.listed))
        app.router.add_get("/v1/batches/{id}", self._admitted(self.desk.retrieve))
        app.router.add_post("/v1/batches/{id}/cancel", self._admitted(self.desk.cancel))
        app.router.add_route("*", "/{rest:.*}", self._lost)
        return app

    def _admitted(
        self, answer: Callable[[web.Request], Awaitable[Reply]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(http: web.Request) -> web.Response:
            return self._respond(self._admit(http) or await answer(http))

        return handle

    async def _complete(self, http: web.Request) -> web.StreamResponse:
        body = self._admit(http) or checks.read_body(await http.read())
        if isinstance(body, Reply):
            return self._respond(body)
        exchange = Exchange(request=ChatRequest.read(body))
        self.requests.append(exchange)
        fault = self.faults.take(exchange.request)
        refusal = (fault.reply if fault else None) or self._refuse(exchange)
        if refusal is not None:
            return self._turn_away(exchange, refusal)
        return await self._serve(http, exchange, self._plan(exchange, fault))

    def _admit(self, http: web.Request) -> Reply | None:
        if self.key is None or http.headers.get("Authorization") == f"Bearer {self.key}":
            return None
        return replies.wrong_key()

    def _refuse(self, exchange: Exchange) -> Reply | None:
        """Everything the vendor checks first; charges the rate limits last."""
        return self._object(exchange) or self._gate.refuse(exchange.request.model, exchange.prompt_tokens)

    def _object(self, exchange: Exchange) -> Reply | None:
        request = exchange.request
        if refusal := checks.check_shape(request.body):
            return refusal
        card = self._card(request.model)
        if card is None:
            return replies.unknown_model(request.model)
        if refusal := check_images(request, card):
            return refusal
        exchange.prompt_tokens = prompt_tokens(request, self.count)
        return checks.check_options(request.body, card) or checks.check_window(request, card, exchange.prompt_tokens)

    def _card(self, name: str) -> Card | None:
        return next((card for card in self.models if card.name == name), None)

    def _turn_away(self, exchange: Exchange, reply: Reply) -> web.Response:
        exchange.state, exchange.status, exchange.error = "refused", reply.status, reply.reason
        return self._respond(reply)

    def _plan(self, exchange: Exchange, fault: Fault | None) -> Steps:
        request = exchange.request
        card = self._card(request.model) or DEFAULT_CARD
        exchange.cached_tokens = self._cache.match(request, self.count)
        limit = checks.output_limit(request, card, exchange.prompt_tokens)
        answer = draft(self.answer(request), self.count, limit)
        if fault is not None:
            answer = fault.redraft(answer)
        steps = self._encode(exchange, answer, card)
        return fault.rewire(steps) if fault is not None else steps

    def _encode(self, exchange: Exchange, answer: Draft, card: Card) -> Steps:
        envelope = Envelope(
            request=exchange.request,
            id=f"chatcmpl-emulator{len(self.requests):06d}",
            created=int(time.time()),
            bill=exchange.usage,
            tells_usage="stream_options" not in card.ignores,
        )
        return envelope.stream(answer) if exchange.request.stream else envelope.whole(answer)

    async def _serve(self, http: web.Request, exchange: Exchange, steps: Steps) -> web.StreamResponse:
        player = Player(http=http, exchange=exchange, pace=self.pace, headers=self._headers())
        try:
            return await player.play(steps)
        except (asyncio.CancelledError, ConnectionError):
            if exchange.state != "cut":
                exchange.state = "cancelled"
            raise

    def _complete_batched(self, body: Mapping[str, Any]) -> Reply:
        """One request of a batch: what a call would be answered, without its pace and beside its rate limits."""
        exchange = Exchange(request=ChatRequest.read(body))
        self.batched.append(exchange)
        fault = self.faults.take(exchange.request)
        refusal = (fault.reply if fault else None) or self._object(exchange)
        if refusal is not None:
            exchange.state, exchange.status, exchange.error = "refused", refusal.status, refusal.reason
            return refusal
        frames = [step for step in self._plan(exchange, fault) if isinstance(step, Frame)]
        pieces = [frame.piece for frame in frames if frame.piece is not None]
        exchange.pieces = [piece.text for piece in pieces]
        exchange.completion_tokens = sum(piece.tokens for piece in pieces)
        exchange.state = "finished"
        return Reply(status=200, body=b"".join(frame.payload for frame in frames))

    async def _list_models(self, http: web.Request) -> web.Response:
        if refusal := self._admit(http):
            return self._respond(refusal)
        return self._json({"object": "list", "data": [_listed(card) for card in self.models]})

    async def _moderate(self, http: web.Request) -> web.Response:
        body = self._admit(http) or checks.read_body(await http.read())
        if isinstance(body, Reply):
            return self._respond(body)
        self.moderations.append(body)
        fault = self.moderation_faults.take(ChatRequest.read(body))
        if fault is not None and fault.reply is not None:
            return self._respond(fault.reply)
        return self._json(moderate(texts_of(body.get("input")), len(self.moderations)))

    async def _lost(self, http: web.Request) -> web.Response:
        return self._respond(replies.unknown_url(http.method, http.path))

    def _json(self, body: object) -> web.Response:
        return self._respond(Reply(status=200, body=json.dumps(body, indent=2).encode()))

    def _respond(self, reply: Reply) -> web.Response:
        headers = self._headers() | {"Content-Type": reply.content_type} | dict(reply.headers)
        return web.Response(status=reply.status, body=reply.body, headers=headers)

    def _headers(self) -> dict[str, str]:
        self._served += 1
        numbered = {"x-request-id": f"req_{self._served:032x}", "openai-version": "2020-10-01"}
        return numbered | self._gate.headers()


def _listed(card: Card) -> dict[str, Any]:
    """As vLLM lists its models: with the window, which OpenAI leaves out."""
    return {
        "id": card.name,
        "object": "model",
        "created": 1_700_000_000,
        "owned_by": "emulator",
        "max_model_len": card.window,
    }
