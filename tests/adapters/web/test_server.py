import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from adapters.web.demo import Answering, serve_demo
from bot.entrypoints import demo
from bot.errors import ConfigError
from bot.settings import Settings
from bot.texts.catalogues import Catalogues

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_page_allows_nothing_but_its_own_files(address: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        policy = answer.headers["Content-Security-Policy"]
        page = await answer.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.count("<script") == 2


async def test_the_page_names_the_real_model() -> None:
    answering = Answering(model="</script><b>model", scripted=False)
    catalogues = Catalogues("en", ZoneInfo("UTC"))
    async with (
        serve_demo([], answering, catalogues, port=0) as address,
        aiohttp.ClientSession() as http,
        http.get(address) as answer,
    ):
        page = await answer.text()
    assert '"scripted": false' in page
    assert "\\u003c/script>\\u003cb>model" in page


async def test_a_foreign_name_is_refused(address: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(address, headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
async def test_a_foreign_page_cannot_drive_the_demo(address: str, origin: str | None) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{address}/live", origin=origin)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "said", ["", "[]", "{}", '{"stage": "telegram"}', '{"stage": "slack", "as": "UADA", "room": 1}']
)
async def test_a_senseless_action_is_answered_and_harms_nobody(address: str, said: str) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{address}/live", origin=address) as socket:
        await socket.send_str(said)
        kinds = {""}
        async with asyncio.timeout(20):
            while "problem" not in kinds:
                kinds.add((await socket.receive_json())["kind"])
        assert not socket.closed


async def test_a_taken_port_is_explained(address: str) -> None:
    port = int(address.rpartition(":")[2])
    with pytest.raises(ConfigError) as caught:
        await demo(Settings.load(_env_file=None), asyncio.Event, port=port, announce=print)
    assert "--port" in caught.value.problems[0]


def entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_nothing_of_a_demo_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stop = asyncio.Event()
    async with asyncio.timeout(30):
        await demo(Settings.load(_env_file=None), lambda: stop, port=0, announce=lambda _: stop.set())
    assert entries(tmp_path) == []
