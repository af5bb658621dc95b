"""What traces tell: the steps of a turn, each in its place, and no word of it."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.llm.emulator import ModelEmulator, refusals
from bot.storage import Storage
from tests.scenarios.plays import TEXT
from tests.scenarios.pooled import scene, words


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    # The process's own may be set only once.
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield kept
    provider.shutdown()


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == name]


async def test_a_turn_is_traced_from_its_handling_to_its_delivery(
    storage: Storage, spans: InMemorySpanExporter
) -> None:
    async with scene(storage, ModelEmulator(answer=lambda _: TEXT, count=words)) as stage:
        await stage.core.say("ada", "a secret word")
    (handled,), (delivered,), (called,) = (named(spans, name) for name in ("handle", "deliver", "chat scripted-1"))
    assert called.parent is not None
    assert called.parent.span_id == handled.context.span_id
    assert delivered.parent is not None
    assert delivered.parent.span_id == handled.context.span_id
    facts = called.attributes or {}
    assert facts["gen_ai.request.model"] == "scripted-1"
    assert facts["gen_ai.response.finish_reasons"] == "stop"
    assert facts["gen_ai.usage.output_tokens"] == len(TEXT.split())
    assert "secret" not in "".join(span.to_json() for span in spans.get_finished_spans())


async def test_a_call_that_failed_says_with_what(storage: Storage, spans: InMemorySpanExporter) -> None:
    async with scene(storage, ModelEmulator(answer=lambda _: TEXT, count=words)) as stage:
        stage.server.faults.when(lambda _: True, refusals.status(400))
        await stage.core.say("ada", "hello")
    (called,) = named(spans, "chat scripted-1")
    assert (called.attributes or {})["error.type"]
