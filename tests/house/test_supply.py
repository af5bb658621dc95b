"""What Parley is made of: the list of it, and asking whether something of it is known to be weak."""

import asyncio
import json
import os
import tomllib
from collections.abc import AsyncIterator, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.house.repository import ROOT, read

UV = ROOT / ".venv/bin/uv"
OUTDATED = {"id": "PYSEC-0000-1", "modified": "2026-01-01T00:00:00Z", "summary": "It answers to strangers."}

pytestmark = pytest.mark.skipif(not UV.exists(), reason="`make` has not installed uv")


class Advisories:
    """A service that speaks OSV's protocol and knows a weakness of some packages."""

    def __init__(self, *weak: str) -> None:
        self._weak = weak
        self.asked: list[str] = []

    async def batch(self, request: web.Request) -> web.Response:
        names = [one["package"]["name"] for one in (await request.json())["queries"]]
        self.asked += names
        return web.json_response({"results": [{"vulns": [OUTDATED]} if one in self._weak else {} for one in names]})

    async def one(self, _request: web.Request) -> web.Response:
        return web.json_response({**OUTDATED, "affected": []})


@pytest.fixture
async def advisories() -> AsyncIterator[tuple[Advisories, str]]:
    service, application = Advisories("pypdf"), web.Application()
    application.router.add_post("/v1/querybatch", service.batch)
    application.router.add_get("/v1/vulns/{id}", service.one)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield service, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def make(*words: str) -> tuple[str, str]:
    """What `make` says, and the trouble it reports."""
    process = await asyncio.create_subprocess_exec(
        "make", "-s", f"UV={UV}", *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "UV_HTTP_RETRIES": "0"},
    )  # fmt: skip
    said, trouble = await process.communicate()
    return said.decode(), trouble.decode()


@cache
def locked() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in tomllib.loads(read("uv.lock"))["package"]}


def needed(of: str = "parley") -> set[str]:
    """Names of what Parley runs with, its extras included, as the lock file leads from one to the next."""
    packages, found, waiting = locked(), set[str](), [of]
    while waiting:
        package = packages[waiting.pop()]
        more = [*package.get("dependencies", ()), *_optional(package)]
        new = {one["name"] for one in more} - found
        found |= new
        waiting += new
    return found


def _optional(package: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (one for group in package.get("optional-dependencies", {}).values() for one in group)


async def test_the_list_names_everything_that_runs_with_version_and_hash(tmp_path: Path) -> None:
    await make("sbom", f"SBOM={tmp_path}/out/parley.cdx.json")
    listed = json.loads((tmp_path / "out/parley.cdx.json").read_text("utf-8"))
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.5")
    parts = {one["name"]: one for one in listed["components"]}
    assert set(parts) == needed()
    assert {name: one["version"] for name, one in parts.items()} == {one: locked()[one]["version"] for one in parts}
    assert all(file["hashes"] for one in parts.values() for file in one["externalReferences"])


async def test_the_list_has_nothing_that_only_tests_need(tmp_path: Path) -> None:
    await make("sbom", f"SBOM={tmp_path}/parley.cdx.json")
    assert '"pytest"' not in (tmp_path / "parley.cdx.json").read_text("utf-8")


async def test_a_known_weakness_is_told(advisories: tuple[Advisories, str]) -> None:
    service, address = advisories
    said, trouble = await make("audit", f"AUDIT=--service-url {address}")
    assert {"aiohttp", "pypdf", "pytest"} <= set(service.asked)
    assert OUTDATED["id"] in said + trouble
    assert "Error 1" in trouble


async def test_an_audit_that_could_not_be_made_passes_for_none() -> None:
    said, trouble = await make("audit", "AUDIT=--service-url http://127.0.0.1:9")
    assert "Nothing was audited" in said
    assert "Error 3" in trouble
