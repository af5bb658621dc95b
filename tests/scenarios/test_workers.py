"""Several processes on one database: in order, one at a time, once; whatever happens to one of them."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.telegram.emulator import Person
from bot.storage.tables import ChargeState, InboxState, LaneState, OutboxState
from tests.databases import on, rows
from tests.scenarios.cluster import LEASE, Cluster, answer, cluster, question

pytestmark = [on("postgresql"), pytest.mark.slow, pytest.mark.timeout(120)]

PUT = """
import asyncio, random, sys
from bot.clock import SystemClock
from bot.domain.updates import Arrival
from bot.inbox import Inbox
from bot.storage import Storage

async def main():
    storage = Storage.open(sys.argv[1])
    inbox = Inbox(storage, SystemClock())
    events = [number for number in range(50) for _ in range(4)]
    random.shuffle(events)
    async def put(number):
        lane = str(number % 7)
        await inbox.accept([Arrival(source="fake:bot", event=str(number), lane=lane, order=number, payload={})])
    await asyncio.gather(*(put(number) for number in events))
    await storage.close()

asyncio.run(main())
"""


def once(scene: Cluster, people: Sequence[Person]) -> None:
    """Each was answered, once."""
    assert [scene.said_by_bot(one) for one in people] == [[answer(question(one))] for one in people]


def at_rest(url: str, turns: int) -> None:
    """Nothing is left to do but chores, and the books say what was done."""
    lanes = "SELECT DISTINCT state, pending FROM lane WHERE key LIKE 'telegram%'"
    assert rows(url, lanes) == [(LaneState.IDLE, 0)]
    arrivals = "SELECT state, count(*) FROM inbox WHERE source LIKE 'telegram%' GROUP BY 1"
    assert rows(url, arrivals) == [(InboxState.DONE, turns)]
    assert rows(url, "SELECT state, count(*) FROM outbox GROUP BY 1") == [(OutboxState.SENT, turns)]
    assert rows(url, "SELECT state, count(*) FROM charge GROUP BY 1") == [(ChargeState.SETTLED, turns)]


def test_600_puts_of_50_events_by_three_processes_store_50(database_url: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", PUT, database_url]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert rows(database_url, "SELECT count(*), count(DISTINCT event) FROM inbox") == [(50, 50)]
    assert rows(database_url, "SELECT sum(pending) FROM lane") == [(50,)]


async def test_three_workers_answer_everybody_in_order_and_once(tmp_path: Path, database_url: str) -> None:
    async with cluster(tmp_path, database_url, ["all"] * 3) as scene:
        people = scene.people(12)
        for number in (1, 2, 3):
            for person in people:
                person.says(question(person, number))
        await scene.answered(people, 3)
        assert await scene.end() == [0, 0, 0]

        for person in people:
            assert scene.said_by_bot(person) == [answer(question(person, number)) for number in (1, 2, 3)]
        assert {call.status for call in scene.telegram.calls} == {200}, "one process polls"
        workers = rows(database_url, "SELECT count(DISTINCT duty) FROM leadership")
        assert workers == [(0,)], "duties are handed over at the end"
        at_rest(database_url, 36)


async def test_what_a_killed_worker_was_saying_is_said_once_by_others(tmp_path: Path, database_url: str) -> None:
    async with cluster(tmp_path, database_url, ["all"] * 3) as scene:
        people = scene.people(12)
        for person in people:
            person.says(question(person))
        await scene.all_streaming(12)
        await scene.bots[0].kill()
        await scene.answered(people)
        assert await scene.end() == [-9, 0, 0]

        once(scene, people)
        at_rest(database_url, 12)


async def test_a_worker_that_stands_still_for_longer_than_its_lease_is_replaced_and_then_silent(
    tmp_path: Path, database_url: str
) -> None:
    async with cluster(tmp_path, database_url, ["all"] * 3) as scene:
        people = scene.people(12)
        for person in people:
            person.says(question(person))
        await scene.all_streaming(12)
        await asyncio.gather(scene.bots[0].pause(2 * LEASE), scene.answered(people))
        await asyncio.sleep(1)  # it is awake again, and might say something
        assert await scene.end() == [0, 0, 0]

        once(scene, people)
        at_rest(database_url, 12)


async def test_a_rolling_restart_loses_and_doubles_nothing(tmp_path: Path, database_url: str) -> None:
    async with cluster(tmp_path, database_url, ["all"] * 2) as scene:
        people = scene.people(12)

        async def talk() -> None:
            for person in people:
                person.says(question(person))
                await asyncio.sleep(0.4)

        talking = asyncio.create_task(talk())
        for bot in scene.bots:
            await asyncio.sleep(1)
            assert await bot.stop() == 0
            await bot.start()
            await bot.serving(times=2)
        await talking
        await scene.answered(people)
        assert await scene.end() == [0, 0]

        once(scene, people)
        at_rest(database_url, 12)


async def test_one_process_takes_in_and_two_work_and_stop_reaches_them(tmp_path: Path, database_url: str) -> None:
    async with cluster(tmp_path, database_url, ["ingest", "work", "work"]) as scene:
        ada, *others = scene.people(6)
        for person in (ada, *others):
            person.says(question(person))
        await scene.all_streaming(6)
        ada.says("/stop")
        await scene.answered([ada], 2)
        assert len(scene.streaming()) == 5, "the others go on"
        await scene.answered(others)
        assert await scene.end() == [0, 0, 0]

        assert any(text.endswith("⏹ Stopped.") for text in scene.said_by_bot(ada))
        once(scene, others)
