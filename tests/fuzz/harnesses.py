"""All harnesses, by the name of their corpus."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.fuzz import answers, events, files, rendering, words

CORPUS = Path(__file__).parent / "corpus"

LONGEST = 4.0
"""Seconds of the processor that a few kilobytes may take."""

Harness = Callable[[bytes], None]

HARNESSES: Mapping[str, Harness] = {
    "telegram_update": events.telegram_update,
    "slack_body": events.slack_body,
    "typed": words.typed,
    "names": words.names,
    "words_of_messages": words.words_of_messages,
    "sheet": words.sheet,
    "batch_prompts": words.batch_prompts,
    "batch_answers": words.batch_answers,
    "persona": words.persona,
    "models_file": words.models_file,
    "env_file": words.env_file,
    "telegram_markdown": rendering.telegram_markdown,
    "slack_markdown": rendering.slack_markdown,
    "slack_wording": rendering.slack_wording,
    "links": rendering.links,
    "files_of_answers": rendering.files_of_answers,
    "stream": answers.stream,
    "refusal": answers.refusal,
    "busy": answers.busy,
    "signing_in": answers.signing_in,
    "pdf": files.pdf,
    "image": files.image,
    "sound": files.sound,
    "text": files.text,
}


def run(name: str, data: bytes) -> None:
    """Raises whatever the parser must not raise, and AssertionError if it takes too long."""
    began = time.process_time()
    HARNESSES[name](data)
    took = time.process_time() - began
    assert took < LONGEST, f"{took:.1f} s for {len(data)} bytes"


def seeds(name: str) -> list[bytes]:
    """What fuzzing begins with."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
