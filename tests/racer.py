"""A process that reserves on one account as fast as it can, beside others.

`python -m tests.racer DATABASE FIRST_ARRIVAL COUNT`

Prints how many reservations it got, how many it settled and how many it released.
"""

import asyncio
import sys
from zoneinfo import ZoneInfo

from bot.clock import SystemClock
from bot.domain.people import Identity, Sender
from bot.domain.quotas import Amount, Plan, Rule
from bot.domain.windows import Window
from bot.errors import QuotaExceeded
from bot.plans import Plans
from bot.quotas import Demand, Quotas
from bot.storage import Account, Storage

ADA = Sender(identity=Identity(platform="fake", user="ada"), name="Ada")
LIMIT = Rule(meter="messages", window=Window(), limit=100)


async def race(url: str, first: int, count: int) -> tuple[int, int, int]:
    storage = Storage.open(url)
    quotas = Quotas(Plans([Plan(name="free", rules=(LIMIT,))]), ZoneInfo("UTC"), SystemClock())
    async with storage.begin() as work:
        ada = await work.people.meet(ADA)
    arrivals = range(first, first + count)
    got = await asyncio.gather(*(reserve(storage, quotas, ada, arrival) for arrival in arrivals))
    reserved = [arrival for arrival, one in zip(arrivals, got, strict=True) if one]
    for number, arrival in enumerate(reserved):
        async with storage.begin() as work:
            if number % 3:
                await quotas.settle(work, arrival, model="fake/one", used=Amount(messages=1))
            else:
                await quotas.release(work, arrival)
    await storage.close()
    released = len(reserved[::3])
    return len(reserved), len(reserved) - released, released


async def reserve(storage: Storage, quotas: Quotas, ada: Account, arrival: int) -> bool:
    demand = Demand(
        arrival=arrival, chat="", tier="default", model="fake/one", room=1, amount_of=lambda _: Amount(messages=1)
    )
    try:
        async with storage.begin() as work:
            await quotas.reserve(work, ada, demand)
    except QuotaExceeded:
        return False
    return True


if __name__ == "__main__":
    url, first, count = sys.argv[1:]
    sys.stdout.write("{} {} {}\n".format(*asyncio.run(race(url, int(first), int(count)))))
