"""One harness under atheris, in a process that libFuzzer ends: `python -m tests.fuzz.hunt NAME SECONDS`."""

import sys
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["bot", "adapters"]):
    from tests.fuzz.harnesses import CORPUS, run
    from tests.fuzz.mutation import mutated

FOUND = Path(".fuzz")
"""What led to new branches, kept between runs, and what broke a parser; not part of the repository."""

LONGEST_INPUT = 4_000


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """libFuzzer's own changes are blind and fast, ours know JSON."""
    random = Random(seed)
    changed: bytes = atheris.Mutate(data, most) if random.random() < 0.5 else mutated(data, random)
    return changed[:most]


def main(name: str, seconds: str) -> None:
    folder = FOUND / name
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-artifact_prefix={folder}/",
        "-timeout=20",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
    ]
    arguments = [name, *options, str(folder), str(CORPUS / name)]
    atheris.Setup(arguments, lambda data: run(name, data), custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
