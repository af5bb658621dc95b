"""As compose.yaml puts it together, without containers: two Parleys on PostgreSQL and Redis behind Caddy."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from adapters.slack.emulator import SlackEmulator
from adapters.telegram.emulator import TelegramEmulator
from bot.llm.emulator import ModelEmulator, Pace
from tests.databases import on
from tests.house.repository import read
from tests.processes import free_port, running
from tests.scenarios.process import SERVE, BotProcess, settings
from tests.scenarios.servers import RedisServer

pytestmark = [on("postgresql"), pytest.mark.slow, pytest.mark.timeout(240)]

PATIENCE = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the proxy stands before, and where it listens."""

    slack: SlackEmulator
    bots: list[BotProcess]
    address: str

    async def status(self, path: str) -> int:
        async with aiohttp.ClientSession() as session, session.get(f"{self.address}{path}") as response:
            return response.status

    async def agreed(self) -> None:
        """Wait until the proxy asks only those that are there."""
        async with asyncio.timeout(PATIENCE):
            while {await self.status("/slack/events") for _ in range(20)} != {405}:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.2)

    async def ask(self, member: str, number: int) -> None:
        """Somebody asks in a direct message; return when the answer is there."""
        person = self.slack.person(member, name=member.lower())
        chat = self.slack.dm(person)
        said = f"Question {number} of {member}"
        await person.says(said, channel=chat)
        await self.slack.until(
            lambda: any(f"You said {said}." in str(one) for one in self.slack.messages(chat)), PATIENCE
        )


@contextmanager
def proxy(folder: Path, ports: list[int]) -> Iterator[str]:
    """Caddy with our Caddyfile, to these ports instead of the containers of a service."""
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("needs caddy")
    port, upstreams = free_port(), " ".join(f"127.0.0.1:{one}" for one in ports)
    known = f"to {upstreams}\nhealth_uri /healthz\nhealth_interval 500ms"  # Docker's DNS knows who is there
    ours, replaced = re.subn(r"dynamic a parley 8080 \{.*?\}", known, read("deploy/Caddyfile"), flags=re.DOTALL)
    assert replaced == 1
    config = folder / "Caddyfile"
    config.write_text("{\n\tadmin off\n}\n" + ours)
    homes = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    environment = {**homes, "PATH": os.environ["PATH"], "PARLEY_HOST": f"http://127.0.0.1:{port}"}
    command = [caddy, "run", "--config", str(config), "--adapter", "caddyfile"]
    with running(command, port, patience=PATIENCE, environment=environment, log=folder / "caddy.log"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def scene(tmp_path: Path, database_url: str) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        redis, telegram = await enter(RedisServer()), await enter(TelegramEmulator())
        slack = await enter(SlackEmulator(bot_token="xoxb-test"))
        model = await enter(ModelEmulator(pace=Pace(words_per_second=200)))
        model.answer = lambda request: f"You said {request.said}."
        environment = settings(telegram, model) | {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis.url,
            "LEASE_SECONDS": "2",
            "BURST_SECONDS": "0",
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_SIGNING_SECRET": "s3cret",
            "SLACK_API_URL": slack.url,
        }
        ports, bots = [free_port(), free_port()], []
        for port in ports:
            home = tmp_path / str(port)
            home.mkdir()
            bots.append(await enter(BotProcess(home, environment | {"HTTP_PORT": str(port)}, SERVE)))
        for bot in bots:
            await bot.serving(limit=PATIENCE)
        address = stack.enter_context(proxy(tmp_path, ports))
        scene = Scene(slack=slack, bots=bots, address=address)
        await scene.agreed()
        await slack.http_events(f"{address}/slack/events")
        yield scene


async def test_events_come_in_through_the_proxy_whichever_process_is_there(scene: Scene) -> None:
    for number in range(3):
        await scene.ask("U1", number)
    await scene.bots[0].kill()
    await scene.agreed()
    for number in range(3, 6):
        await scene.ask("U1", number)
    assert await scene.bots[1].stop(60) == 0


async def test_nothing_but_what_platforms_call_can_be_reached_from_outside(scene: Scene) -> None:
    paths = ("/", "/healthz", "/readyz", "/metrics", "/telegram/", "/slack/events/more")
    assert [await scene.status(path) for path in paths] == [404] * len(paths)
    assert await scene.status("/slack/events") == 405, "asked for by GET, and yet passed on"
