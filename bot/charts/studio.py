"""Has charts drawn by a process of their own, so that the bot itself stays small and never waits for it."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

import structlog

from bot.charts.parcels import unpacked
from bot.charts.values import Chart, Words
from bot.domain.updates import File
from bot.errors import PictureFailed

_log = structlog.get_logger(__name__)

_SECONDS = 30.0
"""The first chart on a machine takes some: matplotlib makes a list of all fonts."""

_NEEDED = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "MPLCONFIGDIR", "SYSTEMROOT")
"""All that the process inherits: tokens and keys are none of its business."""


class Studio:
    """Draws one chart after the other."""

    def __init__(self) -> None:
        self._desk = asyncio.Semaphore(1)

    @property
    def open(self) -> bool:
        """Whether charts can be drawn at all: matplotlib is an optional dependency."""
        return find_spec("matplotlib") is not None

    async def picture(self, name: str, chart: Chart, words: Words) -> File:
        """A chart as a PNG for a chat; `name` without an ending. Raises PictureFailed."""
        content = await self.draw(chart, words, "png")
        return File(name=f"{name}.png", content=content, media_type="image/png")

    async def draw(self, chart: Chart, words: Words, kind: str, tone: str = "light") -> bytes:
        """A chart as `png` or `svg`, for a `light` or a `dark` ground. Raises PictureFailed."""
        (drawn,) = await self.draw_all([chart], words, kind, tone)
        return drawn

    async def draw_all(self, charts: Sequence[Chart], words: Words, kind: str, tone: str = "light") -> list[bytes]:
        """Several at once: what takes most of the time is loading matplotlib. Raises PictureFailed.

        Never called inside of a transaction: it takes a second.
        """
        if not self.open:
            raise PictureFailed
        asked = json.dumps([chart.to_json(words) for chart in charts]).encode()
        async with self._desk:
            return unpacked(await self._drawn(asked, kind, tone))

    async def _drawn(self, charts: bytes, kind: str, tone: str) -> bytes:
        environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.charts", kind, tone, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
        )
        try:
            async with asyncio.timeout(_SECONDS):
                picture, trouble = await process.communicate(charts)
        except TimeoutError:
            raise PictureFailed from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode or not picture:
            _log.error("chart_not_drawn", reason=trouble.decode(errors="replace")[-500:])
            raise PictureFailed
        return picture
