"""A hostile person in a process of their own: so many signed events a second, from one person, to a bot's HTTP address.

    python -m benchmarks.flood telegram|slack URL SECRET --rate 1000 --seconds 10

Prints how many were answered by 200. The events are real ones: somebody asks a question, each time another one.
"""

import argparse
import asyncio
import itertools
import json
import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import uvloop

from adapters.slack.emulator.signing import signed_headers
from adapters.telegram.webhook import SECRET_HEADER

MALLORY = 666
"""On Telegram; on Slack it is U666."""
CONNECTIONS = 100
_TICK = 0.01
_LENGTH = re.compile(rb"content-length: (\d+)")

Event = tuple[bytes, Mapping[str, str]]


def telegram_message(number: int) -> dict[str, object]:
    """What Mallory says, in as many groups as a webhook has connections: within a chat Telegram waits for each."""
    chat = {"id": -1000 - number % CONNECTIONS, "type": "supergroup", "title": "Flooded"}
    mallory = {"id": MALLORY, "is_bot": False, "first_name": "Mallory"}
    message = {"message_id": number, "date": 1, "chat": chat, "from": mallory, "text": f"/new {number}"}
    return message | {"entities": [{"type": "bot_command", "offset": 0, "length": 4}]}


def telegram_event(secret: str, number: int) -> Event:
    body = json.dumps({"update_id": 10_000_000 + number, "message": telegram_message(number)}).encode()
    return body, {SECRET_HEADER: secret, "Content-Type": "application/json"}


def slack_event(secret: str, number: int) -> Event:
    now = time.time()
    event = {"type": "message", "channel": "D666", "channel_type": "im", "user": f"U{MALLORY}", "ts": f"{now:.6f}"}
    event["text"] = f"Question {number}"
    outer = {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{number}", "event": event}
    body = json.dumps(outer).encode()
    return body, {**signed_headers(secret, int(now), body), "Content-Type": "application/json"}


EVENTS: Mapping[str, Callable[[str, int], Event]] = {"telegram": telegram_event, "slack": slack_event}


async def flood(url: str, event: Callable[[int], Event], rate: int, seconds: float) -> int:
    """As many as can be delivered, at most `rate` a second; how many were taken.

    Requests are written by hand: a client library would take the processor from whom it floods.
    """
    taken, numbers = 0, itertools.count(time.time_ns() // 1_000_000)
    due: asyncio.Queue[None] = asyncio.Queue(maxsize=rate)
    address = urlsplit(url)

    async def deliver() -> None:
        nonlocal taken
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while True:
            await due.get()
            body, headers = event(next(numbers))
            fields = {"Host": address.netloc, "Content-Length": str(len(body)), **headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            writer.write(f"POST {address.path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            taken += answer.startswith(b"http/1.1 200")
            if length := _LENGTH.search(answer):
                await reader.readexactly(int(length[1]))

    def wanted() -> None:
        if not due.full():
            due.put_nowait(None)

    senders = [asyncio.create_task(deliver()) for _ in range(CONNECTIONS)]
    await paced(rate, seconds, wanted)
    for sender in senders:
        sender.cancel()
    await asyncio.gather(*senders, return_exceptions=True)
    return taken


async def paced(rate: int, seconds: float, do: Callable[[], object]) -> None:
    """Do something so many times a second."""
    began, done = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        for _ in range(int(passed * rate) - done):
            do()
            done += 1
        await asyncio.sleep(_TICK)


def main() -> None:
    parser = argparse.ArgumentParser(description="A hostile person.")
    parser.add_argument("platform", choices=EVENTS)
    parser.add_argument("url")
    parser.add_argument("secret")
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    event = EVENTS[options.platform]
    print(uvloop.run(flood(options.url, lambda number: event(options.secret, number), options.rate, options.seconds)))


if __name__ == "__main__":
    main()
