"""A plain HTTP client: what goes over the wire, without a library's help or mercy."""

from typing import Any

import aiohttp


class Api:
    """Calls methods and returns `(status, body)`."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self.session = session
        self.url = url
        self.token = token

    async def call(self, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
        url = f"{self.url}/bot{self.token}/{method}"
        async with self.session.post(url, json=params) as response:
            return response.status, await response.json()

    async def result(self, method: str, **params: Any) -> Any:
        status, body = await self.call(method, **params)
        assert status == 200, body
        assert body["ok"] is True
        return body["result"]

    async def refusal(self, method: str, **params: Any) -> str:
        """`error_code description` of a call that has to fail."""
        status, body = await self.call(method, **params)
        assert body["ok"] is False, body
        assert body["error_code"] == status
        return f"{status} {body['description']}"

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        updates: list[dict[str, Any]] = await self.result("getUpdates", **params)
        return updates
