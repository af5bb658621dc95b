"""What calls cost: hand-computed from the vendors' price pages, exact to the micro-US$.

The figures are those of OpenAI's (https://developers.openai.com/api/docs/pricing, 12 and 26 October 2026), Anthropic's
(https://platform.claude.com/docs/en/about-claude/pricing) and Google's page
(https://ai.google.dev/gemini-api/docs/pricing, 14 October 2026), as genai-prices 0.2.3 has them with these dates.
US$ per million tokens: input / cached / cache write / output.
"""

import asyncio
import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.completions import Usage
from bot.domain.models import Catalog, ModelCard, PriceList, Rates
from bot.llm.chunks import read_usage
from bot.llm.prices import PriceBook, VendorTable, cost_of
from tests.fakes import FakeClock

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com/v1"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@cache
def table() -> VendorTable:
    return VendorTable.bundled()


def book(url: str, model: str, *, now: datetime = NOW, provider: str | None = None) -> tuple[PriceBook, ModelCard]:
    """A loaded book of one model, and that model."""
    catalog = Catalog.single(base_url=url, key="k", model=model, window=1_000_000)
    endpoints = {name: replace(one, provider=provider) for name, one in catalog.endpoints.items()}
    prices = PriceBook(replace(catalog, endpoints=endpoints), FakeClock(now))
    prices._table = table()
    return prices, catalog.default.first


def cost(url: str, model: str, usage: Usage, tier: str | None = None, now: datetime = NOW) -> int | None:
    prices, card = book(url, model, now=now)
    return prices.cost(card, usage, tier)


def rates(**prices: str) -> Rates:
    known = {"input": "1", "output": "5", "cached_input": "0.05", "cache_write": "1.25", **prices}
    return Rates(**{name: Decimal(price) for name, price in known.items()})


def priced(prices: Mapping[str, PriceList]) -> tuple[PriceBook, ModelCard]:
    """A book in which the operator wrote these prices."""
    catalog = Catalog.single(base_url=OPENAI, key="k", model="gpt-6.1-terra", window=1_000_000)
    card = replace(catalog.default.first, prices=prices)
    return PriceBook(replace(catalog, models={card.ref: card}), FakeClock(NOW)), card


# --- The vendors' pages ---

TERRA = "gpt-6.1-terra"  # 1 / 0.05 / 1.25 / 5; beyond 272,000 input tokens 2 / 0.10 / 2.50 / 7.50 (26 October 2026)
CACHED = Usage(input=10_000, cached=8_000, cache_written=1_500, output=700, reasoning=300)


def test_gpt_6_1_terra_with_cached_and_newly_cached_tokens() -> None:
    # 500 x 1 + 8,000 x 0.05 + 1,500 x 1.25 + 700 x 5 = 500 + 400 + 1,875 + 3,500
    assert cost(OPENAI, TERRA, CACHED) == 6_275


def test_gpt_6_1_terra_beyond_272_000_tokens_costs_more_for_every_token() -> None:
    # 100,000 x 2 + 200,000 x 0.10 + 1,000 x 7.50 = 200,000 + 20,000 + 7,500
    assert cost(OPENAI, TERRA, Usage(input=300_000, cached=200_000, output=1_000)) == 227_500


def test_the_step_is_at_the_272_001st_token() -> None:
    assert cost(OPENAI, TERRA, Usage(input=272_000, output=0)) == 272_000
    assert cost(OPENAI, TERRA, Usage(input=272_001, output=0)) == 544_002


def test_gpt_6_1_terra_at_the_flex_tier_costs_half() -> None:
    # 250 + 200 + 937.5 + 1,750 = 3,137.5: half a micro-US$ is rounded up
    assert cost(OPENAI, TERRA, CACHED, "flex") == 3_138


@pytest.mark.parametrize("tier", ["priority", "fast"])
def test_gpt_6_1_terra_at_the_fast_tier_costs_twice(tier: str) -> None:
    assert cost(OPENAI, TERRA, CACHED, tier) == 12_550


def test_gpt_6_1_terra_in_a_batch_costs_half() -> None:
    assert cost(OPENAI, TERRA, Usage(input=1_000, output=100), "batch") == 750


def test_gpt_6_luna_rounds_once() -> None:
    # 0.10 / 0.01 / 0.125 / 0.50 (12 October 2026): 210 x 0.10 + 1,024 x 0.01 + 56 x 0.50 = 21 + 10.24 + 28 = 59.24
    assert cost(OPENAI, "gpt-6-luna", Usage(input=1_234, cached=1_024, output=56)) == 59


def test_gpt_4o_mini_sums_before_it_rounds() -> None:
    # 0.15 / 0.075 / – / 0.60: 0.15 + 0.60 = 0.75, of which neither part alone would make a whole
    assert cost(OPENAI, "gpt-4o-mini", Usage(input=1, output=1)) == 1
    assert cost(OPENAI, "gpt-4o-mini", Usage(input=1, output=0)) == 0


