"""The HTTP face: `/api/METHOD` for the Web API, `/link/` for Socket Mode, and some side doors.

Everything is HTTP 200 with `ok` true or false, but for 429 with `Retry-After` and injected faults.
"""

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from aiohttp import web

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.faults import Fault, Faults
from adapters.slack.emulator.methods import all_methods
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args, read_args
from adapters.slack.emulator.side_doors import SideDoors
from adapters.slack.emulator.tiers import Limiter
from adapters.slack.emulator.values import ApiError, Call, Json

SECRETS = ("token",)
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "im:history",
    "im:write",
    "users:read",
)
"""What the app may do, unless a test takes something of it away."""
MAX_BODY = 64 * 1024 * 1024


class WebApi:
    """Reads a call, refuses or performs it, writes it down."""

    def __init__(
        self, core: Core, tokens: Mapping[str, str], limiter: Limiter, faults: Faults, scopes: AbstractSet[str]
    ) -> None:
        self._scopes = scopes
        self._core = core
        self._tokens = tokens
        self._limiter = limiter
        self._faults = faults
        self._methods = all_methods()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            args = await read_args(request)
        except ApiError as error:
            return self._written(name, Args({}), _refusal(error))
        fault = self._faults.take(name)
        if fault:
            return await self._spoiled(request, name, args, fault)
        return self._answer(request, name, args)

    def _answer(self, request: web.Request, name: str, args: Args) -> web.Response:
        try:
            method = self._admitted(request, name, args)
        except ApiError as error:
            return self._written(name, args, _refusal(error))
        wait = self._limiter.wait(name, method.tier, args.text("channel"))
        return self._limited(name, args, wait) if wait else self._performed(method, name, args)

    def _performed(self, method: Method, name: str, args: Args) -> web.Response:
        try:
            return self._written(name, args, {"ok": True} | method.handler(self._core, args))
        except ApiError as error:
            return self._written(name, args, _refusal(error))

    def _admitted(self, request: web.Request, name: str, args: Args) -> Method:
        if name not in self._methods:
            raise ApiError("unknown_method", req_method=name)
        method = self._methods[name]
        kind = self._tokens.get(_token(request, args) or "")
        if not _token(request, args):
            raise ApiError("not_authed")
        if kind is None:
            raise ApiError("invalid_auth")
        if kind != method.needs:
            raise ApiError("not_allowed_token_type")
        if method.scope and method.scope not in self._scopes:
            raise ApiError("missing_scope", needed=method.scope, provided=",".join(sorted(self._scopes)))
        return method

    async def _spoiled(self, request: web.Request, name: str, args: Args, fault: Fault) -> web.StreamResponse:
        if fault.hang:
            await asyncio.sleep(fault.hang)
        if fault.drop_connection:
            return self._dropped(request, name, args, effect=fault.drop_connection == "after")
        if fault.status:
            self._write(name, args, {"ok": False, "error": f"http_{fault.status}"})
            return web.Response(status=fault.status, text="<html>error</html>", content_type="text/html")
        if fault.retry_after is not None:
            return self._limited(name, args, fault.retry_after)
        if fault.error:
            return self._written(name, args, {"ok": False, "error": fault.error})
        return self._answer(request, name, args)

    def _dropped(self, request: web.Request, name: str, args: Args, *, effect: bool) -> web.Response:
        answer = self._answer(request, name, args) if effect else web.Response()
        if not effect:
            self._write(name, args, {"ok": False, "error": "dropped"})
        if request.transport:
            request.transport.abort()
        return answer

    def _limited(self, name: str, args: Args, wait: int) -> web.Response:
        answer: Json = {"ok": False, "error": "ratelimited"}
        self._write(name, args, answer)
        return web.json_response(answer, status=429, headers={"Retry-After": str(wait)})

    def _written(self, name: str, args: Args, answer: Json) -> web.Response:
        self._write(name, args, answer)
        return web.json_response(answer, headers={"X-OAuth-Scopes": ",".join(sorted(self._scopes))})

    def _write(self, name: str, args: Args, answer: Json) -> None:
        error = None if answer["ok"] else str(answer["error"])
        shown = {key: value for key, value in args.values.items() if key not in SECRETS}
        now = self._core.clock()
        self._core.journal.called(Call(method=name, args=shown, error=error, at=now, answer=answer))


def _token(request: web.Request, args: Args) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    # A JSON body is no place for a token: docs.slack.dev/apis/web-api.
    return None if request.content_type == "application/json" else args.optional("token")


def _refusal(error: ApiError) -> Json:
    return {"ok": False, "error": error.error} | error.more


def application(core: Core, web_api: WebApi, doors: SideDoors) -> web.Application:
    application = web.Application(client_max_size=MAX_BODY)
    application.router.add_route("*", "/api/{method}", web_api.handle)
    application.router.add_get("/link/", core.socket.handle)
    application.router.add_post("/response/{name}", doors.respond)
    application.router.add_post("/upload/{file}", doors.upload)
    application.router.add_get("/files/{file}", doors.download)
    return application
