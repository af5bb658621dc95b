"""Answers that are no completion: errors in the vendor's shape, and whatever else may come back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole HTTP response."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What a test sees as the reason, usually the error code.
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The vendor's error object, https://platform.openai.com/docs/guides/error-codes. `code` may be an
    int: OpenRouter and vLLM send one.
    """

    message: str
    type: str | None = "invalid_request_error"
    param: str | None = None
    code: str | int | None = None

    def body(self) -> dict[str, object]:
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error}

    def reply(self, status: int, headers: Mapping[str, str] | None = None) -> Reply:
        reason = str(self.code or self.type)
        body = json.dumps(self.body(), indent=2).encode()
        return Reply(status=status, body=body, headers=headers or {}, reason=reason)


def wrong_key() -> Reply:
    """401. The real vendor prints part of the key; we print none of it."""
    message = "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."
    return Problem(message=message, code="invalid_api_key").reply(401)


def unknown_model(name: str) -> Reply:
    message = f"The model `{name}` does not exist or you do not have access to it."
    return Problem(message=message, code="model_not_found").reply(404)


def unknown_url(method: str, path: str) -> Reply:
    return Problem(message=f"Invalid URL ({method} {path})", code="unknown_url").reply(404)


def not_json() -> Reply:
    message = (
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your "
        "HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
    )
    return Problem(message=message).reply(400)


def missing(param: str) -> Reply:
    message = f"Missing required parameter: '{param}'."
    return Problem(message=message, param=param, code="missing_required_parameter").reply(400)


def wrong_type(param: str, expected: str) -> Reply:
    message = f"Invalid type for '{param}': expected {expected}."
    return Problem(message=message, param=param, code="invalid_type").reply(400)


def unsupported(param: str) -> Reply:
    hint = " Use 'max_completion_tokens' instead." if param == "max_tokens" else ""
    message = f"Unsupported parameter: '{param}' is not supported with this model.{hint}"
    return Problem(message=message, param=param, code="unsupported_parameter").reply(400)


def out_of_range(param: str, value: float, *, low: float, high: float) -> Reply:
    word, sign, bound = ("above maximum", "<=", high) if value > high else ("below minimum", ">=", low)
    message = f"Invalid '{param}': decimal {word} value. Expected a value {sign} {bound:g}, but got {value:g} instead."
    code = "decimal_above_max_value" if value > high else "decimal_below_min_value"
    return Problem(message=message, param=param, code=code).reply(400)


def too_long(*, window: int, prompt: int, completion: int | None) -> Reply:
    """400 `context_length_exceeded`, in the two wordings the vendor uses."""
    head = f"This model's maximum context length is {window} tokens. However, "
    if completion is None or prompt > window:
        tail = f"your messages resulted in {prompt} tokens. Please reduce the length of the messages."
    else:
        tail = (
            f"you requested {prompt + completion} tokens ({prompt} in the messages, {completion} in the "
            "completion). Please reduce the length of the messages or completion."
        )
    return Problem(message=head + tail, param="messages", code="context_length_exceeded").reply(400)
