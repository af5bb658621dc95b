"""Metrics for Prometheus: counters are made of the log's events, gauges of what a process knows when it is asked.

Whatever is worth counting has its line in the log; so a number and the lines that explain it never disagree, and the
code that does the work says it once. No label holds an id: models, purposes and names of errors are few.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily

from bot.vitals import Vitals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
"""What a label may be made of: the name of an error, and no sentence."""

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

_BREAKERS = {"closed": 0.0, "half-open": 0.5, "open": 1.0}


class Metrics:
    """Counts while the block of `listening` lasts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._events = Counter(
            "parley_events",
            "Lines of the log, also below its level, by their name and the error they are about",
            ["event", "reason"],
            registry=self._registry,
        )
        self._dropped = Counter(
            "parley_dropped_messages",
            "Messages of people who sent too many, which were not read",
            registry=self._registry,
        )
        by_call = ["model", "purpose"]
        self._calls = Counter("parley_model_calls", "Calls of models", [*by_call, "outcome"], registry=self._registry)
        self._tokens = Counter(
            "parley_model_tokens",
            "Tokens of calls; cached ones are part of input, reasoning ones of output",
            [*by_call, "kind"],
            registry=self._registry,
        )
        self._cost = Counter(
            "parley_model_cost_microusd",
            "What calls cost, in millionths of a US$, where the price is known",
            by_call,
            registry=self._registry,
        )
        self._seconds = {
            name: Histogram(f"parley_model_{name}_seconds", said, ["model"], buckets=_SECONDS, registry=self._registry)
            for name, said in (
                ("first_piece", "From the request to the first piece of the answer"),
                ("lasted", "From the request to the end of the answer"),
                ("waited", "In line for room within the endpoint's limits"),
            )
        }
        self._turns = Histogram(
            "parley_turn_seconds",
            "From the moment a question was stored until its answer was delivered",
            ["platform", "ending"],
            buckets=_SECONDS,
            registry=self._registry,
        )

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count every event of this process, whatever the level of the log."""
        root, ear = logging.getLogger(), _Ear(self)
        level, levels = root.level, [(handler, handler.level) for handler in root.handlers]
        for handler, its in levels:
            handler.setLevel(max(its, level))
        root.addHandler(ear)
        root.setLevel(min(level, logging.INFO))
        try:
            yield
        finally:
            root.removeHandler(ear)
            root.setLevel(level)
            for handler, its in levels:
                handler.setLevel(its)

    def observe(self, event: Mapping[str, Any]) -> None:
        """Count one event of the log."""
        name = str(event["event"])
        self._events.labels(name, _word(event.get("reason"))).inc()
        if name == "model_called":
            self._observe_call(event)
        elif name == "turn_done":
            self._turns.labels(event["platform"], event["ending"]).observe(event["seconds"])
        elif name == "flood_dropped":
            self._dropped.inc(event["messages"])

    def _observe_call(self, call: Mapping[str, Any]) -> None:
        labels = call["model"], call["purpose"]
        self._calls.labels(*labels, _word(call["ending"])).inc()
        for kind in ("input", "cached", "output", "reasoning"):
            self._tokens.labels(*labels, kind).inc(call[kind])
        if call["cost"] is not None:
            self._cost.labels(*labels).inc(call["cost"])
        for name, histogram in self._seconds.items():
            histogram.labels(call["model"]).observe(call[f"{name}_ms"] / 1000)

    def rendered(self, vitals: Vitals) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self._registry) + generate_latest(_Gauges(vitals))

    def families(self, vitals: Vitals) -> Iterator[Metric]:
        """Every metric there is; which gauges, depends on what is there."""
        yield from self._registry.collect()
        yield from _Gauges(vitals).collect()


class _Ear(logging.Handler):
    """Hears our own events, which reach the standard library's logging as mappings, and passes others by."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, dict):
            self._metrics.observe(record.msg)


class _Gauges:
    """A registry of what is so now."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[GaugeMetricFamily]:
        vitals = self._vitals
        yield _gauge("up", "Whether it is there", "part", vitals.there)
        yield _gauge("leases", "Turns that this process handles", "", {"": vitals.leases})
        yield _gauge(
            "breaker_open",
            "1 while a model or key is left alone, 0.5 while it is tried again",
            "way",
            {way: _BREAKERS[state] for way, state in vitals.breakers.items()},
        )
        if vitals.backlog is not None:
            backlog = vitals.backlog
            lanes = {"ready": backlog.ready, "running": backlog.running, "parked": backlog.parked}
            yield _gauge("lanes", "Conversations with something to do, in all processes", "state", lanes)
            yield _gauge("oldest_arrival_seconds", "Age of what waits longest", "", {"": backlog.oldest / 1000})
            yield _gauge("unsent_parts", "Messages on their way to a platform", "", {"": backlog.unsent})
        yield _budgets("limit", "What may be spent", {one.budget.subject: one.budget.limit for one in vitals.budgets})
        yield _budgets(
            "used",
            "What was spent or is reserved",
            {one.budget.subject: one.spent + one.reserved for one in vitals.budgets},
        )


def _budgets(which: str, said: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    return _gauge(f"budget_{which}_microusd", f"{said}, in millionths of a US$", "budget", values)


def _gauge(name: str, said: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    """`label` "" for a gauge that has none."""
    family = GaugeMetricFamily(f"parley_{name}", said, labels=[label] if label else [])
    for value, number in values.items():
        family.add_metric([value] if label else [], number)
    return family


def _word(value: object) -> str:
    found = _WORD.fullmatch(str(value))
    return found[0] if found else ""
