"""Previews: paced, the newest wins, and never in the way of the answer."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from bot.domain.updates import Button
from bot.errors import PlatformBusy
from bot.ports import Part, Ref
from bot.streaming import Preview


class SlowReply:
    """Each show takes a while; what is shown meanwhile is the next show's business."""

    def __init__(self, takes: float = 0.0, interval: float = 0.0) -> None:
        self.interval = interval
        self.ref: Ref | None = None
        self.shown: list[str] = []
        self.times: list[float] = []
        self.error: Exception | None = None
        self._takes = takes

    async def show(self, text: str, *, waiting: str = "") -> None:
        await asyncio.sleep(self._takes)
        if self.error:
            raise self.error
        self.shown.append(text)
        self.times.append(asyncio.get_running_loop().time())

    def parts(self, text: str, buttons: Sequence[Button] = ()) -> list[Part]:
        return [{"text": text}]

    async def close(self) -> None:
        return


async def nothing(_ref: Ref) -> None:
    return


async def test_thinking_is_shown_before_the_first_word() -> None:
    reply = SlowReply()
    async with Preview(reply, nothing):
        await asyncio.sleep(0.01)
    assert reply.shown == [""]


async def test_a_slow_platform_sees_fewer_and_newer_texts() -> None:
    reply = SlowReply(takes=0.03)
    async with Preview(reply, nothing) as preview:
        for _ in range(50):
            preview.feed("x")
            await asyncio.sleep(0.002)
    assert len(reply.shown) < 10
    assert reply.shown == sorted(reply.shown, key=len)


async def test_previews_keep_their_interval() -> None:
    reply = SlowReply(interval=0.05)
    async with Preview(reply, nothing) as preview:
        for _ in range(40):
            preview.feed("x")
            await asyncio.sleep(0.005)
    gaps = [later - earlier for earlier, later in pairwise(reply.times[1:])]
    assert gaps
    assert min(gaps) > 0.045


async def test_feeding_never_waits_for_the_platform() -> None:
    reply = SlowReply(takes=0.2)
    async with Preview(reply, nothing) as preview:
        before = asyncio.get_running_loop().time()
        for _ in range(1000):
            preview.feed("x")
        assert asyncio.get_running_loop().time() - before < 0.1
        assert preview.text == "x" * 1000


async def test_a_show_on_its_way_ends_before_the_answer_follows() -> None:
    reply = SlowReply(takes=0.05)
    async with Preview(reply, nothing) as preview:
        await asyncio.sleep(0.06)
        preview.feed("almost done")
        await asyncio.sleep(0.01)
    assert reply.shown == ["", "almost done"]


async def test_a_refused_preview_ends_previews_and_not_the_turn() -> None:
    reply = SlowReply()
    reply.error = PlatformBusy(retry_after=300)
    async with Preview(reply, nothing) as preview:
        await asyncio.sleep(0.01)
        preview.feed("still here")
    assert preview.text == "still here"


async def test_a_new_ref_is_remembered_at_once() -> None:
    remembered: list[Ref] = []

    async def remember(ref: Ref) -> None:
        remembered.append(ref)

    reply = SlowReply()
    reply.ref = None
    async with Preview(reply, remember) as preview:
        await asyncio.sleep(0.01)
        reply.ref = {"message": 5}
        preview.feed("x")
        await asyncio.sleep(0.01)
        preview.feed("y")
        await asyncio.sleep(0.01)
    assert remembered == [{"message": 5}]
