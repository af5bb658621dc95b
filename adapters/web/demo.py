"""The demo page: every stage side by side, live over one WebSocket, on this computer only."""

import asyncio
import contextlib
import errno
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from adapters.web.stage import Json, Stage
from adapters.web.words import preferred, questions_in, words_in
from bot.errors import ConfigError
from bot.texts.catalogues import Catalogues

_STATIC = Path(__file__).with_name("static")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
_LONGEST_ACTION = 64 * 1024
_SIGN_OF_LIFE = 20.0
"""Seconds between two pings of a page; one that does not answer is given up."""

# What people and models write is hostile: no inline script, nothing from elsewhere, no HTML made of strings.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Which model answers on the page, and whether it is our scripted one."""

    model: str
    scripted: bool


@asynccontextmanager
async def serve_demo(
    stages: Sequence[Stage], answering: Answering, catalogues: Catalogues, *, port: int
) -> AsyncIterator[str]:
    """Serve the page on 127.0.0.1 while the block lasts; its address is given. Port 0 takes any free one.

    Raises ConfigError when the port is taken.
    """
    page = _Page(stages, answering, catalogues)
    # The sockets end by themselves at shutdown; nothing else takes long.
    runner = web.AppRunner(page.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        yield await _listen(runner, port)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> str:
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except (OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = "is taken by another program" if taken else f"cannot be used ({error})"
        raise ConfigError(
            [f"port {port} {reason}: choose another with --port, or any free one with --port 0"]
        ) from None
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


class _Page:
    def __init__(self, stages: Sequence[Stage], answering: Answering, catalogues: Catalogues) -> None:
        self._stages = {stage.name: stage for stage in stages}
        self._answering = answering
        self._catalogues = catalogues
        self._index = Template((_STATIC / "index.html").read_text("utf-8"))
        self._files = {path.name: path.read_bytes() for path in _STATIC.iterdir() if path.suffix in _TYPES}
        self._sockets: set[web.WebSocketResponse] = set()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[_guard])
        app.router.add_get("/", self._show)
        app.router.add_get("/live", self._live)
        app.router.add_get("/files/{stage}/{file}", self._attachment)
        app.router.add_get("/{name}", self._file)
        app.on_shutdown.append(self._hang_up)
        return app

    async def _show(self, request: web.Request) -> web.Response:
        catalogue = preferred(request.headers.get("Accept-Language", ""), self._catalogues)
        words = words_in(catalogue)
        facts = {
            "words": words,
            "questions": questions_in(catalogue, scripted=self._answering.scripted),
            "model": self._answering.model,
            "scripted": self._answering.scripted,
        }
        shown = {
            "language": catalogue.language.replace("_", "-"),
            "direction": "rtl" if catalogue.right_to_left else "ltr",
            "title": words["title"],
            "facts": _embedded(facts),
        }
        return web.Response(text=self._index.substitute(shown), content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        kind = _TYPES[Path(name).suffix]
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8")

    async def _attachment(self, request: web.Request) -> web.Response:
        """A file of a chat. What is no picture is saved, never shown: it may hold anything."""
        stage = self._stages.get(request.match_info["stage"])
        content = stage.file(request.match_info["file"]) if stage else None
        if content is None:
            raise web.HTTPNotFound
        kind = next((kind for kind, begins in _PICTURES.items() if content.startswith(begins)), None)
        how = {"Content-Disposition": "inline" if kind else "attachment"}
        return web.Response(body=content, content_type=kind or "application/octet-stream", headers=how)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Scenes and events to the page, actions from it."""
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="This page is not ours.")
        socket = web.WebSocketResponse(heartbeat=_SIGN_OF_LIFE, max_msg_size=_LONGEST_ACTION)
        await socket.prepare(request)
        self._sockets.add(socket)
        feeds = [asyncio.create_task(_feed(stage, socket)) for stage in self._stages.values()]
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._act(socket, message.data)
        finally:
            self._sockets.discard(socket)
            for feed in feeds:
                feed.cancel()
            await asyncio.gather(*feeds, return_exceptions=True)
        return socket

    async def _act(self, socket: web.WebSocketResponse, said: str) -> None:
        stage = ""
        try:
            action = json.loads(said)
            stage = action["stage"]
            await self._stages[stage].act(action)
        except (ValueError, LookupError, TypeError):
            with contextlib.suppress(ConnectionError):
                await socket.send_json({"kind": "problem", "stage": stage})

    async def _hang_up(self, _app: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=1001)


@web.middleware
async def _guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer only to this computer's own names: a foreign name that leads here (DNS rebinding) is refused."""
    if urlsplit(f"//{request.host}").hostname not in _LOCAL_NAMES:
        raise web.HTTPForbidden(text="This page answers to 127.0.0.1 and localhost only.")
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


async def _feed(stage: Stage, socket: web.WebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError):
        async with aclosing(stage.watch()) as events:
            async for event in events:
                await socket.send_json(event | {"stage": stage.name})


def _embedded(facts: Json) -> str:
    """JSON for a script element, which only `</script` or `<!--` could end."""
    return json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")


__all__ = ["Answering", "serve_demo"]
