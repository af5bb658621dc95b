"""Signing in with an OpenID provider: the authorization code flow of OpenID Connect Core 1.0, with PKCE (RFC 7636).

The provider says who somebody is; what they may do here is decided here.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import aiohttp
import jwt

from bot.domain.people import Identity

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Of signatures. None that a provider and we would share a secret for, and never "none"."""

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LEEWAY = 60
"""Seconds that clocks may differ."""

_MADE_UP = (jwt.PyJWTError, TypeError, ValueError, AttributeError, KeyError)
"""What keys and tokens of another shape lead the library to."""


class ProviderTrouble(Exception):
    """The provider did not answer as it should, or what it says cannot be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What somebody takes along to the provider and brings back; kept in a signed cookie meanwhile."""

    state: str
    nonce: str
    verifier: str

    def to_text(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def of(cls, text: str) -> "Errand":
        """Of what `to_text` made, whose signature was checked."""
        return cls(**json.loads(base64.urlsafe_b64decode(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What this application is to the provider. `people` says which identity belongs to a verified email or a `sub`."""

    issuer: str
    client_id: str
    client_secret: str | None
    people: Mapping[str, Identity]
    redirect: str


class Provider:
    """An OpenID provider."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._metadata: Mapping[str, Any] | None = None
        self._keys: jwt.PyJWKSet | None = None

    @property
    def name(self) -> str:
        """As people see it."""
        return urlsplit(self._application.issuer).hostname or ""

    async def begin(self) -> tuple[str, Errand]:
        """Where to send the browser, and what to keep. Raises ProviderTrouble."""
        errand = Errand(
            state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48)
        )
        challenge = base64.urlsafe_b64encode(sha256(errand.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._application.client_id,
            "redirect_uri": self._application.redirect,
            "scope": "openid email",
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{(await self._known())['authorization_endpoint']}?{urlencode(asked)}", errand

    async def finish(self, code: str, errand: Errand) -> Identity | None:
        """Who came back with a code; None for somebody who is nobody here. Raises ProviderTrouble."""
        known = await self._known()
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._application.redirect,
            "code_verifier": errand.verifier,
            "client_id": self._application.client_id,
        }
        answer = await self._ask("POST", known["token_endpoint"], data=given, headers=self._login())
        claims = await self._verified(str(answer.get("id_token", "")), errand)
        return self._identity(claims)

    def _login(self) -> dict[str, str]:
        """client_secret_basic, both form-urlencoded first (RFC 6749, 2.3.1); nothing for public clients."""
        if not self._application.client_secret:
            return {}
        login = (quote_plus(self._application.client_id), quote_plus(self._application.client_secret))
        return {"Authorization": aiohttp.encode_basic_auth(*login)}

    async def _verified(self, token: str, errand: Errand) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                await self._key(jwt.get_unverified_header(token).get("kid")),
                algorithms=list(_ALGORITHMS),
                audience=self._application.client_id,
                issuer=str((await self._known())["issuer"]),
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except _MADE_UP as error:
            raise ProviderTrouble(f"id_token: {type(error).__name__}") from error
        if not secrets.compare_digest(str(claims.get("nonce", "")), errand.nonce):
            raise ProviderTrouble("id_token: nonce")
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity | None:
        """By email only if the provider has verified that it is theirs."""
        email = str(claims.get("email", "")).lower() if claims.get("email_verified") is True else ""
        people = self._application.people
        return people.get(email) or people.get(str(claims["sub"]))

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        """The key of that name; providers change theirs now and then."""
        for fresh in (False, True):
            if self._keys is None or fresh:
                try:
                    self._keys = jwt.PyJWKSet.from_dict(dict(await self._ask("GET", (await self._known())["jwks_uri"])))
                except _MADE_UP as error:
                    raise ProviderTrouble("jwks") from error
            found = [one for one in self._keys.keys if kid in (None, one.key_id)]
            if found:
                return found[0]
        raise ProviderTrouble("id_token: unknown key")

    async def _known(self) -> Mapping[str, Any]:
        if self._metadata is None:
            where = f"{self._application.issuer}/.well-known/openid-configuration"
            found = await self._ask("GET", where)
            if str(found.get("issuer", "")).rstrip("/") != self._application.issuer:
                raise ProviderTrouble("another issuer")
            if not all(
                isinstance(found.get(one), str) for one in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            ):
                raise ProviderTrouble("no endpoints")
            self._metadata = found
        return self._metadata

    async def _ask(self, method: str, url: str, **how: Any) -> Mapping[str, Any]:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as http,
                http.request(method, url, allow_redirects=False, **how) as answer,
            ):
                if answer.status != 200:
                    raise ProviderTrouble(f"HTTP {answer.status}")
                found = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            raise ProviderTrouble(type(error).__name__) from error
        if not isinstance(found, dict):
            raise ProviderTrouble("no object")
        return found


__all__ = ["Application", "Errand", "Provider", "ProviderTrouble"]
