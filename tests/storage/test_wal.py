"""Group commit: nobody is told before the disk has it, and one sync is for all who wait."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from bot.domain.people import Identity, Sender
from bot.errors import StorageDown
from bot.storage import Storage
from bot.storage.wal import WriteAheadLog
from tests.databases import on


class Disk:
    """A disk that takes its time, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: OSError | None = None) -> None:
        self.idle = threading.Event()
        self.busy = threading.Event()
        self.syncs = 0
        self._error = error
        monkeypatch.setattr("bot.storage.wal._sync_contents", self._sync)

    def _sync(self, file: int) -> None:
        self.busy.set()
        assert self.idle.wait(60)
        self.syncs += 1
        if self._error:
            raise self._error
        os.fsync(file)


async def meet(storage: Storage, number: int) -> None:
    async with storage.begin() as work:
        await work.people.meet(Sender(identity=Identity(platform="fake", user=str(number)), name="Ada"))


@on("sqlite")
async def test_a_transaction_is_over_when_the_disk_has_it(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    meeting = asyncio.create_task(meet(storage, 1))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not meeting.done()
    disk.idle.set()
    await meeting
    assert disk.syncs == 1


async def test_transactions_that_end_meanwhile_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parley.db-wal").touch()
    disk, log = Disk(monkeypatch), WriteAheadLog(str(tmp_path / "parley.db"))
    log.wrote()
    waiting = [asyncio.create_task(log.synced())]
    await asyncio.to_thread(disk.busy.wait, 60)
    for _ in range(50):
        log.wrote()
        waiting.append(asyncio.create_task(log.synced()))
    await asyncio.sleep(0)
    disk.idle.set()
    await asyncio.gather(*waiting)
    assert disk.syncs == 2
    log.close()


@on("sqlite")
async def test_what_need_not_be_kept_at_once_is_kept_with_the_next(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    async with storage.begin(kept=False) as work:
        await work.people.meet(Sender(identity=Identity(platform="fake", user="1"), name="Ada"))
    assert not disk.busy.is_set()
    disk.idle.set()
    await meet(storage, 2)
    assert disk.syncs == 1


@on("sqlite")
async def test_who_only_read_waits_for_no_disk(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    await meet(storage, 1)
    disk = Disk(monkeypatch)
    async with storage.begin() as work:
        assert await work.people.find(Identity(platform="fake", user="1"))
    assert disk.syncs == 0


@on("sqlite")
async def test_a_disk_that_fails_is_our_error(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch, OSError(5, "Input/output error"))
    disk.idle.set()
    with pytest.raises(StorageDown, match="Input/output error"):
        await meet(storage, 1)


@on("sqlite")
async def test_the_log_does_not_grow_without_end(storage: Storage, tmp_path: Path) -> None:
    for number in range(100):
        await meet(storage, number)
    log = tmp_path / "parley.db-wal"
    grown = log.stat().st_size
    for number in range(100, 2000):
        await meet(storage, number)
    assert log.stat().st_size < 6 * grown


@on("sqlite")
async def test_the_log_is_copied_while_others_write(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    copying, go_on = threading.Event(), threading.Event()

    def copy(_database: Path) -> None:
        copying.set()
        assert go_on.wait(60)

    monkeypatch.setattr("bot.storage.wal._copy", copy)
    for number in range(300):
        await meet(storage, number)
    assert copying.is_set()
    go_on.set()


async def test_without_a_log_there_is_nothing_to_wait_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, log = Disk(monkeypatch), WriteAheadLog(str(tmp_path / "none.db"))
    log.wrote()
    await log.synced()
    assert disk.syncs == 0
    log.close()
