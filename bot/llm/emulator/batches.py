"""`/v1/files` and `/v1/batches`: jobs that are answered later, from a file into a file.

Nothing runs in the background: what a batch has done by now is reckoned from the time whenever somebody looks.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from bot.llm.emulator import replies
from bot.llm.emulator.checks import read_body
from bot.llm.emulator.jobs import Job, problems_in, read_jobs
from bot.llm.emulator.replies import Reply

Complete = Callable[[Mapping[str, Any]], Reply]
State = Literal["validating", "failed", "in_progress", "completed", "expired", "cancelling", "cancelled"]
FINAL = frozenset({"failed", "completed", "expired", "cancelled"})
ENDPOINT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPace:
    """How long a batch takes, in seconds. One that is not done after `window` in progress expires."""

    validating: float = 0.0
    working: float = 0.0
    cancelling: float = 0.0
    window: float = 86_400.0


@dataclass(slots=True, kw_only=True)
class Batch:
    """One batch; `outputs` and `errors` are the lines of its two files so far."""

    id: str
    file: str
    metadata: Mapping[str, str]
    created: float
    jobs: list[Job]
    problems: list[Mapping[str, Any]]
    state: State = "validating"
    done: int = 0
    cancelled: float | None = None
    outputs: list[Mapping[str, Any]] = field(default_factory=list)
    errors: list[Mapping[str, Any]] = field(default_factory=list)
    output_file: str | None = None
    error_file: str | None = None


class BatchDesk:
    """Keeps files and batches. `complete` answers one request, `pace` may be changed while batches run."""

    def __init__(self, complete: Complete, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = BatchPace()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}
        self._complete = complete
        self._clock = clock

    async def upload(self, http: web.Request) -> Reply:
        form = await http.post()
        file = form.get("file")
        if form.get("purpose") != "batch":
            return replies.missing("purpose")
        if not isinstance(file, web.FileField):
            return replies.missing("file")
        return _found(_file(self._keep(file.file.read()), file.filename))

    async def content(self, http: web.Request) -> Reply:
        name = http.match_info["id"]
        if name not in self.files:
            return _no_such("File", name)
        return Reply(status=200, body=self.files[name], content_type="application/octet-stream")

    async def create(self, http: web.Request) -> Reply:
        body = read_body(await http.read())
        if isinstance(body, Reply):
            return body
        name = str(body.get("input_file_id") or "")
        if name not in self.files:
            return _no_such("File", name)
        if body.get("endpoint") != ENDPOINT or body.get("completion_window") != "24h":
            return replies.wrong_type("completion_window", f"'24h', and '{ENDPOINT}' as the endpoint")
        return _found(self._shown(self._open(name, body.get("metadata") or {})))

    async def listed(self, http: web.Request) -> Reply:
        """The newest first, `limit` of them after the one named in `after`."""
        newest = list(reversed(self.batches))
        after = http.query.get("after")
        start = newest.index(after) + 1 if after in newest else 0
        names = newest[start : start + int(http.query.get("limit", "20"))]
        shown = [self._shown(self.batches[name]) for name in names]
        return _found({"object": "list", "data": shown, "has_more": start + len(names) < len(newest)})

    async def retrieve(self, http: web.Request) -> Reply:
        batch = self.batches.get(http.match_info["id"])
        return _found(self._shown(batch)) if batch else _no_such("Batch", http.match_info["id"])

    async def cancel(self, http: web.Request) -> Reply:
        batch = self.batches.get(http.match_info["id"])
        if batch is None:
            return _no_such("Batch", http.match_info["id"])
        self._advance(batch)
        if batch.state in FINAL:
            message = f"Cannot cancel a batch with status '{batch.state}'."
            return replies.Problem(message=message, code="invalid_request").reply(409)
        batch.cancelled, batch.state = self._clock(), "cancelling"
        return _found(self._shown(batch))

    def _open(self, file: str, metadata: Mapping[str, str]) -> Batch:
        jobs, problems = read_jobs(self.files[file])
        batch = Batch(
            id=f"batch_emulator{len(self.batches) + 1:06d}",
            file=file,
            metadata=metadata,
            created=self._clock(),
            jobs=jobs,
            problems=problems or problems_in(jobs),
        )
        self.batches[batch.id] = batch
        return batch

    def _advance(self, batch: Batch) -> None:
        """Do what the time since the last look allows."""
        if batch.state in FINAL:
            return
        if batch.state == "cancelling":
            if self._clock() - (batch.cancelled or 0.0) >= self.pace.cancelling:
                self._end(batch, "cancelled")
            return
        worked = self._clock() - batch.created - self.pace.validating
        if worked >= 0 and batch.problems:
            batch.state = "failed"
        elif worked >= 0:
            self._work(batch, worked)

    def _work(self, batch: Batch, worked: float) -> None:
        batch.state = "in_progress"
        time_given = min(worked, self.pace.window)
        share = min(1.0, time_given / self.pace.working) if self.pace.working else 1.0
        for job in batch.jobs[batch.done : int(len(batch.jobs) * share)]:
            self._answer(batch, job)
        if batch.done == len(batch.jobs):
            self._end(batch, "completed")
        elif worked >= self.pace.window:
            self._end(batch, "expired")

    def _answer(self, batch: Batch, job: Job) -> None:
        batch.done += 1
        reply = self._complete(job.body)
        named = {"id": f"batch_req_emulator{batch.done:06d}", "custom_id": job.name}
        response = {"status_code": reply.status, "request_id": named["id"], "body": json.loads(reply.body)}
        # Also of a failed request the vendor fills `response` and leaves `error` null
        # (https://github.com/openai/openai-openapi/issues/302).
        lines = batch.outputs if reply.status == 200 else batch.errors
        lines.append({**named, "response": response, "error": None})

    def _end(self, batch: Batch, state: State) -> None:
        batch.state = state
        for number, job in enumerate(batch.jobs[batch.done :], batch.done + 1):
            error = {"code": f"batch_{state}", "message": f"This request was not executed: the batch was {state}."}
            named = {"id": f"batch_req_emulator{number:06d}", "custom_id": job.name}
            batch.errors.append({**named, "response": None, "error": error})
        # The vendor promises no order (https://platform.openai.com/docs/guides/batch): here it is the reverse.
        batch.output_file = self._keep(_jsonl(batch.outputs[::-1])) if batch.outputs else None
        batch.error_file = self._keep(_jsonl(batch.errors[::-1])) if batch.errors else None

    def _keep(self, content: bytes) -> str:
        name = f"file-emulator{len(self.files) + 1:06d}"
        self.files[name] = content
        return name

    def _shown(self, batch: Batch) -> Mapping[str, Any]:
        self._advance(batch)
        failed = sum(line["response"] is not None for line in batch.errors)
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": ENDPOINT,
            "errors": {"object": "list", "data": batch.problems} if batch.state == "failed" else None,
            "input_file_id": batch.file,
            "completion_window": "24h",
            "status": batch.state,
            "output_file_id": batch.output_file,
            "error_file_id": batch.error_file,
            "created_at": int(time.time()),
            "request_counts": {"total": len(batch.jobs), "completed": len(batch.outputs), "failed": failed},
            "metadata": batch.metadata,
        }


def _found(body: Mapping[str, Any]) -> Reply:
    return Reply(status=200, body=json.dumps(body, indent=2).encode())


def _no_such(kind: str, name: str) -> Reply:
    return replies.Problem(message=f"No such {kind} object: {name}", param="id").reply(404)


def _file(name: str, filename: str) -> Mapping[str, Any]:
    shown = {"id": name, "object": "file", "purpose": "batch", "filename": filename, "bytes": 0, "status": "processed"}
    return shown | {"created_at": int(time.time())}


def _jsonl(lines: list[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
