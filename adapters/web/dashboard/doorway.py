"""Getting in and out: links of the bot, an identity provider, the session's cookie, and forms that are our own."""

import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from adapters.web.dashboard.oidc import Errand, Provider, ProviderTrouble
from adapters.web.dashboard.throttle import Throttle, address_of
from adapters.web.dashboard.words import WORDS
from bot.dashboard.doors import SESSION, Guest
from bot.dashboard.office import Office
from bot.ports import Clock
from bot.texts import Text
from bot.texts.catalogues import Catalogue

_log = structlog.get_logger(__name__)

_ERRAND = timedelta(minutes=10)
"""How long somebody may take at the provider."""

Show = Callable[[web.Request, Mapping[str, Any], int], web.Response]


class Framed(Protocol):
    """Renders a sentence of the frame, by its key."""

    def __call__(self, key: str, /, **values: Any) -> str: ...


class Doorway:
    """How one gets in.

    Args:
        office: who opens.
        clock: time.
        provider: vouches for people; None: the bot's links are the only way.
        show: the page at which one signs in.
    """

    def __init__(self, office: Office, clock: Clock, provider: Provider | None, show: Show) -> None:
        self._office = office
        self._throttle = Throttle(clock)
        self._provider = provider
        self._show = show
        url = urlsplit(office.doors.url)
        self._origin, self._path = f"{url.scheme}://{url.netloc}", url.path.rstrip("/")
        self._secure = url.scheme == "https"
        self._cookie = "__Secure-parley" if self._secure else "parley"

    @property
    def provider_name(self) -> str:
        """What the provider is called, "" if there is none."""
        return self._provider.name if self._provider else ""

    def words(self, catalogue: Catalogue) -> Framed:
        def framed(key: str, /, **values: Any) -> str:
            return catalogue.render(Text(WORDS[key].message, values))

        return framed

    def is_ours(self, request: web.Request) -> bool:
        """Whether a form was sent from our own pages; old browsers do not say, the token has to do for them."""
        origin = request.headers.get("Origin")
        return (origin is None or origin == self._origin) and (
            request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
        )

    def has_token(self, given: Mapping[str, Any], guest: Guest) -> bool:
        """Whether a form carries the token of its session."""
        return hmac.compare_digest(str(given.get("token", "")).encode(), guest.token.encode())

    async def guest(self, request: web.Request) -> Guest | None:
        """Who is signed in."""
        secret = request.cookies.get(self._cookie, "")
        return await self._office.guest(secret) if secret else None

    async def ask(self, request: web.Request) -> web.Response:
        """A link only asks: what previews a link must not use it up."""
        return self._show(request, {"code": request.query.get("code", "")}, 200)

    async def enter(self, request: web.Request) -> web.Response:
        """Use a link."""
        if limited := self._limited(request):
            return limited
        secret = await self._office.enter(str((await request.post()).get("code", "")))
        if secret is None:
            return self._failed(request, "void", 403)
        return self._begin(secret)

    async def away(self, request: web.Request) -> web.Response:
        """Send somebody to the provider."""
        if self._provider is None:
            return self._show(request, {"problem": "not_found"}, 404)
        try:
            place, errand = await self._provider.begin()
        except ProviderTrouble as error:
            return self._troubled(request, error)
        response = web.Response(status=303, headers={"Location": place})
        kept = self._office.doors.signed("errand", errand.to_text())
        self._set(response, f"{self._cookie}-oidc", kept, path=f"{self._path}/oidc", lasts=_ERRAND)
        return response

    async def returned(self, request: web.Request) -> web.Response:
        """Somebody comes back from the provider."""
        if limited := self._limited(request):
            return limited
        kept = self._office.doors.read("errand", request.cookies.get(f"{self._cookie}-oidc", ""))
        errand = Errand.of(kept) if kept else None
        state = request.query.get("state", "")
        if self._provider is None or errand is None or not hmac.compare_digest(state.encode(), errand.state.encode()):
            return self._failed(request, "expired", 403)
        try:
            who = await self._provider.finish(request.query.get("code", ""), errand)
        except ProviderTrouble as error:
            return self._troubled(request, error)
        secret = await self._office.vouched(who) if who else None
        response = self._begin(secret) if secret else self._failed(request, "refused", 403)
        response.del_cookie(f"{self._cookie}-oidc", path=f"{self._path}/oidc")
        return response

    async def leave(self, request: web.Request, guest: Guest) -> web.Response:
        """End the session."""
        await self._office.leave(guest, request.cookies[self._cookie])
        response = web.Response(status=303, headers={"Location": f"{self._path}/"})
        response.del_cookie(self._cookie, path=self._path)
        return response

    def _begin(self, secret: str) -> web.Response:
        response = web.Response(status=303, headers={"Location": f"{self._path}/"})
        self._set(response, self._cookie, secret, path=self._path, lasts=SESSION)
        return response

    def _set(self, response: web.Response, name: str, value: str, *, path: str, lasts: timedelta) -> None:
        """Lax and not strict: whoever comes back from the provider comes from another site."""
        response.set_cookie(
            name,
            value,
            path=path,
            max_age=int(lasts.total_seconds()),
            httponly=True,
            secure=self._secure,
            samesite="Lax",
        )

    def _limited(self, request: web.Request) -> web.Response | None:
        seconds = self._throttle.wait(address_of(request))
        if not seconds:
            return None
        response = self._show(request, {"problem": "too_often", "seconds": seconds}, 429)
        response.headers["Retry-After"] = str(seconds)
        return response

    def _failed(self, request: web.Request, key: str, status: int) -> web.Response:
        self._throttle.failed(address_of(request))
        return self._show(request, {"problem": key}, status)

    def _troubled(self, request: web.Request, error: ProviderTrouble) -> web.Response:
        _log.warning("The identity provider did not answer as it should", reason=str(error))
        return self._failed(request, "trouble", 502)
