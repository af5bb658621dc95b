"""Faults that replace the answer: each function makes one `Fault`."""

import json
from collections.abc import Mapping

from bot.llm.emulator.faults import Fault
from bot.llm.emulator.replies import Problem, Reply, unknown_model, unsupported, wrong_key

#: 429 codes that mean "no money", all of type `insufficient_quota`; waiting does not help.
QUOTA_CODES = (
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
)

#: What the statuses below are called when the vendor sends them.
STATUSES: dict[int, Problem] = {
    400: Problem(message="Invalid request.", code="invalid_request"),
    402: Problem(message="Insufficient credits. Add more and retry.", type=None, code=402),
    403: Problem(message="Country, region, or territory not supported.", code="unsupported_country"),
    408: Problem(message="Request timed out.", type="timeout", code="request_timeout"),
    409: Problem(message="The resource is locked.", code="conflict"),
    422: Problem(message="Unprocessable request.", code="unprocessable"),
    500: Problem(message="The server had an error while processing your request.", type="server_error"),
    502: Problem(message="Bad gateway.", type="server_error", code="bad_gateway"),
    503: Problem(message="The engine is overloaded.", type="server_error", code="server_is_overloaded"),
    529: Problem(message="Overloaded.", type="overloaded_error", code="overloaded"),
}


def refused(reply: Reply, name: str | None = None) -> Fault:
    """This very reply."""
    return Fault(name=name or str(reply.reason or reply.status), reply=reply)


def status(code: int) -> Fault:
    """400, 401, 402, 403, 404, 408, 409, 422, 500, 502, 503 or 529 with a body that goes with it."""
    if code == 401:
        return refused(wrong_key())
    if code == 404:
        return refused(unknown_model("gone-1"))
    return refused(STATUSES[code].reply(code), name=str(code))


def rate_limited(**headers: str) -> Fault:
    """429 `rate_limit_exceeded`. Header names with underscores: `rate_limited(retry_after="2")`,
    `retry_after_ms="150"`, or `retry_after` with an HTTP date.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    problem = Problem(message="Rate limit reached.", type="requests", code="rate_limit_exceeded")
    return refused(problem.reply(429, named))


def no_flex_room() -> Fault:
    """429 `resource_unavailable`: the cheap tier has no capacity now (OpenAI's guide on flex processing)."""
    problem = Problem(message="Resource unavailable.", type="resource_unavailable", code="resource_unavailable")
    return refused(problem.reply(429))


def out_of_credit(code: str = "insufficient_quota") -> Fault:
    """429 that no waiting cures: one of `QUOTA_CODES`."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return refused(Problem(message=message, type="insufficient_quota", code=code).reply(429))


def unsupported_parameter(param: str) -> Fault:
    return refused(unsupported(param))


def unsupported_value(param: str) -> Fault:
    message = f"Unsupported value: '{param}' does not support this value with this model."
    return refused(Problem(message=message, param=param, code="unsupported_value").reply(400))


def moderated(*reasons: str) -> Fault:
    """OpenRouter's 403 for a message that it flags (https://openrouter.ai/docs/api-reference/errors)."""
    error: Mapping[str, object] = {
        "code": 403,
        "message": "The chosen model requires moderation, and the input was flagged.",
        "metadata": {"reasons": list(reasons or ("violence",)), "flagged_input": "…", "provider_name": "OpenAI"},
    }
    return _raw_error(error, "moderated", status=403)


def html(code: int = 503) -> Fault:
    """A proxy's error page."""
    body = f"<html><body><h1>{code} Service Unavailable</h1></body></html>".encode()
    return refused(Reply(status=code, body=body, content_type="text/html", reason="html"))


def int_code(code: int = 400, *, message: str = "Provider returned error") -> Fault:
    """An error whose `code` is a number, as OpenRouter and vLLM write it."""
    return refused(Problem(message=message, type=None, code=code).reply(code), name=f"int {code}")


def empty() -> Fault:
    """200 and an event stream without a single event."""
    return refused(Reply(status=200, content_type="text/event-stream", reason="empty"))


def not_a_stream(body: bytes = b"<html>Sign in to this network</html>") -> Fault:
    """200 with something that is no event stream: a captive portal, a wrong path."""
    return refused(Reply(status=200, body=body, content_type="text/html", reason="not a stream"))


def overflow_vllm(window: int = 4096) -> Fault:
    """https://github.com/vllm-project/vllm, 0.16: int code, `BadRequestError`, param `input_tokens`."""
    message = (
        f"This model's maximum context length is {window} tokens. However, your request has {window + 904} "
        "input tokens. Please reduce the length of the input messages."
    )
    problem = Problem(message=message, type="BadRequestError", param="input_tokens", code=400)
    return refused(problem.reply(400), name="overflow vllm")


def overflow_llama_cpp(window: int = 4096) -> Fault:
    """llama.cpp's server: type `exceed_context_size_error`, an int code and no `param`."""
    error: Mapping[str, object] = {
        "code": 400,
        "message": "the request exceeds the available context size, try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": window + 904,
        "n_ctx": window,
    }
    return _raw_error(error, "overflow llama.cpp")


def overflow_litellm(window: int = 4096) -> Fault:
    """LiteLLM's proxy: the code is the string "400", only the message knows."""
    message = (
        "litellm.ContextWindowExceededError: litellm.BadRequestError: ContextWindowExceededError: "
        f"OpenAIException - This model's maximum context length is {window} tokens."
    )
    return refused(Problem(message=message, type=None, code="400").reply(400), name="overflow litellm")


def overflow_openai(window: int = 4096) -> Fault:
    message = (
        f"This model's maximum context length is {window} tokens. However, your messages resulted in "
        f"{window + 904} tokens. Please reduce the length of the messages."
    )
    problem = Problem(message=message, param="messages", code="context_length_exceeded")
    return refused(problem.reply(400), name="overflow openai")


def overflow_silent() -> Fault:
    """llama-cpp-python when streaming: 200 and nothing."""
    return empty()


def _raw_error(error: Mapping[str, object], name: str, status: int = 400) -> Fault:
    return refused(Reply(status=status, body=json.dumps({"error": error}).encode(), reason=name), name=name)
