"""HTTP in front of the world: routing, bodies, faults and answers, as api.telegram.org has them."""

import asyncio
import inspect
import json
from collections import deque
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

from adapters.telegram.emulator.faults import Fault, Faults
from adapters.telegram.emulator.files import LARGEST_UPLOAD, downloadable
from adapters.telegram.emulator.methods.table import METHODS
from adapters.telegram.emulator.params import Params, Upload
from adapters.telegram.emulator.refusals import NOT_FOUND, ApiError, bad_request
from adapters.telegram.emulator.values import Call
from adapters.telegram.emulator.world import World

UNAUTHORIZED = ApiError(401, "Unauthorized")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Server:
    """Listens on 127.0.0.1. Stopped and started again, it keeps its port and its world."""

    def __init__(self, world: World, *, token: str, faults: Faults, calls: deque[Call]) -> None:
        self._world = world
        self._token = token
        self._faults = faults
        self._calls = calls
        self._runner: web.ServerRunner | None = None
        self.port = 0

    async def start(self) -> None:
        # The bare server: no router and no middlewares, which costs a third of web.Application per request.
        server = web.Server(self._handle, request_factory=_request, access_log=None)
        # A client that hangs up does not undo its call: handlers run to their end, as on the real service.
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            self._world.updates.interrupt()
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        folder, _, rest = request.path.removeprefix("/").partition("/")
        if folder == "file":
            return self._download(rest)
        if not folder.startswith("bot"):
            return _answer(NOT_FOUND.body(), 404)
        if folder[3:] != self._token:
            return _answer(UNAUTHORIZED.body(), 401)
        return await self._call(request, rest)

    async def _call(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        name, method = METHODS.get(name.lower(), (name, None))
        params: Params | None = None
        fault = self._faults.take(name)
        try:
            params = await _read(request)
            if fault is not None:
                await _suffer(fault)
            if method is None:
                raise NOT_FOUND
            result = method(self._world, params)
            if inspect.isawaitable(result):
                result = await result
        except _CutError:
            return self._cut(request, name, params)
        except _GatewayError:
            self._record(name, params, 502, "Bad Gateway")
            return web.Response(text="<html><h1>502 Bad Gateway</h1></html>", status=502, content_type="text/html")
        except ApiError as error:
            self._record(name, params, error.status, error.description)
            return _answer(error.body(), error.status, error.parameters.get("retry_after"))
        if fault is not None and fault.drop == "after":
            return self._cut(request, name, params)
        self._record(name, params, 200)
        return _answer({"ok": True, "result": result}, 200)

    def _cut(self, request: web.BaseRequest, name: str, params: Params | None) -> web.StreamResponse:
        self._record(name, params, 0, "connection cut")
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _record(self, name: str, params: Params | None, status: int, description: str = "") -> None:
        if self._calls.maxlen != 0:
            raw = {} if params is None else params.raw
            at = self._world.clock()
            self._calls.append(Call(method=name, params=raw, status=status, at=at, description=description))
        self._world.feed.stir()

    def _download(self, rest: str) -> web.Response:
        token, _, path = rest.partition("/")
        if token != f"bot{self._token}":
            return _answer(UNAUTHORIZED.body(), 401)
        content = downloadable(self._world, path)
        if content is None:
            return _answer(NOT_FOUND.body(), 404)
        return web.Response(body=content, content_type="application/octet-stream")


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """As aiohttp makes it, but with room for files: by default it takes no more than a megabyte."""
    loop, most = asyncio.get_running_loop(), 2 * LARGEST_UPLOAD
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=most)


class _CutError(Exception):
    """The connection is to be cut before the call takes effect."""


class _GatewayError(Exception):
    """Something between the client and the server answers in its place."""


async def _suffer(fault: Fault) -> None:
    if fault.hang:
        await asyncio.sleep(fault.hang)
    if fault.drop == "before":
        raise _CutError
    if fault.malformed:
        raise _GatewayError
    if refusal := fault.refusal():
        raise refusal


def _answer(body: dict[str, Any], status: int, retry_after: int | None = None) -> web.Response:
    headers = None if retry_after is None else {"Retry-After": str(retry_after)}
    content = _encode(body).encode("utf-8", "replace")
    return web.Response(body=content, status=status, headers=headers, content_type="application/json")


async def _read(request: web.BaseRequest) -> Params:
    raw: dict[str, Any] = dict(request.query) if request.query_string else {}
    if not request.can_read_body:
        return Params(raw, {})
    kind = request.content_type
    if kind == "multipart/form-data":
        return await _read_multipart(request, raw)
    body = await request.read()
    if kind == "application/json":
        return Params(raw | _object(body), {})
    if kind == "application/x-www-form-urlencoded":
        raw |= parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return Params(raw, {})


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad_request("can't parse request body JSON object")
    return value


async def _read_multipart(request: web.BaseRequest, raw: dict[str, Any]) -> Params:
    uploads: dict[str, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or not part.name:
            continue
        content = bytes(await part.read())
        if len(content) > LARGEST_UPLOAD:
            raise ApiError(413, "Request Entity Too Large")
        if part.filename is None:
            raw[part.name] = content.decode("utf-8", "replace")
        else:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            uploads[part.name] = Upload(filename=part.filename, content_type=kind, content=content)
    return Params(raw, uploads)
