"""What a caller passed, whichever of the four ways it was passed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.telegram.emulator.refusals import bad_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file of a multipart body."""

    filename: str
    content_type: str
    content: bytes


class Params:
    """Typed reading of query, JSON, form and multipart values; a wrong type is a 400."""

    __slots__ = ("raw", "uploads")

    def __init__(self, raw: Mapping[str, Any], uploads: Mapping[str, Upload]) -> None:
        self.raw = raw
        self.uploads = uploads

    def __contains__(self, name: str) -> bool:
        return self.raw.get(name) is not None

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else str(value)

    def number(self, name: str) -> int | None:
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f'invalid {name} "{value}" specified') from None

    def count(self, name: str, default: int = 0) -> int:
        value = self.number(name)
        return default if value is None else value

    def flag(self, name: str) -> bool:
        value = self.raw.get(name)
        return value is True or (value is not None and str(value).lower() in {"true", "1", "yes", "t", "y"})

    def value(self, name: str, kind: type) -> Any:
        """A nested object or list: native in a JSON body, a JSON string in a form.

        Raises:
            ApiError: 400, not JSON or not of `kind`.
        """
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = _decoded(name, value)
        if value is not None and not isinstance(value, kind):
            raise bad_request(f"object expected as {name}" if kind is dict else f"array expected as {name}")
        return value


def _decoded(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(f"can't parse {name} JSON object") from None
