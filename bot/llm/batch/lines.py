"""The file of prompts: read whole and checked whole before anything is sent."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.domain.completions import Prompt, PromptMessage, Role
from bot.domain.models import Chain, ModelCard
from bot.llm.batch.trouble import BatchTrouble
from bot.llm.dialect import Dialect

MOST_LINES = 50_000
MOST_BYTES = 200_000_000
"""OpenAI's limits of one batch (https://platform.openai.com/docs/guides/batch#rate-limits)."""

PATH: Final = "/v1/chat/completions"

_STREAMING = ("stream", "stream_options")

Words = Annotated[str, Field(min_length=1)]


class MessagePiece(BaseModel):
    """One message of a prompt."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Role
    content: Words


class LinePiece(BaseModel):
    """One line of the file, as it is written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    custom_id: Words
    prompt: Words | None = None
    messages: Annotated[list[MessagePiece], Field(min_length=1)] | None = None
    max_output: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("needs either `prompt` or `messages`")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One prompt. `name` is its `custom_id`, `number` counts the file's lines from 1, `room` is in tokens."""

    number: int
    name: str
    messages: Sequence[PromptMessage]
    room: int


def read_lines(content: bytes, *, room: int, longest: int | None) -> Sequence[Line]:
    """The prompts of a file. `room` (tokens) is for answers whose line says nothing, `longest` the most it may say.

    Raises BatchTrouble with a problem for every line that has one.
    """
    lines: list[Line] = []
    problems: list[str] = []
    # By newlines only: Unicode's other ends of lines may stand inside of JSON strings.
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            lines.append(_line(number, raw, room, longest))
        except ValidationError as error:
            problems += [f"line {number}: {_what(one['loc'], one['msg'])}" for one in error.errors()]
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    problems += _repeated(lines)
    if not problems:
        problems += _size(lines)
    if problems:
        raise BatchTrouble("Nothing was sent. What is wrong with the file:", problems)
    return lines


def request_lines(lines: Iterable[Line], card: ModelCard, base_url: str) -> bytes:
    """The file that is uploaded. Raises BatchTrouble when it is larger than endpoints take."""
    dialect = Dialect(base_url)
    content = b"".join(_request(line, card, dialect) for line in lines)
    if len(content) > MOST_BYTES:
        problem = f"it makes {len(content)} bytes of requests, at most {MOST_BYTES} may be sent at once: split it"
        raise BatchTrouble("Nothing was sent. What is wrong with the file:", [problem])
    return content


def _request(line: Line, card: ModelCard, dialect: Dialect) -> bytes:
    chain = Chain(name="batch", cards=(card,))
    body = dialect.body(Prompt(chain=chain, messages=line.messages, tokens=0, answer_room=line.room))
    body = {name: value for name, value in body.items() if name not in _STREAMING}
    request = {"custom_id": line.name, "method": "POST", "url": PATH, "body": body}
    return json.dumps(request, separators=(",", ":")).encode() + b"\n"


def _line(number: int, raw: bytes, room: int, longest: int | None) -> Line:
    piece = LinePiece.model_validate(_json(raw))
    if piece.max_output is not None and longest is not None and piece.max_output > longest:
        raise ValueError(f"max_output is more than the model can write ({longest})")
    return Line(number=number, name=piece.custom_id, messages=_messages(piece), room=piece.max_output or room)


def _json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("is not valid JSON in UTF-8") from None


def _messages(piece: LinePiece) -> Sequence[PromptMessage]:
    if piece.prompt is not None:
        return (PromptMessage(role="user", text=piece.prompt),)
    return tuple(PromptMessage(role=one.role, text=one.content) for one in piece.messages or ())


def _what(where: tuple[int | str, ...], message: str) -> str:
    """A problem without what was written there: prompts are nobody's business but their author's."""
    said = message.removeprefix("Value error, ")
    place = ".".join(str(one) for one in where)
    return f"{place}: {said[:1].lower()}{said[1:]}" if place else said


def _repeated(lines: Sequence[Line]) -> Iterator[str]:
    counted = Counter(line.name for line in lines)
    seen: set[str] = set()
    for line in lines:
        if counted[line.name] > 1 and line.name in seen:
            yield f"line {line.number}: custom_id {line.name!r} stands in a line before it"
        seen.add(line.name)


def _size(lines: Sequence[Line]) -> Iterator[str]:
    if not lines:
        yield "it has no prompts"
    if len(lines) > MOST_LINES:
        yield f"it has {len(lines)} prompts, at most {MOST_LINES} may be sent at once: split it"
