"""Goes through the Dockerfile without a container engine: its steps, in its order, in a folder that plays the root.

    python3 deploy/rehearse.py [FOLDER]

What it shows: the wheel is built from what the Dockerfile copies and nothing else, the locked dependencies install with
their hashes into a fresh environment, and the result runs as somebody who is not root, may write to /data and /tmp
only, and answers the health check. What it cannot show: the base image, and what a container engine isolates.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
ABSOLUTE = re.compile(r"(?<![\w./:-])/(opt|src|data)\b")
NOBODY = 65534
PORT = 18080


class Rehearsal:
    """One pass through a Dockerfile, with `root` in place of /."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root
        (root / "tmp").mkdir(parents=True)
        self.environment = {"PATH": f"{_pythons(root)}:{os.environ['PATH']}", "HOME": str(root / "tmp")}
        self.said: dict[str, list[str]] = {}

    def inside(self, text: str) -> str:
        """The same with absolute paths below our root."""
        return ABSOLUTE.sub(lambda found: f"{self.root}/{found[1]}", text)

    def step(self, what: str, rest: str) -> None:
        print(f"  {what} {rest[:100]}", flush=True)
        match what:
            case "WORKDIR":
                self.folder = Path(self.inside(rest))
                self.folder.mkdir(parents=True, exist_ok=True)
            case "COPY":
                self.copy(rest.split())
            case "RUN" if not rest.startswith("useradd"):
                self.run(self.inside(rest))
            case "ENV":
                name, _, value = rest.partition("=")
                self.environment[name] = self.inside(value)
            case "ENTRYPOINT" | "CMD":
                self.said[what] = json.loads(rest)
            case "HEALTHCHECK":
                self.said[what] = json.loads(rest.partition("CMD ")[2])

    def run(self, command: str) -> None:
        # This machine's proxies and certificates, as a container engine is told them.
        environment = os.environ | self.environment
        subprocess.run(command, shell=True, cwd=self.folder, env=environment, check=True)

    def copy(self, words: list[str]) -> None:
        if words[0].startswith("--from="):
            return  # one root plays both stages
        *sources, target = words
        for source in sources:
            place = self.folder / target if len(sources) == 1 else self.folder / target / source
            if (REPOSITORY / source).is_dir():
                shutil.copytree(REPOSITORY / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(REPOSITORY / source, place)


def _pythons(root: Path) -> Path:
    """A folder whose `python` anybody may run; one in root's home is of no use to nobody."""
    usual = (Path("/usr/local/bin/python3"), Path("/usr/bin/python3"), Path(sys.executable))
    folder = root / "python"
    folder.mkdir()
    (folder / "python").symlink_to(next(one for one in usual if one.exists()))
    return folder


def steps(dockerfile: str) -> Iterator[tuple[str, str]]:
    for line in dockerfile.splitlines():
        what, _, rest = line.strip().partition(" ")
        if what.isupper():
            yield what, rest


def serve(rehearsal: Rehearsal) -> None:
    """Run what the image runs, as nobody and without a platform that answers, and ask as the health check does."""
    data = rehearsal.root / "data"
    for folder in (data, rehearsal.root / "tmp"):
        folder.mkdir(exist_ok=True)
        os.chown(folder, NOBODY, NOBODY) if os.getuid() == 0 else None
    environment = rehearsal.environment | {
        "MPLCONFIGDIR": str(rehearsal.root / "tmp"),
        "HTTP_PORT": str(PORT),
        "TELEGRAM_BOT_TOKEN": "100:REHEARSAL",
        "TELEGRAM_API_URL": "http://127.0.0.1:9",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "MODEL": "none",
    }
    program = [*rehearsal.said["ENTRYPOINT"], *rehearsal.said["CMD"]]
    program[0] = str(rehearsal.root / "opt/parley/bin" / program[0])
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    process = subprocess.Popen(program, cwd=data, env=environment, **as_nobody)  # type: ignore[call-overload]
    try:
        assert ask("/healthz") == 200, "alive"
        assert ask("/readyz") == 503, "and not ready: no platform answers"
    finally:
        process.terminate()
    assert process.wait(30) == 0, "ends in order"
    assert (data / "data" / "parley.db").stat().st_uid != 0 or os.getuid() != 0


def ask(path: str) -> int:
    for _ in range(120):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=3).status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(path)


def main(folder: Path) -> None:
    rehearsal = Rehearsal(folder)
    for what, rest in steps((REPOSITORY / "Dockerfile").read_text("utf-8")):
        rehearsal.step(what, rest)
    for path in (folder / "opt").rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    serve(rehearsal)
    print("The image's steps work: built, installed, run as nobody on a read-only tree, healthy, ended in order.")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).absolute())
    else:
        with tempfile.TemporaryDirectory() as root:
            Path(root).chmod(0o755)
            main(Path(root))
