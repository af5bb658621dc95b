"""A small OpenID provider: discovery, keys, authorization and tokens, as strict as the real ones."""

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "parley", "s3cret"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(slots=True, kw_only=True)
class OpenIdProvider:
    """Whoever comes is `claims`. What it signs is changed by `twist`, for those who must not believe everything."""

    claims: dict[str, Any]
    twist: dict[str, Any] = field(default_factory=dict)
    signing: rsa.RSAPrivateKey = field(default_factory=new_key)
    known: rsa.RSAPrivateKey | None = None
    kid: str = "one"
    algorithm: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    url: str = ""

    async def discovery(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def keys(self, _request: web.Request) -> web.Response:
        public = (self.known or self.signing).public_key()
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)
        return web.json_response({"keys": [{**jwk, "kid": self.kid, "use": "sig", "alg": "RS256"}]})

    async def authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        if asked["client_id"] != CLIENT or asked["response_type"] != "code" or "openid" not in asked["scope"].split():
            return web.Response(status=400)
        if asked["code_challenge_method"] != "S256" or not asked["nonce"]:
            return web.Response(status=400)
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        raise web.HTTPFound(f"{asked['redirect_uri']}?{back}")

    async def token(self, request: web.Request) -> web.Response:
        """Each code once, for the client that asked, with the verifier it announced."""
        given = dict(await request.post())
        asked = self.codes.pop(str(given.get("code")), None)
        if asked is None or request.headers.get("Authorization") != aiohttp.encode_basic_auth(CLIENT, SECRET):
            return web.json_response({"error": "invalid_grant"}, status=400)
        challenge = base64.urlsafe_b64encode(sha256(str(given["code_verifier"]).encode()).digest()).rstrip(b"=")
        if challenge.decode() != asked["code_challenge"] or given["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"token_type": "Bearer", "access_token": "x", "id_token": self._signed(asked)})

    def _signed(self, asked: dict[str, str]) -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "nonce": asked["nonce"],
            **self.claims,
            **self.twist,
        }
        key = "x" * 64 if self.algorithm == "HS256" else None if self.algorithm == "none" else self.signing
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": self.kid})  # type: ignore[arg-type]


@asynccontextmanager
async def running(provider: OpenIdProvider) -> AsyncIterator[OpenIdProvider]:
    application = web.Application()
    application.add_routes(
        [
            web.get("/.well-known/openid-configuration", provider.discovery),
            web.get("/keys", provider.keys),
            web.get("/authorize", provider.authorize),
            web.post("/token", provider.token),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield provider
    finally:
        await runner.cleanup()
