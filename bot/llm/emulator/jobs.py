"""The file a batch is made from: one request a line, and what the vendor finds wrong with it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: https://platform.openai.com/docs/guides/batch: per file.
MOST_JOBS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One line: the name its answer will carry, and the body of the request."""

    line: int
    name: str
    body: Mapping[str, Any]


def read_jobs(content: bytes) -> tuple[list[Job], list[Mapping[str, Any]]]:
    """The jobs of a file, and a problem for each line that is none."""
    jobs: list[Job] = []
    problems: list[Mapping[str, Any]] = []
    for number, raw in enumerate(content.splitlines(), 1):
        try:
            jobs.append(_job(number, json.loads(raw)))
        except (ValueError, KeyError, TypeError):
            problems.append(_problem("invalid_json_line", "This line is not parseable as valid JSON.", number))
    return jobs, problems


def problems_in(jobs: Sequence[Job]) -> list[Mapping[str, Any]]:
    """What is wrong with jobs that can each be read."""
    if not jobs:
        return [_problem("empty_file", "The batch input file is empty.")]
    if len(jobs) > MOST_JOBS:
        return [_problem("too_many_requests", f"The batch input file has more than {MOST_JOBS} requests.")]
    return [*_repeated(jobs), *_mismatched(jobs)]


def _job(number: int, line: Any) -> Job:
    if line["method"] != "POST" or line["url"] != "/v1/chat/completions" or not isinstance(line["body"], dict):
        raise ValueError(number)
    return Job(line=number, name=str(line["custom_id"]), body=line["body"])


def _repeated(jobs: Sequence[Job]) -> Iterator[Mapping[str, Any]]:
    seen = set()
    for job in jobs:
        if job.name in seen:
            message = f"The custom_id '{job.name}' for this request is a duplicate of another request."
            yield _problem("duplicate_custom_id", message, job.line, "custom_id")
        seen.add(job.name)


def _mismatched(jobs: Sequence[Job]) -> Iterator[Mapping[str, Any]]:
    model = jobs[0].body.get("model")
    for job in jobs:
        if job.body.get("model") != model:
            message = f"The provided model '{job.body.get('model')}' does not match the rest of the batch."
            yield _problem("mismatched_model", message, job.line, "body.model")


def _problem(code: str, message: str, line: int | None = None, param: str | None = None) -> Mapping[str, Any]:
    return {"code": code, "message": message, "line": line, "param": param}
