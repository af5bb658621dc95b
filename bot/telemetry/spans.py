"""Spans of OpenTelemetry: what a turn does, and how long each step takes.

Nothing is traced unless the extra `tracing` is installed and an address to send to is set; then names are those of
OpenTelemetry's conventions for generative AI (https://github.com/open-telemetry/semantic-conventions-genai, in
development). No span holds what people wrote.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Protocol

from bot.errors import ConfigError

_trace: Any = None
with suppress(ImportError):  # the extra is not installed
    _trace = import_module("opentelemetry.trace")

Fact = str | int | float | bool


class Span(Protocol):
    """A step that is under way."""

    def set_attribute(self, key: str, value: Fact, /) -> None: ...


class _Untraced:
    def set_attribute(self, _key: str, _value: Fact) -> None:
        return


@contextmanager
def step(name: str, **facts: Fact) -> Iterator[Span]:
    """A step of what the task is doing. It must begin and end in one task; those inside of it are its parts."""
    if _trace is None:
        yield _Untraced()
        return
    with _trace.get_tracer("parley").start_as_current_span(name, attributes=facts, record_exception=False) as span:
        yield span


@contextmanager
def call(name: str, **facts: Fact) -> Iterator[Span]:
    """A step that may end in another task than it began in, such as a stream; it has no parts."""
    if _trace is None:
        yield _Untraced()
        return
    span = _trace.get_tracer("parley").start_span(name, attributes=facts)
    try:
        yield span
    except BaseException as error:
        span.set_attribute("error.type", type(error).__name__)
        raise
    finally:
        span.end()


@contextmanager
def exported(endpoint: str) -> Iterator[None]:
    """Send spans to a collector (OTLP over HTTP, like http://localhost:4318) until the block ends.

    Raises ConfigError without the extra `tracing`.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigError(["OTEL_EXPORTER_OTLP_ENDPOINT needs the extra `tracing`: uv sync --extra tracing"]) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "parley"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
