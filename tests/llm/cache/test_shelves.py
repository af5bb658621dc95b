"""Where answers are kept."""

import pytest
from redis.asyncio import Redis

from bot.errors import StorageError
from bot.llm.cache import DatabaseShelf, MemoryShelf, Shelves
from bot.llm.cache.shared import RedisShelf
from bot.llm.cache.shelves import GRACE
from bot.seals import KEY, Seals
from bot.storage import KeptAnswer, Storage


def answer(text: str = "hello", at: int = 0) -> KeptAnswer:
    return KeptAnswer(text=text, model="scripted-1", at=at)


class BrokenShelf:
    async def get(self, key: str) -> KeptAnswer | None:
        raise StorageError(key)

    async def put(self, key: str, answer: KeptAnswer) -> None:
        raise StorageError(key)

    async def clear(self) -> None:
        raise StorageError("gone")


async def test_memory_drops_what_was_not_used_for_longest() -> None:
    shelf = MemoryShelf(size=1_500)
    for name in ("a", "b", "c"):
        await shelf.put(name, answer())
    assert await shelf.get("a") is not None
    await shelf.put("d", answer())
    assert [name for name in "abcd" if await shelf.get(name)] == ["a", "c", "d"]


async def test_memory_counts_bytes_and_not_answers() -> None:
    shelf = MemoryShelf(size=5_000)
    await shelf.put("a", answer())
    await shelf.put("b", answer("猫" * 1_500))
    assert await shelf.get("a") is None
    await shelf.put("c", answer("x" * 10_000))
    assert (await shelf.get("b"), await shelf.get("c")) == (None, None)


async def test_memory_forgets_the_size_of_what_was_replaced() -> None:
    shelf = MemoryShelf(size=1_000)
    for _ in range(10):
        await shelf.put("a", answer())
    await shelf.put("b", answer())
    assert await shelf.get("a") is not None


async def test_the_database_keeps_the_newest_answer(storage: Storage) -> None:
    shelf = DatabaseShelf(storage.begin, seconds=60)
    assert await shelf.get("k") is None
    await shelf.put("k", answer("old", at=1))
    await shelf.put("k", answer("new", at=2))
    assert await shelf.get("k") == answer("new", at=2)


async def test_the_database_drops_what_is_too_old_even_for_bad_times(storage: Storage) -> None:
    shelf = DatabaseShelf(storage.begin, seconds=60)
    await shelf.put("old", answer(at=0))
    await shelf.put("late", answer(at=(GRACE + 60) * 1000))
    assert await shelf.get("old") is not None
    await shelf.put("later", answer(at=(GRACE + 60) * 1000 + 1))
    assert (await shelf.get("old"), await shelf.get("late") is not None) == (None, True)


async def test_what_is_far_is_brought_near(storage: Storage) -> None:
    near, far = MemoryShelf(), DatabaseShelf(storage.begin, seconds=60)
    await far.put("k", answer())
    assert await Shelves(near, far).get("k") == answer()
    assert await near.get("k") == answer()


async def test_what_is_put_survives_a_restart(storage: Storage) -> None:
    far = DatabaseShelf(storage.begin, seconds=60)
    await Shelves(MemoryShelf(), far).put("k", answer())
    assert await Shelves(MemoryShelf(), far).get("k") == answer()


async def test_a_database_that_fails_is_done_without(caplog: pytest.LogCaptureFixture) -> None:
    shelves = Shelves(MemoryShelf(), BrokenShelf())
    assert await shelves.get("k") is None
    await shelves.put("k", answer())
    assert await shelves.get("k") == answer()
    assert caplog.text.count("response_cache_failed") == 2


@pytest.fixture
async def shared(redis: Redis, prefix: str) -> RedisShelf:
    return RedisShelf(redis, seconds=60, prefix=prefix)


async def test_redis_gives_back_what_it_was_given(shared: RedisShelf) -> None:
    assert await shared.get("k") is None
    odd = answer("猫 \ud83d <|endoftext|>", at=7)
    await shared.put("k", odd)
    assert await shared.get("k") == odd


async def test_what_redis_keeps_of_a_sealed_bot_tells_nobody_anything(redis: Redis, prefix: str) -> None:
    seals = Seals.of([bytes(KEY)])
    sealed = RedisShelf(redis, seconds=60, seals=seals, prefix=prefix)
    await sealed.put("k", answer("xyzzy"))
    (name,) = [name async for name in redis.scan_iter(f"{prefix}:*")]
    assert name != f"{prefix}:answer:k".encode()
    assert b"xyzzy" not in (await redis.get(name) or b"")
    assert await sealed.get("k") == answer("xyzzy")
    await RedisShelf(redis, seconds=60, prefix=prefix).put(seals.blind("k"), answer("forged"))
    assert await sealed.get("k") == answer("forged"), "what is not sealed is read as it is"


async def test_redis_drops_what_is_too_old_even_for_bad_times(shared: RedisShelf, redis: Redis, prefix: str) -> None:
    await shared.put("k", answer())
    assert GRACE < await redis.ttl(f"{prefix}:answer:k") <= GRACE + 60


async def test_another_process_finds_in_redis_what_this_one_put(shared: RedisShelf, storage: Storage) -> None:
    far = DatabaseShelf(storage.begin, seconds=60)
    await Shelves(MemoryShelf(), shared, far).put("k", answer())
    near = MemoryShelf()
    assert await Shelves(near, shared).get("k") == answer()
    assert await near.get("k") == answer()


async def test_what_only_the_database_has_is_brought_into_redis(shared: RedisShelf, storage: Storage) -> None:
    far = DatabaseShelf(storage.begin, seconds=60)
    await far.put("k", answer())
    assert await Shelves(MemoryShelf(), shared, far).get("k") == answer()
    assert await shared.get("k") == answer()


async def test_without_redis_the_database_answers(storage: Storage) -> None:
    away, far = RedisShelf.connect("redis://127.0.0.1:9/0", seconds=60), DatabaseShelf(storage.begin, seconds=60)
    await far.put("k", answer())
    assert await Shelves(MemoryShelf(), away, far).get("k") == answer()
    await away.aclose()


@pytest.mark.parametrize(
    "value", ["", "[]", "{}", "null", '{"text": "t"}', '{"text": "t", "model": "m", "at": "soon"}']
)
async def test_what_somebody_else_wrote_into_redis_is_no_answer(
    shared: RedisShelf, redis: Redis, prefix: str, value: str
) -> None:
    await redis.set(f"{prefix}:answer:k", value)
    assert await Shelves(shared).get("k") is None


async def test_what_is_far_is_forgotten_first_lest_somebody_bring_it_near_again(storage: Storage) -> None:
    far, forgotten = DatabaseShelf(storage.begin, seconds=60), list[bool]()

    class Near(MemoryShelf):
        async def clear(self) -> None:
            forgotten.append(await far.get("k") is None)

    await far.put("k", answer())
    await Shelves(Near(), far).clear()
    assert forgotten == [True]
