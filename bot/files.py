"""Files of answers, put into a folder: where there is no chat to send them to."""

import contextlib
import itertools
from pathlib import Path

from bot.domain.updates import File


def save(folder: Path, file: File) -> Path:
    """Save a file under its own name, or with a number where that is taken. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    name = Path(file.safe_name)
    for number in itertools.count(1):
        path = folder / (name.name if number == 1 else f"{name.stem}-{number}{name.suffix}")
        with contextlib.suppress(FileExistsError), path.open("xb") as out:
            out.write(file.content)
            return path
    raise AssertionError
