"""No bytes make a parser raise what it does not say it raises, or take long."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.harnesses import CORPUS, HARNESSES, run, seeds
from tests.fuzz.mutation import mutated

DEAR = {"pdf", "image", "text", "env_file", "signing_in"}
"""What takes milliseconds has fewer examples here."""


@pytest.mark.parametrize("name", HARNESSES)
def test_nothing_that_was_sent_so_far_breaks_a_parser(name: str) -> None:
    for seed in seeds(name):
        run(name, seed)


@pytest.mark.parametrize("name", HARNESSES)
def test_strange_bytes_do_not_break_a_parser(name: str) -> None:
    @settings(max_examples=20 if name in DEAR else 60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(seeds(name)), st.integers(0, 2**32))
    def strange(seed: bytes, number: int) -> None:
        run(name, mutated(seed, Random(number)))

    strange()


@pytest.mark.parametrize("name", HARNESSES)
def test_random_bytes_do_not_break_a_parser(name: str) -> None:
    @settings(max_examples=10 if name in DEAR else 30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=2000))
    def random(data: bytes) -> None:
        run(name, data)

    random()


def test_each_harness_has_a_corpus_and_each_corpus_a_harness() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(HARNESSES)
