"""What came back: answers and failures in the order of the prompts, and what they took."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.completions import Usage
from bot.llm.batch.lines import Line
from bot.llm.chunks import first_choice, read_usage
from bot.llm.errors import masked

Cost = Callable[[Usage], int | None]
"""Micro-US$ of a request in a batch, None if nobody knows the price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one prompt: `text`, or `code` and `message` of its failure. `cost` is in micro-US$."""

    name: str
    text: str | None = None
    finish: str | None = None
    model: str = ""
    usage: Usage | None = None
    cost: int | None = None
    code: str = ""
    message: str = ""

    @property
    def failed(self) -> bool:
        return self.text is None

    def line(self) -> Mapping[str, Any]:
        """As it stands in the results file."""
        if self.text is None:
            told: dict[str, Any] = {"error": {"code": self.code, "message": self.message}}
        else:
            told = {"answer": self.text, "finish_reason": self.finish, "model": self.model}
        if self.usage is not None:
            told["usage"] = {
                "input": self.usage.input,
                "cached": self.usage.cached,
                "output": self.usage.output,
                "reasoning": self.usage.reasoning,
            }
            told["cost_micro_usd"] = self.cost
        return {"custom_id": self.name, **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What all took together. `unpriced` requests used tokens and are not in `cost` (micro-US$).

    `untold` ones were answered without the endpoint saying what they used.
    """

    answered: int
    failed: int
    input: int
    cached: int
    output: int
    cost: int
    unpriced: int
    untold: int

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "Totals":
        used = [one.usage for one in answers if one.usage is not None]
        return cls(
            answered=sum(not one.failed for one in answers),
            failed=sum(one.failed for one in answers),
            input=sum(usage.input for usage in used),
            cached=sum(usage.cached for usage in used),
            output=sum(usage.output for usage in used),
            cost=sum(one.cost or 0 for one in answers),
            unpriced=sum(one.usage is not None and one.cost is None for one in answers),
            untold=sum(not one.failed and one.usage is None for one in answers),
        )


def in_order(lines: Iterable[Line], contents: Iterable[bytes], cost: Cost) -> list[Answer]:
    """An answer for every prompt, in the file's order. `contents` are the batch's files, which keep no order."""
    found: dict[str, Answer] = {}
    for content in contents:
        for raw in content.split(b"\n"):
            answer = _answer(raw, cost)
            if answer is not None:
                found[answer.name] = answer
    return [found.get(line.name) or _missing(line.name) for line in lines]


def _missing(name: str) -> Answer:
    return Answer(name=name, code="missing", message="The endpoint returned nothing for this prompt.")


def _answer(raw: bytes, cost: Cost) -> Answer | None:
    """One line of a file; None if it is none or does not say whose it is."""
    try:
        line = json.loads(raw) if raw.strip() else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, Mapping) or not isinstance(name := line.get("custom_id"), str):
        return None
    response = _mapping(line.get("response"))
    body = _mapping(response.get("body"))
    error = _mapping(line.get("error")) or _mapping(body.get("error"))
    if error or response.get("status_code") != 200:
        return _failure(name, error, response.get("status_code"))
    return _reply(name, body, cost)


def _failure(name: str, error: Mapping[str, Any], status: Any) -> Answer:
    code = str(error.get("code") or error.get("type") or status or "unknown")
    return Answer(name=name, code=code, message=masked(str(error.get("message") or ""))[:500])


def _reply(name: str, body: Mapping[str, Any], cost: Cost) -> Answer:
    usage = read_usage(_mapping(body.get("usage")), 0)
    if usage is not None and usage.estimated:
        usage = None  # it told one half only; there is no prompt count of ours to fill the other
    choice = first_choice(body)
    message = _mapping(choice.get("message"))
    text = message.get("content")
    answer = Answer(
        name=name,
        model=str(body.get("model") or ""),
        usage=usage,
        cost=None if usage is None else cost(usage),
        finish=choice.get("finish_reason"),
    )
    if not isinstance(text, str):
        return replace(answer, code="refused", message=str(message.get("refusal") or "no answer")[:500])
    return replace(answer, text=text)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
