"""Sends steps over one connection at a pace.

Each stream sleeps on its own, never for less than `GRAIN`, and after a sleep sends all that has come due in
one write. A hundred streams cost a hundred short wake-ups per grain, whatever their pace.
"""

import asyncio

from aiohttp import web

from bot.llm.emulator.cards import Pace
from bot.llm.emulator.draft import Piece
from bot.llm.emulator.requests import Exchange
from bot.llm.emulator.wire import DONE, Event, Frame, Open, Steps

#: Seconds. The loop's timers cost more than they are worth below this.
GRAIN = 0.025
#: Bytes gathered before a write, when nothing makes the stream wait.
BATCH = 32 * 1024


class Player:
    """One response being sent. Records in the exchange what left, and when."""

    def __init__(self, *, http: web.Request, exchange: Exchange, pace: Pace, headers: dict[str, str]) -> None:
        self._http = http
        self._exchange = exchange
        self._pace = pace
        self._headers = headers
        self._clock = asyncio.get_running_loop().time
        self._response = web.StreamResponse(headers=headers)
        self._due = self._clock()
        self._gathered: list[bytes] = []
        self._size = 0

    async def play(self, steps: Steps) -> web.StreamResponse:
        for step in steps:
            if isinstance(step, Frame):
                await self._send(step)
            elif isinstance(step, Open):
                await self._open(step)
            else:
                await self._happen(step)
        await self._flush()
        if self._response.prepared:
            await self._response.write_eof()
        self._exchange.state = "finished"
        return self._response

    async def _open(self, step: Open) -> None:
        self._response.headers["Content-Type"] = step.content_type
        await self._response.prepare(self._http)
        self._exchange.state = "streaming"

    async def _send(self, frame: Frame) -> None:
        if frame.piece is not None:
            await self._turn()
            self._record(frame.piece)
        if frame.payload:
            self._exchange.begun = True
            self._exchange.concluded = frame.payload == DONE
            self._gathered.append(frame.payload)
            self._size += len(frame.payload)
        if self._size >= BATCH:
            await self._flush()

    async def _turn(self) -> None:
        """Wait until the next word is due."""
        self._due += self._pace.interval
        wait = self._due - self._clock()
        if wait > 0:
            await self._flush()
            await asyncio.sleep(max(wait, GRAIN))

    def _record(self, piece: Piece) -> None:
        self._exchange.pieces.append(piece.text)
        self._exchange.completion_tokens += piece.tokens

    async def _flush(self) -> None:
        if not self._gathered:
            return
        payload = b"".join(self._gathered)
        self._gathered.clear()
        self._size = 0
        await self._response.write(payload)

    async def _happen(self, event: Event) -> None:
        await self._flush()
        if event is Event.THINK:
            await asyncio.sleep(self._pace.first_token)
            self._due = self._clock() - self._pace.interval  # the first word waits for nothing else
        elif event is Event.HOLD:
            # Ends when the client hangs up: the server cancels its handlers then.
            await asyncio.Event().wait()
        else:
            self._exchange.state = "cut"
            hang_up(self._http)
            raise ConnectionResetError("cut by a fault")


def hang_up(http: web.Request) -> None:
    """Close the connection after what is already written, without the end of the body."""
    if http.transport is not None:
        http.transport.close()
