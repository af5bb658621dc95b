"""Socket Mode: tickets, connections, envelopes, acknowledgements, redelivery.

Source: docs.slack.dev/apis/events-api/using-socket-mode; envelopes go to a random open connection of the app
(slackapi/bolt-python issue 1071) and come again, to any connection, when nobody acknowledged them in time.
"""

import asyncio
import json
import random
import uuid
from collections import deque
from dataclasses import dataclass, field, replace

from aiohttp import WSCloseCode, WSMsgType, web

from adapters.slack.emulator.delivery import Delivery, Parcel
from adapters.slack.emulator.journal import Journal
from adapters.slack.emulator.values import Json, Timing

MAX_CONNECTIONS = 10
MAX_ATTEMPTS = 3
HOST = "applink-emulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    parcel: Parcel
    id: str
    attempt: int = 0

    def frame(self) -> str:
        retried = {"retry_attempt": self.attempt, "retry_reason": "timeout" if self.attempt else ""}
        return json.dumps(
            {
                "envelope_id": self.id,
                "type": self.parcel.kind,
                "payload": self.parcel.payload,
                "accepts_response_payload": self.parcel.accepts_response,
                **(retried if self.parcel.kind == "events_api" else {}),
            }
        )


@dataclass(slots=True, eq=False)
class Connection:
    socket: web.WebSocketResponse
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    leaving: bool = False
    """A `disconnect` frame was sent: nothing new goes here."""

    async def write(self) -> None:
        while True:
            await self.socket.send_str(await self.outbox.get())


class SocketMode:
    """The app's side of every open connection, and what waits for one."""

    def __init__(self, timing: Timing, delivery: Delivery, journal: Journal, app_id: str) -> None:
        self.connections: list[Connection] = []
        self._timing = timing
        self._delivery = delivery
        self._journal = journal
        self._app_id = app_id
        self._tickets: set[str] = set()
        self._waiting: deque[Envelope] = deque()
        self._unacknowledged: dict[str, tuple[Envelope, asyncio.TimerHandle]] = {}
        self._closing: set[asyncio.Task[object]] = set()

    @property
    def unacknowledged(self) -> int:
        return len(self._unacknowledged) + len(self._waiting)

    def ticket(self) -> str:
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    def send(self, parcel: Parcel) -> None:
        self._post(Envelope(parcel=parcel, id=str(uuid.uuid4())))

    def _post(self, envelope: Envelope) -> None:
        open_now = [connection for connection in self.connections if not connection.leaving]
        if not open_now:
            self._wait(envelope)
            return
        timer = asyncio.get_running_loop().call_later(self._timing.ack_timeout, self._overdue, envelope.id)
        self._unacknowledged[envelope.id] = (envelope, timer)
        random.choice(open_now).outbox.put_nowait(envelope.frame())

    def _wait(self, envelope: Envelope) -> None:
        """Events are kept for the next connection; a command finds nobody at home."""
        if envelope.parcel.accepts_response:
            self._delivery.give_up(envelope.parcel, "dispatch_failed")
        else:
            self._waiting.append(envelope)

    def _overdue(self, envelope_id: str) -> None:
        envelope, _ = self._unacknowledged.pop(envelope_id)
        if envelope.parcel.accepts_response:
            self._delivery.give_up(envelope.parcel, "operation_timeout")
        elif envelope.attempt >= MAX_ATTEMPTS:
            self._delivery.give_up(envelope.parcel, "timeout")
        else:
            self._post(replace(envelope, id=str(uuid.uuid4()), attempt=envelope.attempt + 1))
        self._journal.changed()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="invalid ticket")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(heartbeat=self._timing.ping_interval)
        await socket.prepare(request)
        if len(self.connections) >= MAX_CONNECTIONS:
            await socket.send_str(json.dumps(_disconnect("too_many_websockets")))
            await socket.close()
            return socket
        await self._converse(Connection(socket))
        return socket

    async def _converse(self, connection: Connection) -> None:
        self.connections.append(connection)
        connection.outbox.put_nowait(json.dumps(self._hello()))
        writer = asyncio.create_task(connection.write())
        self._deliver_waiting()
        self._journal.changed()
        try:
            await self._read(connection)
        finally:
            writer.cancel()
            self.connections.remove(connection)
            self._journal.changed()

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is WSMsgType.TEXT:
                self._acknowledge(message.data)

    def _deliver_waiting(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for envelope in waiting:
            self._post(envelope)

    def _acknowledge(self, text: str) -> None:
        """Acks of unknown or overdue envelopes are ignored."""
        try:
            ack = json.loads(text)
        except ValueError:
            return
        if not isinstance(ack, dict) or ack.get("envelope_id") not in self._unacknowledged:
            return
        envelope, timer = self._unacknowledged.pop(ack["envelope_id"])
        timer.cancel()
        envelope.parcel.answered(ack.get("payload") or {})
        self._journal.changed()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": HOST, "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    def disconnect(self, reason: str) -> None:
        """Ask every connection to leave; `warning` leaves it some time, anything else ends it at once."""
        grace = self._timing.warning_grace if reason == "warning" else 0.0
        for connection in self.connections:
            connection.leaving = True
            connection.outbox.put_nowait(json.dumps(_disconnect(reason)))
            asyncio.get_running_loop().call_later(max(grace, 0.05), self._close, connection)

    def cut(self) -> None:
        """Every connection breaks without a word."""
        for connection in self.connections:
            connection.leaving = True
            transport = connection.socket._req and connection.socket._req.transport  # noqa: SLF001 - no public way
            if transport:
                transport.abort()

    def _close(self, connection: Connection) -> None:
        task = asyncio.ensure_future(connection.socket.close(code=WSCloseCode.GOING_AWAY))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def shut(self) -> None:
        for _, timer in self._unacknowledged.values():
            timer.cancel()
        self._unacknowledged.clear()
        for connection in list(self.connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}}
