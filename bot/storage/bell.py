"""The bell: how processes on one PostgreSQL database wake each other. It rings by NOTIFY, at a commit.

Nobody relies on hearing it: workers look for themselves once a second, and a stop is also seen by whoever renews.
"""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.engine import make_url

from bot.storage.engine import SESSION

WAKE = "parley_wake"
"""Something may be ready to be claimed."""

STOP = "parley_stop"
"""A turn was asked to stop: `epoch:lane`."""

_PAUSE = 1.0

_log = structlog.get_logger(__name__)


async def listen(url: str, on_wake: Callable[[], None], on_stop: Callable[[str, int], None]) -> None:
    """Hear the bell until cancelled, over a connection of its own, which is opened again whenever it breaks.

    `on_stop` is called with lane and epoch.
    """
    from psycopg import AsyncConnection, OperationalError

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await AsyncConnection.connect(address, autocommit=True, **SESSION) as connection:
                await connection.execute(f"LISTEN {WAKE}")
                await connection.execute(f"LISTEN {STOP}")
                on_wake()  # it may have rung before
                async for note in connection.notifies():
                    if note.channel == WAKE:
                        on_wake()
                        continue
                    epoch, _, lane = note.payload.partition(":")
                    if epoch.isdecimal():
                        on_stop(lane, int(epoch))
        except OperationalError as error:
            _log.warning("bell_not_heard", reason=str(error))
        await asyncio.sleep(_PAUSE)
