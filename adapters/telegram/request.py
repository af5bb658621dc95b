"""HTTP for python-telegram-bot over aiohttp, which costs a fraction of the CPU time of its default, httpx."""

import asyncio
import io
import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

_NONE = BaseRequest.DEFAULT_NONE
_MEDIA_SECONDS = 20.0  # more time to upload files, as in HTTPXRequest
_NOBODY_HOME = frozenset({502, 503})
_TOKEN = re.compile(r"bot\d+:[\w-]+|bot\d+%3A[\w-]+", re.IGNORECASE)


class NotSent(NetworkError):
    """The call had no effect: no connection was made, or a proxy found no server behind it (502, 503)."""

    __slots__ = ()


class AiohttpRequest(BaseRequest):
    """One session with kept-alive connections. Timeouts are in seconds.

    Raises what HTTPXRequest raises, telegram.error.TimedOut and NetworkError, and NotSent if the call had no effect.
    No error carries the URL, because the token is part of it.
    """

    __slots__ = ("_closed", "_connect", "_connections", "_proxy", "_read", "_session", "_timeout", "_urls", "_write")

    def __init__(
        self,
        *,
        connections: int = 256,
        read_timeout: float = 20.0,
        write_timeout: float = 5.0,
        connect_timeout: float = 5.0,
        proxy: str | None = None,
    ) -> None:
        self._connections = connections
        self._read = read_timeout
        self._write = write_timeout
        self._connect = connect_timeout
        self._proxy = proxy
        self._timeout = self._timeout_of(read_timeout, write_timeout, connect_timeout)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._urls: dict[str, URL] = {}

    @property
    def read_timeout(self) -> float | None:
        return self._read

    async def initialize(self) -> None:
        """Open again after a shutdown; the first call opens by itself."""
        self._closed = False

    async def shutdown(self) -> None:
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(  # noqa: PLR0917 - the SDK's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = _NONE,
        write_timeout: ODVInput[float] = _NONE,
        connect_timeout: ODVInput[float] = _NONE,
        pool_timeout: ODVInput[float] = _NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """Send one call; the answer's status and body. `pool_timeout` does not matter: aiohttp queues the call."""
        if self._closed:
            raise RuntimeError("This AiohttpRequest is shut down")
        if self._session is None:
            self._session = self._open()
        files = request_data is not None and request_data.contains_files
        timeout = self._timeout_for(read_timeout, write_timeout, connect_timeout, files=files)
        body, headers = _encoded(request_data)
        try:
            async with self._session.request(
                method, self._url(url), data=body, headers=headers, timeout=timeout, proxy=self._proxy
            ) as response:
                if response.status in _NOBODY_HOME:
                    raise NotSent(f"HTTP {response.status}")
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Not `from error`: aiohttp's errors may hold the URL.
            raise _translated(error) from None

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Answers are a few hundred bytes: unpacking them would cost more than it saves.
            headers={"User-Agent": self.USER_AGENT, "Accept-Encoding": "identity"},
        )

    def _url(self, url: str) -> URL:
        """The parsed URL, kept for the next call: the methods are few, parsing is not free."""
        known = self._urls.get(url)
        if known is None:
            if len(self._urls) > 256:
                self._urls.clear()
            known = self._urls[url] = URL(url)
        return known

    def _timeout_for(
        self, read: ODVInput[float], write: ODVInput[float], connect: ODVInput[float], *, files: bool
    ) -> aiohttp.ClientTimeout:
        if not files and read is _NONE and write is _NONE and connect is _NONE:
            return self._timeout
        return self._timeout_of(
            self._read if isinstance(read, DefaultValue) else read,
            (_MEDIA_SECONDS if files else self._write) if isinstance(write, DefaultValue) else write,
            self._connect if isinstance(connect, DefaultValue) else connect,
        )

    @staticmethod
    def _timeout_of(read: float | None, write: float | None, connect: float | None) -> aiohttp.ClientTimeout:
        # aiohttp has no timeout for writing, so the three together limit the whole call.
        total = None if read is None or write is None or connect is None else read + write + connect
        return aiohttp.ClientTimeout(total=total, sock_connect=connect)


def environment_proxy(api_url: str) -> str | None:
    """The proxy that HTTPS_PROXY and NO_PROXY ask for; None without one, or if it is not an HTTP proxy.

    Read once: aiohttp's own `trust_env` reads the whole environment again for every call.
    """
    parts = urlsplit(api_url)
    host = parts.hostname or ""
    if host in {"localhost", "127.0.0.1", "::1"} or proxy_bypass(host):
        return None
    proxy = getproxies().get(parts.scheme)
    return proxy if proxy and proxy.startswith(("http://", "https://")) else None


def _encoded(request_data: RequestData | None) -> tuple[bytes | aiohttp.FormData | None, Mapping[str, str] | None]:
    if request_data is None:
        return None, None
    if request_data.contains_files:
        return _form(request_data), None
    # Native JSON, encoded once; RequestData.json_payload would encode nested values twice.
    text = json.dumps(request_data.parameters, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace"), {"Content-Type": "application/json"}


def _form(request_data: RequestData) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, content_type) in request_data.multipart_data.items():
        # Given bytes, aiohttp writes them in one go and warns that this holds up the loop.
        body = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, body, filename=filename, content_type=content_type)
    return form


def _translated(error: Exception) -> NetworkError:
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
        return NotSent(_described(error))
    if isinstance(error, asyncio.TimeoutError):
        return TimedOut()
    return NetworkError(_described(error))


def _described(error: Exception) -> str:
    return _TOKEN.sub("bot<token>", f"aiohttp.{type(error).__name__}: {error}")
