"""A PostgreSQL and a Redis of one's own, to be restarted, cut off and emptied: shared ones are nobody's to break."""

import asyncio
import os
import shutil
import socket
import tempfile
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest


def _tool(name: str) -> str:
    """Where a program of PostgreSQL is: Debian keeps them off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = str(places[0]) if places else shutil.which(name)
    if not found:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is missing")
        pytest.skip(f"needs {name}")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    if await process.wait():
        raise RuntimeError(f"{command} ended with {process.returncode}")


class PostgresServer:
    """One in a folder of its own, without a password, for the time of the block."""

    def __init__(self) -> None:
        # Not in a test's own folder, which only root may enter when root runs the tests.
        self._folder = Path(tempfile.mkdtemp(prefix="parley-postgres-"))
        self._port = free_port()
        # It refuses to run as root.
        self._as = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"

    async def __aenter__(self) -> Self:
        if self._as:
            shutil.chown(self._folder, "postgres")
        await _run(*self._as, _tool("initdb"), "-D", f"{self._folder}/data", "-U", "postgres", "-A", "trust")
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop("immediate")
        shutil.rmtree(self._folder)

    async def start(self) -> None:
        sockets = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        await self._control("-w", "-l", f"{self._folder}/log", "-o", sockets, "start")

    async def stop(self, mode: str = "fast") -> None:
        await self._control("-m", mode, "stop")

    async def restart(self, seconds: float = 0.0) -> None:
        """Go, stay away for so long, and come back."""
        await self.stop()
        await asyncio.sleep(seconds)
        await self.start()

    async def cut(self) -> None:
        """Break every connection."""
        url = self.url.replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as admin:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    async def _control(self, *arguments: str) -> None:
        await _run(*self._as, _tool("pg_ctl"), "-D", f"{self._folder}/data", *arguments)


class RedisServer:
    """One that keeps nothing on disk, for the time of the block."""

    def __init__(self) -> None:
        self._port = free_port()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def start(self) -> None:
        program = shutil.which("redis-server")
        if not program:
            pytest.skip("needs redis-server")
        self._process = await asyncio.create_subprocess_exec(
            program, "--port", str(self._port), "--save", "", "--bind", "127.0.0.1", stdout=DEVNULL
        )
        async with asyncio.timeout(30):
            while not await self._listens():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def flush(self) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"FLUSHALL\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
