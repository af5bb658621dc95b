"""What clients reach outside `/api/`: response URLs, upload URLs, private files."""

import json
from collections.abc import Container

from aiohttp import web

from adapters.slack.emulator.blocks import check_blocks
from adapters.slack.emulator.core import Core
from adapters.slack.emulator.counter import Ticket
from adapters.slack.emulator.interactions import Interactions
from adapters.slack.emulator.values import ApiError, Call, Json, Message


class SideDoors:
    def __init__(self, core: Core, interactions: Interactions, tokens: Container[str]) -> None:
        self._core = core
        self._interactions = interactions
        self._tokens = tokens

    async def respond(self, request: web.Request) -> web.Response:
        """A response URL: five uses within half an hour, `ok` in plain text."""
        ticket = self._core.counter.use(request.match_info["name"])
        if not isinstance(ticket, Ticket):
            return self._told({}, ticket, status=404)
        try:
            answer = _answer(await request.text())
        except ApiError as error:
            return self._told({}, error.error, status=400)
        return self._shown(ticket, answer)

    def _shown(self, ticket: Ticket, answer: Json) -> web.Response:
        original = self._original(ticket)
        if answer.get("delete_original") and original:
            self._core.delete(original)
        elif not (answer.get("text") or answer.get("blocks")):
            return self._told(answer, "no_text", status=400)
        elif answer.get("replace_original") and original:
            self._core.edit(original, text=answer.get("text") or "", blocks=tuple(answer.get("blocks") or ()))
        else:
            self._interactions.respond(ticket.channel, ticket.user, ticket.thread_ts, answer)
        return self._told(answer, None)

    def _original(self, ticket: Ticket) -> Message | None:
        space = self._core.workspace
        here = space.visible(space.channels[ticket.channel], None)
        return next((message for message in here if message.ts == ticket.message_ts), None)

    def _told(self, answer: Json, error: str | None, status: int = 200) -> web.Response:
        call = Call(method="response_url", args=answer, error=error, at=self._core.clock())
        self._core.journal.called(call)
        return web.Response(status=status, text=error or "ok")

    async def upload(self, request: web.Request) -> web.Response:
        """Raw bytes or a form with one file, as clients do either."""
        file_id = request.match_info["file"]
        file = self._core.counter.files.get(file_id)
        if file is None:
            return web.Response(status=404, text="no such upload")
        body = await self._bytes(request)
        if len(body) != file["size"]:
            return web.Response(status=400, text="length does not match")
        self._core.counter.uploads[file_id] = body
        return web.Response(text=f"OK - {len(body)}")

    async def _bytes(self, request: web.Request) -> bytes:
        if not request.content_type.startswith("multipart/"):
            return await request.read()
        for part in (await request.post()).values():
            if isinstance(part, web.FileField):
                return part.file.read()
        return b""

    async def download(self, request: web.Request) -> web.Response:
        """Without the bot's token Slack shows a login page, with status 200."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            return web.Response(text="<!DOCTYPE html><html>Sign in</html>", content_type="text/html")
        body = self._core.counter.uploads.get(request.match_info["file"])
        if body is None:
            return web.Response(status=404)
        return web.Response(body=body)


def _answer(text: str) -> Json:
    try:
        answer = json.loads(text)
    except ValueError:
        raise ApiError("invalid_payload") from None
    if not isinstance(answer, dict):
        raise ApiError("invalid_payload")
    check_blocks(answer.get("blocks") or ())
    return answer
