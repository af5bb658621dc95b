"""What lies beside a file of prompts: where its batch stands, and its results."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from bot.llm.batch.trouble import BatchTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far a file has come. `run` marks its batch at the endpoint; `batch` is None until the endpoint has named it.

    `key` is the name of the key it was sent with, never the key: batches belong to the project of their key.
    """

    run: str
    digest: str
    model: str
    key: str
    batch: str | None = None
    finished: bool = False

    @classmethod
    def new(cls, *, content: bytes, model: str, key: str) -> Self:
        return cls(run=uuid4().hex, digest=digest(content), model=model, key=key)


@dataclass(frozen=True, slots=True)
class Files:
    """A file of prompts and its neighbours."""

    prompts: Path

    @property
    def state(self) -> Path:
        return self.prompts.with_name(f"{self.prompts.name}.state.json")

    @property
    def results(self) -> Path:
        return self.prompts.with_name(f"{self.prompts.name}.results.jsonl")

    def load(self, content: bytes) -> State | None:
        """Where the batch of these very prompts stands. Raises BatchTrouble if it was made of others."""
        try:
            state = State(**json.loads(self.state.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            raise BatchTrouble("Nothing was sent:", [f"{self.state} cannot be read: repair or delete it"]) from None
        if state.digest != digest(content):
            changed = f"{self.prompts} has changed since batch {state.batch or state.run} was made of it"
            advice = f"undo that, or delete {self.state} to forget that batch and send the file as it is now"
            raise BatchTrouble("Nothing was sent:", [f"{changed}: {advice}"])
        return state

    def save(self, state: State) -> None:
        self._write(self.state, json.dumps(asdict(state), indent=2).encode() + b"\n")

    def save_results(self, results: Iterable[Mapping[str, Any]]) -> None:
        lines = (json.dumps(result, ensure_ascii=False) for result in results)
        # Lone surrogates, which JSON can name, are no UTF-8.
        self._write(self.results, "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))

    def forget(self) -> None:
        self.state.unlink(missing_ok=True)

    def _write(self, path: Path, content: bytes) -> None:
        """All or nothing, also if the power fails: half a state would send everything twice."""
        draft = path.with_name(f"{path.name}.new")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
