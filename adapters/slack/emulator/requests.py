"""Arguments of a Web API call, as clients write them: query, form or JSON."""

import json
from typing import Any

from aiohttp import web

from adapters.slack.emulator.values import ApiError, Json, invalid_arguments

BODY_METHODS = ("POST",)


class Args:
    """Form values are strings, JSON values are typed; both read the same through here."""

    def __init__(self, values: Json) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}

    def has(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def required(self, name: str) -> str:
        if not self.text(name):
            raise invalid_arguments(f"missing required field: {name}")
        return self.text(name)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.values.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.values.get(name, default))
        except (TypeError, ValueError):
            raise invalid_arguments(f"must be an integer [json-pointer:/{name}]") from None

    def array(self, name: str, otherwise: str) -> list[Json]:
        """A list of objects; `otherwise` is the error when it is anything else."""
        value = self.decoded(name, otherwise)
        if not isinstance(value or [], list) or not all(isinstance(item, dict) for item in value or []):
            raise ApiError(otherwise)
        return value or []

    def object(self, name: str, otherwise: str) -> Json | None:
        value = self.decoded(name, otherwise)
        if value is not None and not isinstance(value, dict):
            raise ApiError(otherwise)
        return value

    def decoded(self, name: str, otherwise: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiError(otherwise) from None


async def read_args(request: web.Request) -> Args:
    """Query, then body. Slack reads a JSON body only of a request that says so."""
    values: Json = dict(request.query)
    if request.method in BODY_METHODS:
        values |= await _body(request)
    return Args(values)


async def _body(request: web.Request) -> Json:
    if request.content_type != "application/json":
        return dict(await request.post())
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return body
