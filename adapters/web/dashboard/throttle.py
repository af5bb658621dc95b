"""Whoever tries to get in too often in vain has to wait."""

from collections import OrderedDict
from ipaddress import ip_address

from aiohttp import web

from bot.ports import Clock

MOST = 10
WINDOW = 300.0
"""Seconds in which so many tries may fail, from one address."""

_MOST_KNOWN = 10_000
"""Addresses remembered; of more, those that have been quiet for longest are forgotten."""


class Throttle:
    """Failures by address, in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Seconds until somebody there may try again; 0: now."""
        recent = self._recent(address)
        return 0 if len(recent) < MOST else max(1, int(recent[0] + WINDOW - self._clock.monotonic()) + 1)

    def failed(self, address: str) -> None:
        """One more."""
        self._failures[address] = [*self._recent(address), self._clock.monotonic()][-MOST:]
        self._failures.move_to_end(address)
        while len(self._failures) > _MOST_KNOWN:
            self._failures.popitem(last=False)

    def _recent(self, address: str) -> list[float]:
        since = self._clock.monotonic() - WINDOW
        return [at for at in self._failures.get(address, ()) if at > since]


def address_of(request: web.Request) -> str:
    """Where a request comes from.

    A proxy on this machine or in this network appends whom it heard it from to X-Forwarded-For; anybody may write what
    stands before that.
    """
    peer = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if forwarded and _is_near(peer) else peer


def _is_near(peer: str) -> bool:
    try:
        return ip_address(peer).is_private
    except ValueError:
        return False
