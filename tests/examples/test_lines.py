"""A platform in a package of its own, before an endpoint of one's own: `parley serve` with nothing else."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.conftest import EXAMPLES, surroundings
from tests.processes import free_port, running

PATIENCE = 40.0


@pytest.fixture(scope="module")
def port(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where `parley serve` listens for lines."""
    folder, lines, endpoint = tmp_path_factory.mktemp("serve"), free_port(), free_port()
    models = (EXAMPLES / "endpoint/models.toml").read_text("utf-8")
    (folder / "models.toml").write_text(models.replace(":9000/", f":{endpoint}/"), "utf-8")
    environment = surroundings(installed, folder, {"LINES_PORT": str(lines), "PARLEY_MODELS": "models.toml"})
    model = [sys.executable, str(EXAMPLES / "endpoint/server.py"), str(endpoint)]
    serve = [sys.executable, "-m", "bot", "serve"]
    with (
        running(model, endpoint, patience=PATIENCE, log=folder / "model.log"),
        running(serve, lines, patience=PATIENCE, environment=environment, folder=folder, log=folder / "bot.log"),
    ):
        yield lines


class Person:
    """Somebody with `nc`."""

    def __init__(self, port: int, name: str) -> None:
        self._port = port
        self._name = name

    async def comes(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.says(self._name)

    def says(self, line: str) -> None:
        self._writer.write(f"{line}\n".encode())

    async def reads(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return (await self._reader.readline()).decode().strip()

    async def leaves(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def test_what_is_said_is_answered_by_the_endpoint(port: int) -> None:
    ada = Person(port, "ada")
    await ada.comes()
    ada.says("one two three")
    assert await ada.reads() == "three two one"
    await ada.leaves()


async def test_who_left_before_the_answer_gets_it_when_they_are_back(port: int) -> None:
    ben, eve = Person(port, "ben"), Person(port, "eve")
    await ben.comes()
    ben.says("who was here")
    await ben.leaves()
    await eve.comes()
    eve.says("not me")
    assert await eve.reads() == "me not"
    await eve.leaves()
    await ben.comes()
    assert await ben.reads() == "here was who"
    await ben.leaves()
