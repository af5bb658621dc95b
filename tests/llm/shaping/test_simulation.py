"""The benchmark in small: what the README claims about shaping holds, whichever way a server counts."""

from collections import deque
from dataclasses import replace

import pytest

from benchmarks.crowd import LIMITS, simulate
from benchmarks.endpoint import RPM, TPM, Load, Question, Server, now
from benchmarks.shaping import LOADS


class Keeping(Server):
    """Counts what was promised, whatever was used, as OpenAI and Azure document."""

    def leave(self, question: Question) -> None:
        super().leave(question)
        self._room["tokens"] -= question.most - question.output


class Windowed(Server):
    """Allows so much within any 60 seconds, instead of refilling."""

    def __init__(self) -> None:
        super().__init__()
        self._log: deque[tuple[float, int]] = deque()

    def enter(self, question: Question) -> dict[str, str]:
        headers = super().enter(question)
        self._log.append((now(), question.prompt + question.most))
        return headers

    def _refill(self) -> None:
        while self._log and self._log[0][0] <= now() - 60:
            self._log.popleft()
        self._room = {
            "requests": float(RPM - len(self._log)),
            "tokens": float(TPM - sum(tokens for _, tokens in self._log)),
        }


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.name)
def test_a_crowd_provokes_no_429_and_uses_what_there_is(load: Load) -> None:
    outcome = simulate(load, people=1000, hours=0.1)
    assert outcome.refusals == 0
    assert outcome.throughput >= 0.97


def test_a_server_that_gives_no_tokens_back_is_not_provoked_either() -> None:
    promised = replace(LIMITS, counted="promised")
    assert simulate(LOADS[1], people=1000, limits=promised, server=Keeping, hours=0.1).refusals == 0


def test_a_server_that_counts_in_windows_is_not_provoked_by_even_spacing() -> None:
    """Even spacing has its price: what one meter makes wait, the other cannot make up for."""
    even = replace(LIMITS, counted="promised", burst=0)
    outcome = simulate(LOADS[0], people=1000, limits=even, server=Windowed, hours=0.1)
    assert outcome.refusals == 0
    assert outcome.throughput >= 0.85


def test_without_shaping_the_same_crowd_is_refused_all_the_time() -> None:
    assert simulate(LOADS[0], people=1000, limits=None, hours=0.05).refusals > 1000


def test_higher_priorities_wait_less() -> None:
    outcome = simulate(LOADS[0], people=1000, hours=0.1)
    means = {name: sum(waits) / len(waits) for name, waits in outcome.waits.items()}
    assert means["high"] < means["middle"] < means["low"]
