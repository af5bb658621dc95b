"""Which models a call goes to: the operator's rules, the person's wish and what the plan allows. Pure.

1. Rules are tried in their order; the first whose conditions all hold names the chain.
2. Without one, summaries, titles and moderation go along the chain `light`, if there is one; all else along `default`.
   Batches go to the first model of theirs.
3. From a chain, models the plan may not use are left out. A rule whose chain is empty then is passed over.
4. Models that cannot see the images or are too small for the prompt are left out, unless that would leave none.
5. In chats the model the person pinned comes first, if the plan (still) allows it; the chain stays behind it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from bot.domain.models import LIGHT_CHAIN, Catalog, Chain, Conditions, ModelCard, Purpose, TurnFacts

_LIGHT: frozenset[Purpose] = frozenset({"summary", "title", "moderation"})


def choose(catalog: Catalog, facts: TurnFacts) -> Chain:
    """The models to try for this call, in order. Never empty, never one that the plan may not use."""
    chain = next(_routes(catalog, facts))
    pinned = catalog.find(facts.pinned, facts.plan) if facts.pinned and facts.purpose == "chat" else None
    if pinned is None:
        return chain
    return replace(chain, cards=(pinned, *(card for card in chain.cards if card != pinned)))


def holds(when: Conditions, facts: TurnFacts) -> bool:
    """Whether everything that is asked of a turn is so."""
    return (
        _among(facts.plan, when.plan)
        and _among(facts.purpose, when.purpose)
        and _among(facts.complexity, when.complexity)
        and _among(facts.command.lstrip("/"), _unslashed(when.command))
        and _speaks(facts.language, when.language)
        and when.images in (None, facts.has_images)
        and _between(facts.quota_left, when.quota_left_above, when.quota_left_below)
        and _between(facts.prompt_tokens, when.prompt_tokens_above, when.prompt_tokens_below)
        and _between(facts.message_length, when.message_longer_than, when.message_shorter_than)
    )


def _routes(catalog: Catalog, facts: TurnFacts) -> Iterator[Chain]:
    """Every chain that could be taken, the best first. The default one is never empty: the catalog sees to that."""
    for name in _named(catalog, facts):
        chain = catalog.chains[name]
        allowed = [card for card in chain.cards if catalog.may_use(facts.plan, card)]
        if allowed:
            yield replace(chain, cards=_suited(allowed, facts))


def _named(catalog: Catalog, facts: TurnFacts) -> Iterator[str]:
    yield from (rule.chain for rule in catalog.rules if holds(rule.when, facts))
    if facts.purpose in _LIGHT and LIGHT_CHAIN in catalog.chains:
        yield LIGHT_CHAIN
    yield catalog.default.name


def _suited(cards: Sequence[ModelCard], facts: TurnFacts) -> tuple[ModelCard, ...]:
    if facts.has_images:
        cards = _preferring(cards, lambda card: card.sees_images)
    return tuple(_preferring(cards, lambda card: facts.prompt_tokens < card.window))


def _preferring(cards: Sequence[ModelCard], good: Callable[[ModelCard], bool]) -> Sequence[ModelCard]:
    return [card for card in cards if good(card)] or cards


def _among(value: str, wanted: frozenset[str] | None) -> bool:
    return wanted is None or value in wanted


def _unslashed(commands: frozenset[str] | None) -> frozenset[str] | None:
    return None if commands is None else frozenset(one.lstrip("/") for one in commands)


def _speaks(language: str, wanted: Iterable[str] | None) -> bool:
    """Whether it is one of them or a kind of one: `zh` means `zh_Hans` and `zh-TW` too."""
    if wanted is None:
        return True
    spoken = _plain(language)
    return any(spoken == one or spoken.startswith(f"{one}_") for one in map(_plain, wanted))


def _plain(language: str) -> str:
    return language.lower().replace("-", "_")


def _between(value: float, above: float | None, below: float | None) -> bool:
    return (above is None or value > above) and (below is None or value < below)
