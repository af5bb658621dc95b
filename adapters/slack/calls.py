"""Calls to Slack's Web API: one session, no hidden retries, errors in our words."""

import hashlib
import io
import json
import logging
import re
from collections.abc import Collection, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from yarl import URL

from adapters.slack.attachments import fetch
from adapters.slack.errors import UNAVAILABLE, code_of, translate
from adapters.slack.pacing import STOP, UPDATE, Pacing, patient
from adapters.slack.redaction import sdk_logger
from bot.domain.updates import Attachment
from bot.errors import PlatformBusy, PlatformDown, PlatformError, PlatformMisconfigured
from bot.ports import Allowance, Clock

log = logging.getLogger(__name__)

Facts = Mapping[str, Any]

_FORM_ONLY = frozenset({"users.info", "apps.connections.open", "files.getUploadURLExternal"})
"""Methods that do not read JSON bodies."""
_REPEATABLE = frozenset({UPDATE, STOP, "chat.delete", "conversations.open", "files.getUploadURLExternal"})
"""Doing it twice does no harm: a stream that is stopped already is rewritten, and an unknown outcome is none."""
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_CODE = re.compile("[a-z_]{2,60}")
_PATIENCE = 2.0
"""Seconds a final call waits for its turn here; longer waits are the outbox's."""


