"""The file of prompts, checked before anything is sent."""

import json

import pytest

from bot.llm.batch import BatchTrouble, read_lines, request_lines
from bot.llm.batch import lines as module
from tests.llm.prompts import card

URL = "http://127.0.0.1/v1"


def jsonl(*lines: object) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def problems(content: bytes, *, longest: int | None = None) -> tuple[str, ...]:
    with pytest.raises(BatchTrouble) as caught:
        read_lines(content, room=100, longest=longest)
    return caught.value.problems


def bodies(content: bytes) -> list[dict[str, object]]:
    requests = request_lines(read_lines(content, room=100, longest=None), card(), URL)
    return [json.loads(line)["body"] for line in requests.splitlines()]


def test_a_prompt_becomes_a_request() -> None:
    (line,) = request_lines(
        read_lines(jsonl({"custom_id": "a", "prompt": "hi"}), room=100, longest=None), card(), URL
    ).splitlines()
    assert json.loads(line) == {
        "custom_id": "a",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "scripted-1",
            "messages": [{"role": "user", "content": "hi"}],
            "max_completion_tokens": 100,
        },
    }


def test_messages_are_sent_as_they_are() -> None:
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]
    (body,) = bodies(jsonl({"custom_id": "a", "messages": messages, "max_output": 7}))
    assert (body["messages"], body["max_completion_tokens"]) == (messages, 7)


def test_every_bad_line_is_told_with_its_number() -> None:
    content = jsonl({"custom_id": "a", "prompt": "hi"}) + b"{oops\n" + jsonl({"custom_id": "b"}, {"prompt": "hi"}, [1])
    found = problems(content)
    assert found[0] == "line 2: is not valid JSON in UTF-8"
    assert found[1] == "line 3: needs either `prompt` or `messages`"
    assert found[2] == "line 4: custom_id: field required"
    assert found[3].startswith("line 5: ")


def test_a_problem_never_shows_the_prompt() -> None:
    content = jsonl({"custom_id": "a", "prompt": ["hunter2"]}, {"custom_id": "b", "prompt": "hunter2", "x": "hunter2"})
    assert "hunter2" not in "".join(problems(content))


def test_a_name_stands_once() -> None:
    content = jsonl(
        {"custom_id": "a", "prompt": "1"}, {"custom_id": "b", "prompt": "2"}, {"custom_id": "a", "prompt": "3"}
    )
    assert problems(content) == ("line 3: custom_id 'a' stands in a line before it",)


def test_an_answer_longer_than_the_model_writes_is_refused() -> None:
    content = jsonl({"custom_id": "a", "prompt": "hi", "max_output": 51})
    assert problems(content, longest=50) == ("line 1: max_output is more than the model can write (50)",)


def test_an_empty_file_is_refused() -> None:
    assert problems(b"\n \n") == ("it has no prompts",)


def test_too_many_prompts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 1)
    (found,) = problems(jsonl({"custom_id": "a", "prompt": "1"}, {"custom_id": "b", "prompt": "2"}))
    assert "at most 1" in found


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    lines = read_lines(jsonl({"custom_id": "a", "prompt": "hi"}), room=100, longest=None)
    with pytest.raises(BatchTrouble, match="at most 10"):
        request_lines(lines, card(), URL)


def test_a_byte_order_mark_windows_ends_and_odd_separators_do_no_harm() -> None:
    content = b"\xef\xbb\xbf" + '{"custom_id": "a", "prompt": "one\u2028two"}\r\n\r\n'.encode()
    (line,) = read_lines(content, room=100, longest=None)
    assert (line.number, line.messages[0].text) == (1, "one\u2028two")
