"""The HTTP side of a serving bot: webhooks of the platforms, and whether it is alive and ready."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

MOST_BYTES = 1024 * 1024
"""The longest body; what platforms send is shorter by far."""

Checks = Callable[[], Awaitable[Mapping[str, bool]]]
"""What has to be there for the bot to answer, and whether it is."""


def metrics_route(rendered: Callable[[], Awaitable[bytes]], content_type: str) -> web.RouteDef:
    """`/metrics`, for Prometheus: nothing in it is about a person."""

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=await rendered(), headers={"Content-Type": content_type})

    return web.get("/metrics", metrics)


@asynccontextmanager
async def serve_http(routes: Iterable[web.RouteDef], checks: Checks, *, host: str, port: int) -> AsyncIterator[int]:
    """Listen while the block lasts; gives the port. Raises OSError when it cannot be had."""

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_request: web.Request) -> web.Response:
        found = await checks()
        return web.json_response(dict(found), status=200 if all(found.values()) else 503)

    application = web.Application(client_max_size=MOST_BYTES)
    application.add_routes([web.get("/healthz", alive), web.get("/readyz", ready), *routes])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
