"""Which models a call goes to."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.models import Catalog, Chain, Conditions, Endpoint, Key, ModelCard, Rule, TurnFacts
from bot.llm.routing import choose, holds

CHAT = TurnFacts(plan="free")


def card(name: str, **settings: Any) -> ModelCard:
    return ModelCard(**{"endpoint": "e", "name": name, "known_as": name, "window": 8_000, **settings})


BIG = card("big", window=100_000)
SEER = card("seer", sees_images=True)
SMALL = card("small", flex=True)
CHAINS = {"default": (SMALL, BIG), "strong": (BIG, SMALL), "sight": (SMALL, SEER)}


def catalog(*rules: Rule, chains: Any = CHAINS, access: Any = None) -> Catalog:
    return Catalog(
        endpoints={"e": Endpoint(name="e", base_url="http://e.test", keys=(Key.none(),))},
        models={one.ref: one for one in (BIG, SEER, SMALL)},
        chains={name: Chain(name=name, cards=cards) for name, cards in chains.items()},
        rules=rules,
        access=access or {},
    )


def rule(chain: str, **when: Any) -> Rule:
    return Rule(chain=chain, when=Conditions(**when))


def names(chain: Chain) -> list[str]:
    return [one.name for one in chain.cards]


# --- Rules ---


def test_without_a_rule_the_default_chain_answers() -> None:
    assert names(choose(catalog(), CHAT)) == ["small", "big"]


def test_the_first_rule_that_holds_chooses() -> None:
    rules = (rule("sight", images=True), rule("strong"), rule("default"))
    assert choose(catalog(*rules), CHAT).name == "strong"


def test_every_condition_of_a_rule_has_to_hold() -> None:
    both = catalog(rule("strong", plan=frozenset({"free"}), complexity=frozenset({"high"})))
    assert choose(both, CHAT).name == "default"
    assert choose(both, replace(CHAT, complexity="high")).name == "strong"


@pytest.mark.parametrize(
    ("when", "met", "missed"),
    [
        ({"plan": frozenset({"plus", "team"})}, {"plan": "team"}, {"plan": "free"}),
        ({"purpose": frozenset({"title"})}, {"purpose": "title"}, {"purpose": "chat"}),
        ({"complexity": frozenset({"low"})}, {"complexity": "low"}, {"complexity": "high"}),
        ({"command": frozenset({"retry"})}, {"command": "/retry"}, {"command": ""}),
        ({"command": frozenset({"/retry"})}, {"command": "retry"}, {"command": "retryall"}),
        ({"language": frozenset({"zh"})}, {"language": "zh_Hans"}, {"language": "en"}),
        ({"language": frozenset({"zh"})}, {"language": "ZH-tw"}, {"language": "zhx"}),
        ({"language": frozenset({"pt-BR"})}, {"language": "pt_br"}, {"language": "pt"}),
        ({"images": True}, {"has_images": True}, {"has_images": False}),
        ({"images": False}, {"has_images": False}, {"has_images": True}),
        ({"quota_left_below": 0.1}, {"quota_left": 0.09}, {"quota_left": 0.1}),
        ({"quota_left_above": 0.5}, {"quota_left": 0.51}, {"quota_left": 0.5}),
        ({"prompt_tokens_above": 10}, {"prompt_tokens": 11}, {"prompt_tokens": 10}),
        ({"prompt_tokens_below": 10}, {"prompt_tokens": 9}, {"prompt_tokens": 10}),
        ({"message_longer_than": 10}, {"message_length": 11}, {"message_length": 10}),
        ({"message_shorter_than": 10}, {"message_length": 9}, {"message_length": 10}),
    ],
)
def test_a_condition_asks_for_what_it_says(when: Any, met: Any, missed: Any) -> None:
    asked = Conditions(**when)
    assert holds(asked, replace(TurnFacts(), **met))
    assert not holds(asked, replace(TurnFacts(), **missed))


# --- Background work ---


@pytest.mark.parametrize("purpose", ["summary", "title", "moderation"])
def test_background_work_takes_the_light_chain(purpose: Any) -> None:
    light = catalog(chains={**CHAINS, "light": (SMALL,)})
    assert choose(light, replace(CHAT, purpose=purpose)).name == "light"
    assert choose(light, CHAT).name == "default"


def test_without_a_light_chain_it_takes_the_default() -> None:
    assert choose(catalog(), replace(CHAT, purpose="title")).name == "default"


def test_a_rule_goes_over_the_light_chain() -> None:
    light = catalog(rule("strong", purpose=frozenset({"summary"})), chains={**CHAINS, "light": (SMALL,)})
    assert choose(light, replace(CHAT, purpose="summary")).name == "strong"


# --- What is left out ---


def test_models_a_plan_may_not_use_are_left_out() -> None:
    restricted = catalog(access={"free": frozenset({"e/big"})})
    assert names(choose(restricted, CHAT)) == ["big"]
    assert names(choose(restricted, replace(CHAT, plan="plus"))) == ["small", "big"]


def test_a_rule_without_a_model_for_the_plan_is_passed_over() -> None:
    rules = (rule("sight"), rule("strong"))
    restricted = catalog(*rules, chains={**CHAINS, "sight": (SEER,)}, access={"free": frozenset({"e/small"})})
    assert names(choose(restricted, CHAT)) == ["small"]
    assert choose(restricted, CHAT).name == "strong"


def test_images_go_to_models_that_see() -> None:
    assert names(choose(catalog(rule("sight")), replace(CHAT, has_images=True))) == ["seer"]


def test_where_no_model_sees_the_chain_stays_whole() -> None:
    assert names(choose(catalog(), replace(CHAT, has_images=True))) == ["small", "big"]


def test_a_prompt_goes_to_windows_that_hold_it() -> None:
    assert names(choose(catalog(), replace(CHAT, prompt_tokens=8_000))) == ["big"]


def test_a_prompt_too_long_for_all_is_left_to_whoever_trims_it() -> None:
    assert names(choose(catalog(), replace(CHAT, prompt_tokens=1_000_000))) == ["small", "big"]


# --- A pinned model ---


@pytest.mark.parametrize("pinned", ["big", "e/big"])
def test_a_pinned_model_comes_first_and_the_chain_stays_behind_it(pinned: str) -> None:
    assert names(choose(catalog(), replace(CHAT, pinned=pinned))) == ["big", "small"]


def test_a_pinned_model_need_not_be_in_the_chain() -> None:
    assert names(choose(catalog(), replace(CHAT, pinned="seer"))) == ["seer", "small", "big"]


def test_a_pinned_model_goes_over_rules() -> None:
    assert choose(catalog(rule("strong")), replace(CHAT, pinned="seer")).first is SEER


@pytest.mark.parametrize("pinned", ["seer", "gone"])
def test_a_pinned_model_that_is_forbidden_or_gone_is_forgotten(pinned: str) -> None:
    restricted = catalog(access={"free": frozenset({"e/small"})})
    assert names(choose(restricted, replace(CHAT, pinned=pinned))) == ["small"]


def test_background_work_does_not_follow_the_pin() -> None:
    assert choose(catalog(), replace(CHAT, pinned="big", purpose="title")).first is SMALL


FACTS = st.builds(
    TurnFacts,
    plan=st.sampled_from(["free", "plus", ""]),
    purpose=st.sampled_from(["chat", "summary", "title", "moderation"]),
    complexity=st.sampled_from(["low", "medium", "high"]),
    has_images=st.booleans(),
    quota_left=st.floats(0, 1),
    prompt_tokens=st.integers(0, 200_000),
    pinned=st.sampled_from([None, "big", "seer", "e/small", "gone"]),
)
RULES = st.lists(
    st.builds(
        rule,
        st.sampled_from(list(CHAINS)),
        images=st.sampled_from([None, True]),
        quota_left_below=st.none() | st.floats(0, 1),
    ),
    max_size=4,
)


@given(facts=FACTS, rules=RULES, allowed=st.sampled_from([{"e/small"}, {"e/big"}, {"e/small", "e/seer"}]))
def test_whatever_happens_somebody_answers_whom_the_plan_allows(
    facts: TurnFacts, rules: list[Rule], allowed: set[str]
) -> None:
    restricted = catalog(*rules, access={"free": frozenset(allowed)})
    chosen = choose(restricted, facts)
    assert len({one.ref for one in chosen.cards}) == len(chosen.cards) > 0
    assert all(restricted.may_use(facts.plan, one) for one in chosen.cards)
