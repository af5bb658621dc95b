"""The charts of pages: those of one page are drawn together, and kept, for the same numbers are the same picture."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from hashlib import sha256

from bot.charts.studio import Studio
from bot.charts.values import Words
from bot.dashboard.values import Picture
from bot.ports import Clock

_MOST = 200
"""Charts that are kept, some 30 KB each."""


_FRESH = 60.0
"""Seconds for which the numbers of a page's charts are those that the page was made of."""


class Album:
    """What was drawn lately, in this process, and what was to be drawn."""

    def __init__(self, studio: Studio, clock: Clock) -> None:
        self._studio = studio
        self._clock = clock
        self._pages: OrderedDict[Hashable, tuple[float, Sequence[Picture]]] = OrderedDict()
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._desk = asyncio.Lock()

    def keep(self, page: Hashable, pictures: Sequence[Picture]) -> None:
        """A page was made: its charts are asked for next, and need not be counted again."""
        if pictures:
            self._pages[page] = self._clock.monotonic(), pictures
            self._pages.move_to_end(page)
            while len(self._pages) > _MOST:
                self._pages.popitem(last=False)

    def kept(self, page: Hashable) -> Sequence[Picture]:
        """The charts of a page that was made just now; nothing if it was not."""
        made, pictures = self._pages.get(page, (0.0, ()))
        return pictures if self._clock.monotonic() - made < _FRESH else ()

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
