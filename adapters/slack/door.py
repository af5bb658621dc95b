"""The door of our HTTP server for Slack: whoever has no signature stays outside, and Bolt stumbles over nothing."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from adapters.slack.socket_mode import UNREADABLE

_TIME = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """Checks the signature (docs.slack.dev/authentication/verifying-requests-from-slack) before anything is read.

    Bolt does so too, but reads the body first, and a time or signature of another shape makes it answer 500.

    Args:
        unreadable: keeps a signed body that cannot be read and says whether it may be acknowledged.
    """

    def __init__(self, signing_secret: str, *, unreadable: Callable[[dict[str, Any]], Awaitable[BoltResponse]]) -> None:
        self._verifier = SignatureVerifier(signing_secret)
        self._unreadable = unreadable

    async def receive(self, handler: Handler, request: web.Request) -> web.StreamResponse:
        """What `handler` answers to what Slack sends."""
        body = await request.read()
        if not self._is_signed(request, body):
            return web.Response(status=401)
        try:
            return await handler(request)
        except UNREADABLE:
            kept = await self._unreadable({"unreadable": body.decode(errors="replace")})
            return web.Response(status=kept.status)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        at = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not (_TIME.fullmatch(at) and _SIGNATURE.fullmatch(signature)):
            return False
        try:
            return self._verifier.is_valid(body, at, signature)
        except UnicodeDecodeError:  # Slack sends UTF-8
            return False