class Calls:
    """The Web API of one workspace.

    Args:
        pacing: this process's budgets.
        allowance: what all processes together may call, if they share anything.
    """

    def __init__(
        self, token: str, *, url: str, clock: Clock, pacing: Pacing, allowance: Allowance | None = None
    ) -> None:
        # Retries are ours: the SDK's own would post twice after a lost answer.
        self.client = AsyncWebClient(token=token, base_url=url, retry_handlers=[], logger=sdk_logger())
        if URL(url).host in {"127.0.0.1", "localhost", "::1"}:
            # The SDK reads HTTPS_PROXY but not NO_PROXY.
            self.client.proxy = None
        self.pacing = pacing
        self._clock = clock
        self._allowance = allowance
        # Of a secret as long as a token nothing can be told by its digest.
        self._app = f"slack:{hashlib.sha256(token.encode()).hexdigest()[:16]}"
        self._latched: set[str] = set()
        self._closed = False
        self.scopes: frozenset[str] = frozenset()
        """What the app may do, as Slack says with its answer to auth.test; nothing as long as that was not asked."""

    def offers(self, method: str) -> bool:
        """False once Slack said that this workspace or app does not have the method."""
        return method not in self._latched

    async def preview(self, method: str, *, expected: Collection[str] = (), **arguments: Any) -> Facts:
        """A call that pacing has let through already; `expected` codes come back as `{"error": code}`."""
        if not await self.spared(method, _channel_of(arguments)):
            raise PlatformBusy(f"{method}: the pace of all processes")
        return await self._send(method, arguments, expected)

    async def spared(self, method: str, channel: str) -> bool:
        """Take a call from what all processes can spare. Whether there was one."""
        return not await self._taken(method, channel, spare=self.pacing.rate(method).reserve)

    async def final(self, method: str, *, expected: Collection[str] = (), **arguments: Any) -> Facts:
        """A call that must arrive: it takes from the reserve and may wait a little.

        Raises:
            PlatformBusy: it is not its turn soon.
            PlatformError: it failed.
        """
        channel = _channel_of(arguments)

        async def take() -> float:
            return self.pacing.final(method, channel) or await self._taken(method, channel)

        wait = await patient(take, self._clock, at_most=_PATIENCE)
        if wait > 0:
            raise PlatformBusy(f"{method}: our own pace", retry_after=wait)
        return await self._send(method, arguments, expected)

    async def _taken(self, method: str, channel: str, *, spare: float = 0.0) -> float:
        """Take a call from what all processes share. Returns 0, or the seconds to wait."""
        if self._allowance is None:
            return 0.0
        rate, name = self.pacing.rate(method), self._shared(method, channel)
        return await self._allowance.take(name, burst=rate.burst, per_second=rate.per_second, spare=spare)

    def _shared(self, method: str, channel: str) -> str:
        """What a budget is called among all processes."""
        return f"{self._app}:{method}:{channel}" if self.pacing.rate(method).per_channel else f"{self._app}:{method}"

    async def ask(self, method: str, **arguments: Any) -> Facts:
        """A call outside of any budget: who we are, who somebody is, a Socket Mode address."""
        return await self._send(method, arguments, ())

    async def respond(self, url: str, body: Facts) -> str:
        """Use a response URL. Returns "" or the error, such as `used_url`, `invalid_blocks`, `status_404`.

        Nothing of the URL may reach an error: whoever knows it can write to the channel.
        """
        try:
            async with self._session().post(url, json=body, allow_redirects=False) as response:
                answer = await response.text()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return type(error).__name__
        return _response_error(response.status, answer)

    async def upload(self, url: str, content: bytes) -> None:
        """Put bytes where Slack wants them; whoever knows the address may do so, it takes no token.

        Raises PlatformDown: nothing is shared before the upload is completed, so doing it again does no harm.
        """
        try:
            async with self._session().post(url, data=io.BytesIO(content), allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PlatformDown(f"upload: {type(error).__name__}", outcome_unknown=False) from None
        if status != 200:
            raise PlatformDown(f"upload: status {status}", outcome_unknown=False)

    async def fetch(self, attachment: Attachment, most: int) -> bytes:
        """The content of a file. Raises PlatformError."""
        host = str(URL(self.client.base_url).authority)
        return await fetch(self._session(), str(self.client.token), attachment, most=most, api_host=host)

    async def close(self) -> None:
        """For good: a call that comes later raises PlatformDown."""
        self._closed = True
        if self.client.session is not None:
            await self.client.session.close()
        if self._allowance:
            await self._allowance.leave()

    def _session(self) -> aiohttp.ClientSession:
        """Made with the first call, because aiohttp wants a running loop; without it the SDK connects for each call."""
        if self._closed:
            # A session made now would be closed by nobody.
            raise PlatformDown("closed", outcome_unknown=False)
        if self.client.session is None or self.client.session.closed:
            self.client.session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self.client.session

    async def _send(self, method: str, arguments: dict[str, Any], expected: Collection[str]) -> Facts:
        self._session()
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            answer = await self._post(method, given)
        except (SlackClientError, aiohttp.ClientError, OSError, AttributeError, ValueError) as error:
            problem = self._failed(method, given, expected, error)
            if isinstance(problem, PlatformBusy) and self._allowance:
                await self._allowance.close(self._shared(method, _channel_of(given)), problem.retry_after)
            if isinstance(problem, PlatformError):
                # The SDK's text shows Slack's whole answer, so it is not chained.
                raise problem from None
            return problem
        if method == "auth.test":
            self.scopes = _listed(answer.headers)
        return answer.data if isinstance(answer.data, dict) else {}

    async def _post(self, method: str, given: dict[str, Any]) -> AsyncSlackResponse:
        if method in _FORM_ONLY:
            return await self.client.api_call(method, params=given)
        return await self.client.api_call(method, json=given)

    def _failed(self, method: str, given: Facts, expected: Collection[str], error: Exception) -> Facts | PlatformError:
        """An expected refusal, or what to raise."""
        code = code_of(error)
        if code in expected:
            return {"error": code}
        self._learn(method, code)
        problem = translate(method, error)
        if isinstance(problem, PlatformBusy):
            self.pacing.hold(method, _channel_of(given), problem.retry_after)
        if isinstance(problem, PlatformMisconfigured):
            log.error("Slack refuses %s: %s", method, problem.hint)
        if isinstance(problem, PlatformDown) and method in _REPEATABLE:
            problem = PlatformDown(str(problem), outcome_unknown=False)
        return problem

    def _learn(self, method: str, code: str) -> None:
        if code in UNAVAILABLE and self.offers(method):
            self._latched.add(method)
            log.warning("Slack does not offer %s here (%s); doing without it", method, code)


def _channel_of(arguments: Facts) -> str:
    return str(arguments.get("channel", ""))


def _listed(headers: Mapping[str, Any]) -> frozenset[str]:
    """The scopes in the headers of an answer. A plain dict of the SDK keeps their case, whichever that is."""
    found = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    return frozenset(scope for one in str(found).split(",") if (scope := one.strip()))


def _response_error(status: int, answer: str) -> str:
    """Slack answers `ok`, or a code as plain text or JSON."""
    if _CODE.fullmatch(answer):
        return "" if answer == "ok" else answer
    if status != 200:
        return f"status_{status}"
    try:
        facts = json.loads(answer)
    except ValueError:
        return ""
    return "" if not isinstance(facts, dict) or facts.get("ok", True) else str(facts.get("error"))
