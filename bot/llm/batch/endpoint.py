"""The Batch API of one endpoint with one key."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Self

import httpx2
import openai
from openai.types import Batch

from bot.domain.models import Endpoint, Key
from bot.errors import UpstreamDown
from bot.llm.batch.lines import PATH
from bot.llm.batch.trouble import BatchTrouble
from bot.llm.completion import BROKEN
from bot.llm.errors import masked, translate
from bot.ports import Clock

MARK = "parley_run"
"""The name of the metadata that says which run a batch belongs to."""

_LOOKED_THROUGH = 1_000
"""Batches among which a lost one is looked for, the newest first."""

Ending = Literal["completed", "failed", "expired", "cancelled"]
_ENDINGS: frozenset[str] = frozenset({"completed", "failed", "expired", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a batch stands. `done` counts requests, failed ones too; `problems` are why it failed as a whole."""

    id: str
    status: str
    done: int
    output_file: str | None
    error_file: str | None
    problems: tuple[str, ...]

    @property
    def ended(self) -> bool:
        return self.status in _ENDINGS


class BatchEndpoint:
    """Sends files and follows batches. Everything raises ModelError."""

    def __init__(self, client: openai.AsyncOpenAI, clock: Clock, name: str) -> None:
        self._client = client
        self._clock = clock
        self._name = name

    @classmethod
    def connect(cls, endpoint: Endpoint, key: Key, clock: Clock) -> Self:
        """Sends nothing yet."""
        client = openai.AsyncOpenAI(
            api_key=key.secret,
            base_url=endpoint.base_url,
            max_retries=0,
            # Files may have 200 MB: the time counts from one piece to the next.
            timeout=httpx2.Timeout(60.0, connect=5.0),
            http_client=openai.DefaultAioHttpClient(),
        )
        return cls(client, clock, endpoint.name)

    async def submit(self, requests: bytes, run: str) -> str:
        """Upload the file and make a batch of it, marked with `run`; returns the batch's id."""
        with self._translated():
            try:
                file = await self._client.files.create(file=("requests.jsonl", requests), purpose="batch")
                batch = await self._client.batches.create(
                    input_file_id=file.id, endpoint=PATH, completion_window="24h", metadata={MARK: run}
                )
            except openai.NotFoundError as error:
                raise BatchTrouble(
                    "Nothing was sent:",
                    [f"the endpoint {self._name} has no Batch API ({masked(error.message)[:200]}): choose --model"],
                ) from None
        return _named(batch)

    async def find(self, run: str) -> str | None:
        """The id of the batch that is marked with `run`, if the endpoint got as far as making it."""
        with self._translated():
            seen = 0
            async for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(MARK) == run:
                    return batch.id
                seen += 1
                if seen >= _LOOKED_THROUGH:
                    break
        return None

    async def standing(self, batch: str) -> Standing | None:
        """Where a batch stands; None if the endpoint does not know it."""
        with self._translated():
            try:
                return _standing(await self._client.batches.retrieve(batch))
            except openai.NotFoundError:
                return None

    async def content(self, file: str) -> bytes:
        with self._translated():
            return (await self._client.files.content(file)).content

    async def close(self) -> None:
        await self._client.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except BROKEN as error:
            raise translate(error, self._clock.now()) from None


def _named(batch: Batch) -> str:
    """The SDK checks no types: a server that answers with something else leaves the id out."""
    name = getattr(batch, "id", None)
    if not name:
        raise UpstreamDown("the endpoint did not name the batch")
    return str(name)


def _standing(batch: Batch) -> Standing:
    counts = batch.request_counts
    found = (batch.errors.data if batch.errors else None) or []
    return Standing(
        id=_named(batch),
        status=batch.status,
        done=(counts.completed or 0) + (counts.failed or 0) if counts else 0,
        output_file=batch.output_file_id,
        error_file=batch.error_file_id,
        problems=tuple(_problem(one.line, one.code, one.message) for one in found),
    )


def _problem(line: int | None, code: str | None, message: str | None) -> str:
    where = "" if line is None else f"request {line}: "
    return f"{where}{code or 'refused'}: {masked(message or '')[:300]}"
