"""The model side, opened as the application opens it."""

import os
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.clock import SystemClock
from bot.domain.models import Catalog
from bot.llm import limits_of, open_model
from bot.llm.catalog.reader import parse_catalog
from bot.llm.emulator import ModelEmulator
from bot.llm.shaping import Route
from tests.llm.prompts import prompt

REDIS = "redis://127.0.0.1:6379/0"


async def said(url: str, redis_url: str | None) -> str:
    catalog = Catalog.single(base_url=url, key="k", model="scripted-1", window=8000)
    async with open_model(catalog, SystemClock(), redis_url) as model:
        return "".join([piece async for piece in model.complete(prompt())])


async def test_an_answer_without_redis() -> None:
    async with ModelEmulator(answer=lambda _: "hello there") as emulator:
        assert await said(emulator.url, None) == "hello there"


async def test_an_answer_with_redis() -> None:
    redis = Redis.from_url(REDIS)
    try:
        await redis.ping()
    except RedisError:
        if os.environ.get("CI"):
            raise
        pytest.skip("needs a Redis server on 127.0.0.1:6379")
    finally:
        await redis.aclose()
    async with ModelEmulator(answer=lambda _: "hello there") as emulator:
        assert await said(emulator.url, REDIS) == "hello there"


async def test_an_answer_while_redis_is_away() -> None:
    async with ModelEmulator(answer=lambda _: "hello there") as emulator:
        assert await said(emulator.url, "redis://127.0.0.1:9/0") == "hello there"


@pytest.mark.parametrize(
    ("url", "counted"),
    [
        ("https://api.openai.com/v1", "promised"),
        ("https://mine.openai.azure.com/openai/v1", "promised"),
        ("http://localhost:11434/v1", "used"),
        ("https://api.openai.com.evil.example/v1", "used"),
    ],
)
def test_what_counts_against_a_limit_is_as_the_vendor_says(url: str, counted: str) -> None:
    catalog = Catalog.single(base_url=url, key="k", model="m", window=8000)
    assert limits_of(catalog, Route(endpoint="main", key="OPENAI_API_KEY", model="m")).counted == counted


def test_an_operator_knows_better_and_a_model_better_than_its_endpoint() -> None:
    text = """
        [[endpoints]]
        name = "one"
        base_url = "https://api.openai.com/v1"
        keys = ["k"]
        limits = { rpm = 60, burst = 0.5, counted = "used" }
        [[endpoints.models]]
        name = "usual"
        window = 1000
        [[endpoints.models]]
        name = "odd"
        window = 1000
        limits = { burst = 0, counted = "promised" }
    """
    catalog = parse_catalog(text, Path("models.toml"), {})
    usual, odd = (limits_of(catalog, Route(endpoint="one", key="k", model=name)) for name in ("usual", "odd"))
    assert (usual.rpm, usual.burst, usual.counted) == (60, 0.5, "used")
    assert (odd.rpm, odd.burst, odd.counted) == (60, 0, "promised")