def test_claude_haiku_4_5() -> None:
    # 1 / 0.10 / 1.25 / 5: 2,000 x 1 + 6,000 x 0.10 + 2,000 x 1.25 + 400 x 5 = 2,000 + 600 + 2,500 + 2,000
    usage = Usage(input=10_000, cached=6_000, cache_written=2_000, output=400)
    assert cost(ANTHROPIC, "claude-haiku-4-5", usage) == 7_100


def test_claude_haiku_5_5_beyond_100_000_tokens() -> None:
    # 0.10 / 0.01 / 0.125 / 0.50, then five times as much: 100,001 x 0.50 + 10 x 2.50 = 50,000.5 + 25
    assert cost(ANTHROPIC, "claude-haiku-5-5", Usage(input=100_000, output=10)) == 10_005
    assert cost(ANTHROPIC, "claude-haiku-5-5", Usage(input=100_001, output=10)) == 50_026


def test_gemini_2_5_pro_beyond_200_000_tokens() -> None:
    # 1.25 / 0.125 / – / 10: 1,001 x 1.25 + 333 x 10 = 1,251.25 + 3,330; then 2.50 / 0.25 / – / 15
    assert cost(GEMINI, "gemini-2.5-pro", Usage(input=1_001, output=333)) == 4_581
    assert cost(GEMINI, "gemini-2.5-pro", Usage(input=200_001, output=2)) == 500_033


def test_a_price_that_changes_is_that_of_the_day() -> None:
    # Gemini 3.8 Flash: 0.75 / 3.75 until the end of 2026, then 1.50 / 7.50
    usage = Usage(input=1_000, output=100)
    assert cost(GEMINI, "gemini-3.8-flash", usage, now=datetime(2026, 12, 31, 12, tzinfo=UTC)) == 1_125
    assert cost(GEMINI, "gemini-3.8-flash", usage, now=datetime(2027, 1, 1, 12, tzinfo=UTC)) == 2_250


# --- Whose price ---


@pytest.mark.parametrize("tier", [None, "", "auto", "default", "standard", "on_demand", "DEFAULT"])
def test_the_usual_tier_has_many_names(tier: str | None) -> None:
    assert cost(OPENAI, TERRA, Usage(input=1_000, output=0), tier) == 1_000


def test_a_tier_without_a_price_costs_what_nobody_knows() -> None:
    assert cost(OPENAI, "gpt-4o-mini", CACHED, "scale") is None
    assert cost(ANTHROPIC, "claude-haiku-4-5", CACHED, "flex") is None


def test_a_dated_name_is_the_same_model() -> None:
    assert cost(OPENAI, f"{TERRA}-2026-10-26", Usage(input=1_000, output=0)) == 1_000


def test_openai_models_at_azure_have_a_price_but_no_known_tiers() -> None:
    azure = "https://ours.openai.azure.com/openai/v1"
    assert cost(azure, "gpt-6-luna", Usage(input=1_000, output=0)) == 100
    assert cost(azure, "gpt-6-luna", Usage(input=1_000, output=0), "flex") is None


def test_openrouters_names_have_the_vendor_in_them() -> None:
    assert cost("https://openrouter.ai/api/v1", "openai/gpt-6-luna", Usage(input=1_000, output=0)) == 100


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-6-luna"), ("litellm", "openai/gpt-6-luna")])
def test_behind_a_proxy_the_operator_says_whose_model_it_is(provider: str, model: str) -> None:
    prices, card = book("http://localhost:4000/v1", model, provider=provider)
    assert prices.cost(card, Usage(input=1_000, output=0)) == 100


@pytest.mark.parametrize(
    ("url", "model"),
    [(OPENAI, "gpt-99"), ("http://localhost:11434/v1", "gpt-6-luna"), (OPENAI, "text-embedding-3-small")],
)
def test_an_unknown_price_is_not_nothing(url: str, model: str) -> None:
    assert cost(url, model, Usage(input=0, output=0)) is None


def test_the_operators_prices_go_over_the_table() -> None:
    prices, card = priced({"default": PriceList(base=rates(input="3"))})
    prices._table = table()
    assert prices.cost(card, Usage(input=1_000, output=0)) == 3_000


def test_a_tier_the_operator_left_out_is_unknown_even_if_the_table_has_it() -> None:
    prices, card = priced({"default": PriceList(base=rates())})
    prices._table = table()
    assert prices.cost(card, CACHED, "flex") is None


def test_the_operators_tiers_and_steps_apply() -> None:
    flex = PriceList(base=rates(input="0.5"), above=((1_000, rates(input="0.7")),))
    prices, card = priced({"default": PriceList(base=rates()), "flex": flex})
    assert prices.cost(card, Usage(input=1_000, output=0), "flex") == 500
    assert prices.cost(card, Usage(input=1_001, output=0), "flex") == 701


def test_a_model_that_costs_nothing_costs_zero() -> None:
    free = rates(input="0", output="0", cached_input="0", cache_write="0")
    prices, card = priced({"default": PriceList(base=free)})
    assert prices.cost(card, CACHED) == 0


# --- Arithmetic ---


