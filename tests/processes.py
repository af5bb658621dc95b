"""Servers of somebody else's, run beside the tests."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    *,
    patience: float,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    log: Path,
) -> Iterator[None]:
    """Runs a server that listens on `port`, within `patience` seconds, in `folder`; what it says goes into `log`."""
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out)
        try:
            _wait_for(port, server, patience, log)
            yield
        finally:
            server.terminate()
            server.wait(10)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], patience: float, log: Path) -> None:
    ends = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > ends:
                raise AssertionError(log.read_text("utf-8", "replace")[-2000:]) from None
            time.sleep(0.1)
        else:
            return
