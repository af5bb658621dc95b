"""Signing in with an OpenID provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from adapters.web.dashboard.oidc import Application, Provider
from bot.domain.people import Identity
from bot.storage import Storage
from tests.conftest import ADMIN
from tests.dashboard.conftest import House
from tests.dashboard.provider import CLIENT, SECRET, OpenIdProvider, new_key, running
from tests.dashboard.stage import open_house

ROOT = Identity(platform="fake", user=ADMIN)
PEOPLE = {"root@example.org": ROOT, "sub-root": ROOT, "ada@example.org": Identity(platform="fake", user="ada")}
VERIFIED = {"sub": "1", "email": "Root@example.org", "email_verified": True}


@asynccontextmanager
async def visited(storage: Storage, provider: OpenIdProvider, secret: str = SECRET) -> AsyncIterator[House]:
    """A house whose doors the provider opens too."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with running(provider), aiohttp.ClientSession(cookie_jar=jar) as http:
        application = Application(
            issuer=provider.url, client_id=CLIENT, client_secret=secret, people=PEOPLE, redirect=""
        )
        async with open_house(storage, application) as (core, url):
            yield House(core=core, url=url, http=http)


async def come_in(house: House) -> tuple[int, str]:
    """As a browser does: there and back again."""
    async with house.http.get(f"{house.url}/oidc") as answer:
        return answer.status, await answer.text()


async def test_an_admin_whom_the_provider_knows_gets_in(storage: Storage) -> None:
    async with visited(storage, OpenIdProvider(claims=VERIFIED)) as house:
        assert "Sign in with 127.0.0.1" in (await house.get())[1]
        status, page = await come_in(house)
        assert (status, "<nav" in page) == (200, True)
        async with storage.begin() as work:
            (entry,) = await work.audit.last(1)
    assert (entry.action, entry.actor, entry.facts) == ("dashboard.enter", "fake:root", {"by": "oidc"})


async def test_a_subject_names_somebody_too(storage: Storage) -> None:
    async with visited(storage, OpenIdProvider(claims={"sub": "sub-root"})) as house:
        assert "<nav" in (await come_in(house))[1]


@pytest.mark.parametrize(
    "claims",
    [
        {**VERIFIED, "email_verified": False},
        {"sub": "1", "email": "root@example.org"},
        {"sub": "1", "email": "root@example.org", "email_verified": "true"},
        {"sub": "1", "email": "mallory@example.org", "email_verified": True},
        {"sub": "1", "email": "ada@example.org", "email_verified": True},
    ],
)
async def test_nobody_else_gets_in(storage: Storage, claims: dict[str, Any]) -> None:
    async with visited(storage, OpenIdProvider(claims=claims)) as house:
        status, page = await come_in(house)
        assert (status, "not as an admin" in page) == (403, True)
        assert "<nav" not in (await house.get())[1]


LONG_AGO = datetime.now(UTC) - timedelta(hours=2)


@pytest.mark.parametrize(
    "twist",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": LONG_AGO},
        {"iat": datetime.now(UTC) + timedelta(hours=2)},
        {"exp": None},
    ],
)
async def test_a_token_that_is_not_for_us_is_refused(storage: Storage, twist: dict[str, Any]) -> None:
    async with visited(storage, OpenIdProvider(claims=VERIFIED, twist=twist)) as house:
        assert (await come_in(house))[0] == 502


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_a_token_without_a_signature_of_its_own_is_refused(storage: Storage, algorithm: str) -> None:
    async with visited(storage, OpenIdProvider(claims=VERIFIED, algorithm=algorithm)) as house:
        assert (await come_in(house))[0] == 502


async def test_a_token_signed_by_somebody_else_is_refused(storage: Storage) -> None:
    async with visited(storage, OpenIdProvider(claims=VERIFIED, known=new_key())) as house:
        assert (await come_in(house))[0] == 502


async def test_a_provider_may_change_its_keys(storage: Storage) -> None:
    provider = OpenIdProvider(claims=VERIFIED)
    async with visited(storage, provider) as house:
        await come_in(house)
        provider.signing, provider.kid = new_key(), "two"
        assert "<nav" in (await come_in(house))[1]


async def test_a_wrong_secret_is_trouble_and_no_way_in(storage: Storage) -> None:
    async with visited(storage, OpenIdProvider(claims=VERIFIED), secret="wrong") as house:
        assert (await come_in(house))[0] == 502


@pytest.mark.parametrize("query", ["", "?code=x&state=y", "?state=", "?error=access_denied"])
async def test_whoever_was_not_sent_there_does_not_come_back(storage: Storage, query: str) -> None:
    async with visited(storage, OpenIdProvider(claims=VERIFIED)) as house:
        assert (await house.get(f"/oidc/back{query}"))[0] == 403


async def test_without_a_provider_there_is_no_such_way(house: House) -> None:
    assert (await house.get("/oidc"))[0] == 404


async def test_a_provider_that_is_away_is_told(storage: Storage) -> None:
    provider = Provider(
        Application(issuer="http://127.0.0.1:9", client_id=CLIENT, client_secret=None, people={}, redirect="")
    )
    assert provider.name == "127.0.0.1"
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http, open_house(storage, provider._application) as (core, url):
        status, page = await House(core=core, url=url, http=http).get("/oidc")
    assert (status, "did not answer as it should" in page) == (502, True)
