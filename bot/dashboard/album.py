"""The charts of pages: those of one page are drawn together, and kept, for the same numbers are the same picture."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256

from bot.charts.studio import Studio
from bot.charts.values import Words
from bot.dashboard.values import Picture

_MOST = 200
"""Charts that are kept, some 30 KB each."""


class Album:
    """What was drawn lately, in this process."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._desk = asyncio.Lock()

    async def picture(self, wanted: Picture, page: Sequence[Picture], words: Words, tone: str) -> bytes:
        """One chart of a page as SVG; browsers ask for the others at the same time. Raises PictureFailed."""
        keys = {one.name: _key(one, words, tone) for one in page}
        async with self._desk:
            missing = [one for one in page if keys[one.name] not in self._drawn]
            if missing:
                drawn = await self._studio.draw_all([one.chart for one in missing], words, "svg", tone)
                self._drawn |= {keys[one.name]: picture for one, picture in zip(missing, drawn, strict=True)}
            for key in keys.values():
                self._drawn.move_to_end(key)
            while len(self._drawn) > _MOST:
                self._drawn.popitem(last=False)
            return self._drawn[keys[wanted.name]]


def _key(picture: Picture, words: Words, tone: str) -> str:
    return sha256(json.dumps([picture.chart.to_json(words), tone]).encode()).hexdigest()
