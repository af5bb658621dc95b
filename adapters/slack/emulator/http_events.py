"""Delivery to a request URL: signed POSTs with a time limit, and Slack's schedule of retries.

Source: docs.slack.dev/apis/events-api: 200 within three seconds, else three retries, told by `X-Slack-Retry-Num`
and `X-Slack-Retry-Reason`, unless a response says `X-Slack-No-Retry: 1`.
"""

import asyncio
import json
from collections.abc import Callable
from urllib.parse import urlencode

import aiohttp

from adapters.slack.emulator.delivery import Delivery, Parcel
from adapters.slack.emulator.journal import Journal
from adapters.slack.emulator.signing import signed_headers
from adapters.slack.emulator.values import Json, Timing

FORM = "application/x-www-form-urlencoded"
OK = 200


class HttpEvents:
    def __init__(
        self,
        url: str,
        secret: str,
        *,
        timing: Timing,
        delivery: Delivery,
        journal: Journal,
        clock: Callable[[], float],
    ) -> None:
        self.url = url
        self._secret = secret
        self._timing = timing
        self._delivery = delivery
        self._journal = journal
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def verify(self) -> None:
        """The handshake of a new request URL.

        Raises:
            ValueError: the challenge did not come back.
        """
        challenge = {"token": "emulated-verification-token", "challenge": "c-1", "type": "url_verification"}
        status, answer, _ = await self._post(json.dumps(challenge).encode(), "application/json", {})
        text = answer.decode()
        if status != OK or "c-1" not in (text, _as_dict(text).get("challenge")):
            raise ValueError(f"the request URL did not answer the challenge: {status}")

    def send(self, parcel: Parcel) -> None:
        task = asyncio.ensure_future(self._deliver(parcel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, parcel: Parcel) -> None:
        reason = await self._attempt(parcel, {})
        retries = () if parcel.accepts_response else self._timing.retry_delays
        for number, delay in enumerate(retries, start=1):
            if reason in ("", "no_retry"):
                break
            await asyncio.sleep(delay)
            told = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            reason = await self._attempt(parcel, told)
        if reason:
            self._delivery.give_up(parcel, "operation_timeout" if reason == "http_timeout" else "dispatch_failed")
        self._journal.changed()

    async def _attempt(self, parcel: Parcel, told: dict[str, str]) -> str:
        """Why it failed; empty when it did not."""
        body, content_type = _encoded(parcel)
        try:
            status, answer, headers = await self._post(body, content_type, told)
        except TimeoutError:
            return "http_timeout"
        except aiohttp.TooManyRedirects:
            return "too_many_redirects"
        except aiohttp.ClientError:
            return "connection_failed"
        if status == OK:
            parcel.answered(_answer(answer.decode()))
            return ""
        return "no_retry" if headers.get("X-Slack-No-Retry") == "1" else "http_error"

    async def _post(self, body: bytes, content_type: str, told: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = signed_headers(self._secret, int(self._clock()), body) | {"Content-Type": content_type} | told
        limit = aiohttp.ClientTimeout(total=self._timing.ack_timeout)
        posting = self._session.post(self.url, data=body, headers=headers, timeout=limit, max_redirects=2)
        async with posting as response:
            return response.status, await response.read(), dict(response.headers)

    async def shut(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()


def _encoded(parcel: Parcel) -> tuple[bytes, str]:
    """Events are JSON, commands a form, interactions JSON inside a form."""
    if parcel.kind == "events_api":
        return json.dumps(parcel.payload).encode(), "application/json"
    fields = parcel.payload if parcel.kind == "slash_commands" else {"payload": json.dumps(parcel.payload)}
    return urlencode(fields).encode(), FORM


def _answer(text: str) -> Json:
    """The body of a command's acknowledgement: JSON, or a text to show."""
    return _as_dict(text) or ({"text": text} if text else {})


def _as_dict(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
