"""The dashboard over HTTP: who is signed in, what they ask for, and forms, which are commands.

Every form carries a token of its session and comes from our own pages; nothing is changed by a GET, which is what link
previews do.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from aiohttp import web

from adapters.web.dashboard.doorway import Doorway
from adapters.web.dashboard.oidc import Provider
from adapters.web.dashboard.rendering import Templates, address
from adapters.web.words import preferred
from bot.dashboard.doors import Guest
from bot.dashboard.office import Office
from bot.dashboard.values import Asked, Page, Said, UnknownPage
from bot.errors import PictureFailed, StorageError
from bot.ports import Clock
from bot.texts.catalogues import Catalogue, Catalogues
from bot.texts.roles import role_name

_log = structlog.get_logger(__name__)

_STATIC = Path(__file__).with_name("static")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_BACK = re.compile(r"[a-z]*(/[0-9]{1,18})?(\?[\w=&%.+~-]*)?")
_BLANK = re.compile(r"\{(\w+)\}")
_LONGEST = 500
"""Characters of what is filled into a blank."""

# What people and models write is hostile: no inline script or style, nothing from elsewhere.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: with that, browsers send no Origin along with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
# matplotlib puts its lines' looks into attributes; as a picture it can do nothing else.
_PICTURE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Dashboard:
    """The pages of an office.

    Args:
        office: makes them.
        catalogues: languages.
        clock: time.
        provider: signs people in besides the bot's links.
    """

    def __init__(self, office: Office, catalogues: Catalogues, clock: Clock, provider: Provider | None) -> None:
        self._office = office
        self._catalogues = catalogues
        self._templates = Templates()
        self._base = urlsplit(office.doors.url).path.rstrip("/")
        self._door = Doorway(office, clock, provider, self._show_door)
        self._files = {path.name: path.read_bytes() for path in _STATIC.iterdir() if path.suffix in _TYPES}

    def routes(self) -> list[web.RouteDef]:
        """Where the dashboard answers."""
        base, door = self._base, self._door
        return [
            web.get(base, self._guarded(self._redirect)),
            web.get(f"{base}/static/{{name}}", self._guarded(self._file)),
            web.get(f"{base}/enter", self._guarded(door.ask)),
            web.post(f"{base}/enter", self._guarded(door.enter)),
            web.get(f"{base}/oidc", self._guarded(door.away)),
            web.get(f"{base}/oidc/back", self._guarded(door.returned)),
            web.post(f"{base}/leave", self._guarded(self._signed_in(self._leave))),
            web.post(f"{base}/do", self._guarded(self._signed_in(self._do))),
            web.get(f"{base}/{{page:[a-z]*}}", self._guarded(self._signed_in(self._page))),
            web.get(f"{base}/{{page:[a-z]+}}/{{about}}", self._guarded(self._signed_in(self._page))),
            web.post(f"{base}/{{page:[a-z]+}}/{{about}}", self._guarded(self._signed_in(self._reveal))),
        ]

    def _guarded(self, handler: _Handler) -> _Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.method == "POST" and not self._door.is_ours(request):
                response: web.StreamResponse = self._trouble(request, "expired", 403)
            else:
                response = await self._answered(handler, request)
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded

    async def _answered(self, handler: _Handler, request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except UnknownPage:
            return self._trouble(request, "not_found", 404)
        except StorageError as error:
            _log.warning("A page of the dashboard could not be made: the database does not answer", reason=str(error))
            return self._trouble(request, "no_database", 503)

    def _signed_in(self, handler: Callable[[web.Request, Guest], Awaitable[web.StreamResponse]]) -> _Handler:
        async def asked(request: web.Request) -> web.StreamResponse:
            guest = await self._door.guest(request)
            if guest is None:
                return self._show_door(request, {}, 401 if request.method == "POST" else 200)
            if request.method == "POST" and not self._door.has_token(await request.post(), guest):
                return self._trouble(request, "expired", 403)
            return await handler(request, guest)

        return asked

    async def _redirect(self, _request: web.Request) -> web.Response:
        return _to(f"{self._base}/")

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._files:
            raise UnknownPage
        kind = _TYPES[Path(name).suffix]
        kept = {"Cache-Control": "private, max-age=300"}
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8", headers=kept)

    async def _page(self, request: web.Request, guest: Guest) -> web.Response:
        asked, reader = _asked(request), self._office.reader(self._catalogue(request, guest))
        words = dict(asked.words)
        if name := words.pop("csv", ""):
            file = await self._office.sheet(guest, _without(asked, words), name, reader)
            how = {"Content-Disposition": f'attachment; filename="{file.name}"'}
            return web.Response(body=file.content, content_type=file.media_type, headers=how)
        if name := words.pop("svg", ""):
            return await self._picture(request, guest, _without(asked, words), name)
        done = words.pop("done", "")
        banner = await self._office.done(int(done)) if done.isdecimal() and len(done) <= 18 else None
        asked = _without(asked, words)
        return self._show(request, guest, asked, await self._office.page(guest, asked), banner)

    async def _picture(self, request: web.Request, guest: Guest, asked: Asked, name: str) -> web.Response:
        dark = asked.words.pop("tone", "") == "dark"
        reader = self._office.reader(self._catalogue(request, guest))
        try:
            picture = await self._office.picture(guest, asked, name, reader, dark=dark)
        except PictureFailed:
            return web.Response(status=503)
        return web.Response(body=picture, content_type="image/svg+xml", headers=_PICTURE)

    async def _reveal(self, request: web.Request, guest: Guest) -> web.Response:
        asked = _asked(request)
        return self._show(request, guest, asked, await self._office.page(guest, asked, revealed=True))

    async def _do(self, request: web.Request, guest: Guest) -> web.Response:
        """Run a form's command. What is on record is shown after a redirect, so that a reload does nothing again."""
        given = await request.post()
        back = str(given.get("back", ""))
        back = back if _BACK.fullmatch(back) else ""
        words = _filled(str(given.get("command", "")), given).split()
        outcome = await self._office.run(guest, words, self._office.reader(self._catalogue(request, guest)))
        asked = _parsed(back)
        if outcome.error is None:
            for choice in outcome.answer.choices:
                if choice.command.startswith("revert "):
                    return _to(f"{self._base}/{address(asked, done=choice.command.removeprefix('revert '))}")
        banner = Said(answer=outcome.answer, tone="bad" if outcome.error else "plain")
        page = await self._office.page(guest, asked)
        return self._show(request, guest, asked, page, banner, status=422 if outcome.error else 200)

    async def _leave(self, request: web.Request, guest: Guest) -> web.Response:
        return await self._door.leave(request, guest)

    def _show(
        self,
        request: web.Request,
        guest: Guest,
        asked: Asked,
        page: Page,
        banner: Said | None = None,
        *,
        status: int = 200,
    ) -> web.Response:
        facts = {
            "page": page,
            "asked": asked,
            "banner": banner,
            "menu": self._office.menu(guest),
            "token": guest.token,
            "name": guest.account.name,
            "role": role_name(guest.role),
            "address": address,
        }
        return self._rendered("page.html", self._catalogue(request, guest), facts, status)

    def _show_door(self, request: web.Request, facts: Mapping[str, Any], status: int) -> web.Response:
        """The page at which one signs in; `facts` may hold a code and the key of a problem."""
        catalogue = self._catalogue(request, None)
        words, shown = self._door.words(catalogue), {"code": "", "problem": "", **facts}
        shown["problem"] = words(shown["problem"], **facts) if shown["problem"] else ""
        shown["provider"] = self._door.provider_name
        return self._rendered("door.html", catalogue, shown, status)

    def _trouble(self, request: web.Request, key: str, status: int) -> web.Response:
        return self._show_door(request, {"problem": key}, status)

    def _rendered(self, name: str, catalogue: Catalogue, facts: Mapping[str, Any], status: int) -> web.Response:
        reader = self._office.reader(catalogue)
        frame = {
            "base": self._base,
            "language": catalogue.language.replace("_", "-"),
            "direction": "rtl" if catalogue.right_to_left else "ltr",
        }
        text = self._templates.render(name, reader.words, {**frame, **facts})
        return web.Response(text=text, content_type="text/html", status=status)

    def _catalogue(self, request: web.Request, guest: Guest | None) -> Catalogue:
        """The language of the person, or of their browser."""
        if guest is not None and guest.account.reads:
            return self._catalogues.of(guest.account.reads)
        return preferred(request.headers.get("Accept-Language", ""), self._catalogues)


def _asked(request: web.Request) -> Asked:
    path = request.match_info
    return Asked(page=path.get("page", ""), about=path.get("about", ""), words=dict(request.query))


def _without(asked: Asked, words: dict[str, str]) -> Asked:
    return Asked(page=asked.page, about=asked.about, words=words)


def _parsed(back: str) -> Asked:
    """`people/12?x=y` as what is asked for."""
    path, _, query = back.partition("?")
    page, _, about = path.partition("/")
    return Asked(page=page, about=about, words=dict(parse_qsl(query)))


def _filled(command: str, given: Mapping[str, Any]) -> str:
    """A command with its blanks filled in; one that was left empty is nothing."""
    return _BLANK.sub(lambda found: " ".join(str(given.get(found[1], "")).split())[:_LONGEST], command)


def _to(place: str) -> web.Response:
    return web.Response(status=303, headers={"Location": place})