@pytest.mark.parametrize(("price", "whole"), [("0.49", 0), ("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.4999999999", 2)])
def test_half_a_micro_dollar_is_rounded_up(price: str, whole: int) -> None:
    assert cost_of(Usage(input=1, output=0), rates(input=price)) == whole


def test_large_sums_are_exact() -> None:
    # 999,999,999 x 123.456789 = 123,456,788,876.543211
    assert cost_of(Usage(input=0, output=999_999_999), rates(output="123.456789")) == 123_456_788_877


def test_thinking_is_part_of_the_output() -> None:
    usage = Usage(input=0, output=100)
    assert cost_of(usage, rates()) == cost_of(replace(usage, reasoning=90), rates()) == 500


def test_parts_larger_than_their_whole_are_cut() -> None:
    # 100 tokens, all of them cached, whatever else the server says
    assert cost_of(Usage(input=100, cached=900, cache_written=900, output=0), rates()) == 5


def test_the_ceiling_takes_everything_for_newly_cached() -> None:
    prices, card = priced({"default": PriceList(base=rates())})
    assert prices.ceiling(card, Usage(input=1_000, output=100)) == 1_750


def test_the_ceiling_of_an_unknown_price_is_unknown() -> None:
    prices, card = book(OPENAI, "gpt-99")
    assert prices.ceiling(card, Usage(input=1_000, output=100)) is None


@given(
    tokens=st.integers(0, 400_000),
    cached=st.integers(0, 400_000),
    written=st.integers(0, 400_000),
    output=st.integers(0, 10_000),
)
def test_no_call_costs_more_than_its_ceiling(tokens: int, cached: int, written: int, output: int) -> None:
    prices, card = book(OPENAI, TERRA)
    usage = Usage(input=tokens, cached=cached, cache_written=written, output=output)
    most, real = prices.ceiling(card, usage), prices.cost(card, usage)
    assert most is not None
    assert real is not None
    assert real <= most


USAGES = (
    Usage(input=1_000, output=100),
    Usage(input=150_000, cached=140_000, output=10),
    Usage(input=500_000, cached=7, cache_written=11, output=13),
)


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "google"])
def test_our_sums_are_those_of_the_table_itself(vendor: str) -> None:
    (provider,) = (one for one in table()._snapshot.providers if one.id == vendor)
    compared = 0
    for model in provider.models:
        prices = table().prices(model.id, url="", provider=vendor, tier="default", at=NOW)
        for usage in USAGES if prices else ():
            assert prices is not None
            theirs = table()._snapshot.calc(_theirs(usage), model.id, vendor, None, NOW).total_price
            ours = cost_of(usage, prices.at(usage.input))
            assert abs(ours - theirs * 1_000_000) <= Decimal("0.5"), model.id
            compared += 1
    assert compared > 50


def _theirs(usage: Usage) -> Any:
    from genai_prices import Usage as TheirUsage

    return TheirUsage(
        input_tokens=usage.input,
        cache_read_tokens=usage.cached,
        cache_write_tokens=usage.cache_written,
        output_tokens=usage.output,
    )


# --- Loading ---


async def test_before_loading_only_the_operators_prices_are_known() -> None:
    catalog = Catalog.single(base_url=OPENAI, key="k", model=TERRA, window=8_192)
    prices = PriceBook(catalog, FakeClock(NOW))
    assert prices.cost(catalog.default.first, CACHED) is None
    await prices.load()
    assert prices.cost(catalog.default.first, CACHED) == 6_275


async def test_loading_leaves_the_loop_running() -> None:
    catalog = Catalog.single(base_url=OPENAI, key="k", model=TERRA, window=8_192)
    loading = asyncio.create_task(PriceBook(catalog, FakeClock(NOW)).load())
    await asyncio.sleep(0)
    assert not loading.done()
    await loading


async def test_unknown_prices_are_told_once_at_start(caplog: pytest.LogCaptureFixture) -> None:
    catalog = Catalog.single(base_url=OPENAI, key="k", model="gpt-99", window=8_192)
    with caplog.at_level(logging.WARNING):
        await PriceBook(catalog, FakeClock(NOW)).load()
    assert "main/gpt-99" in caplog.text


async def test_the_table_is_not_read_when_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    prices, card = priced({"default": PriceList(base=rates())})
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)
    await prices.load()
    assert prices._table is None
    assert prices.cost(card, Usage(input=1_000, output=0)) == 1_000


async def test_without_the_table_prices_are_unknown_and_chats_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)
    catalog = Catalog.single(base_url=OPENAI, key="k", model=TERRA, window=8_192)
    prices = PriceBook(catalog, FakeClock(NOW))
    with caplog.at_level(logging.WARNING):
        await prices.load()
    assert prices.cost(catalog.default.first, CACHED) is None
    assert "prices_not_loaded" in caplog.text


# --- What the server reports ---


def test_newly_cached_tokens_are_read_from_the_answer() -> None:
    told = {
        "prompt_tokens": 10,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 4},
    }
    assert read_usage(told, 0) == Usage(input=10, output=2, cached=3, cache_written=4)
