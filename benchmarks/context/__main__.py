"""Recall and cost of the context policy on LoCoMo, beside a sliding window and the policies of peers.

    python -m benchmarks.context LOCOMO.json [--budgets 2000 4000 8000 16000] [--json FILE] [--plot FILE]

Recall is the share of a question's evidence, the messages from which it can be answered, that is word for word in the
prompt when the question is asked after the whole dialogue: the mean over the questions of categories 1 to 4. No model
is asked. Parley's figures come from its own code on an SQLite database, over four positions of the first eviction.

Cost is what all prompts of a dialogue cost with the provider's prompt cache, as a ratio to a sliding window of the same
budget. Summaries of others are charged at the price of a small model. What models answer costs the same for all.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from statistics import fmean

from benchmarks.context.dialogues import CATEGORIES, Dialogue, Tokens, assistants, locomo
from benchmarks.context.parley import Talk, opened, sent, without_text
from benchmarks.context.peers import PEERS, Peer
from benchmarks.context.plot import plot
from benchmarks.context.providers import (
    PRICES,
    SUMMARISER_IN,
    SUMMARISER_OUT,
    BreakpointCache,
    PrefixCache,
    Prices,
    Sent,
)
from bot.domain.context import ContextPolicy
from bot.storage import Storage

BUDGETS = (2000, 4000, 8000, 16_000)
PHASES = (0.0, 0.25, 0.5, 0.75)
TARGETS = {2000: 0.72, 4000: 0.80, 8000: 0.84, 16_000: 0.89}
"""Of recall."""
DEAREST = {4000: (0.68, 0.60, 0.48), 8000: (0.66, 0.58, 0.46)}
"""Targets of cost, for each price list: no more than this share of what a sliding window costs."""

PARLEY, BLOCKS, SLIDING = "Parley", "Parley without recall", "sliding window"

Prompts = Sequence[tuple[Sent, datetime]]
Score = tuple[str, int, float]
"""Dialogue, category, recall of one question."""


@dataclass(slots=True, kw_only=True)
class Result:
    """A policy at a budget. `cost` is US$ for 1,000 requests, by workload and prices; `hit` a share of tokens."""

    policy: str
    budget: int
    scores: list[Score] = field(default_factory=list)
    complete: float = 0.0
    tokens: float = 0.0
    cost: dict[str, float] = field(default_factory=dict)
    hit: dict[str, float] = field(default_factory=dict)

    @property
    def recall(self) -> float:
        return fmean(score for _, _, score in self.scores)

    def of(self, *, category: int | None = None, dialogue: str | None = None) -> float:
        return fmean(
            score for name, kind, score in self.scores if category in (None, kind) and dialogue in (None, name)
        )


def policy(name: str, budget: int) -> ContextPolicy:
    return ContextPolicy(budget=budget) if name == PARLEY else ContextPolicy(budget=budget, recall=0)


async def recalled(
    storage: Storage, dialogues: Sequence[Dialogue], tokens: Tokens, result: Result, ids: Iterator[int]
) -> None:
    """Parley's recall: four talks a dialogue."""
    how, complete, used = policy(result.policy, result.budget), list[bool](), list[int]()
    for dialogue in dialogues:
        for phase in PHASES:
            talk = Talk(storage, tokens, how, next(ids), phase)
            await talk.begin()
            for exchange in dialogue.exchanges:
                if exchange.asked:
                    await talk.ask(exchange.asked[0])
                await talk.hear(exchange)
            for question in dialogue.questions:
                fitted = await talk.ask(question.message(dialogue))
                found = len(question.evidence & talk.held(fitted)) / len(question.evidence)
                result.scores.append((dialogue.name, question.category, found))
                complete.append(found == 1)
                used.append(fitted.tokens - 403 - question.tokens - 4)
    result.complete, result.tokens = fmean(complete), fmean(used)


def held_by(peer: Peer, dialogues: Sequence[Dialogue], result: Result) -> None:
    complete, used = list[bool](), list[int]()
    for dialogue in dialogues:
        bot = type(peer)(budget=peer.budget, summary=peer.summary)
        for message in dialogue.messages:
            if message.role == "user":
                bot.evict()
            bot.hear(message)
        for question in dialogue.questions:
            prompt = bot.ask(question.message(dialogue))
            found = fmean(bot.holds(number) for number in question.evidence)
            result.scores.append((dialogue.name, question.category, found))
            complete.append(found == 1)
            used.append(prompt.tokens - 404 - question.tokens)
    result.complete, result.tokens = fmean(complete), fmean(used)


async def prompts_of_parley(
    storage: Storage, dialogue: Dialogue, tokens: Tokens, how: ContextPolicy, number: int
) -> Prompts:
    """Each request of a dialogue."""
    if not dialogue.messages[0].text:
        return without_text(dialogue, how)
    talk = Talk(storage, tokens, how, number, 0.0)
    await talk.begin()
    prompts = []
    for exchange in dialogue.merged().exchanges:
        if exchange.asked:
            prompts.append((sent(await talk.ask(exchange.asked[-1]), exchange.asked[-1]), exchange.asked[-1].at))
        await talk.hear(exchange)
    return prompts


def prompts_of(peer: Peer, dialogue: Dialogue) -> Prompts:
    bot = type(peer)(budget=peer.budget, summary=peer.summary)
    prompts = []
    for message in dialogue.merged().messages:
        if message.role == "user":
            prompts.append((bot.ask(message), message.at))
        bot.hear(message)
    return prompts


def charge(result: Result, workload: str, talks: Sequence[Prompts], *, explicit: bool) -> None:
    """What the prompts cost with each price list."""
    for prices in PRICES:
        bills = [bill for prompts in talks for bill in _bills(prompts, prices, explicit=explicit)]
        dollars = sum(bill for bill, _, _ in bills)
        result.cost[f"{workload} {prices.name}"] = 1000 * dollars / len(bills)
        result.hit[f"{workload} {prices.name}"] = sum(hit for _, hit, _ in bills) / sum(size for _, _, size in bills)


def _bills(prompts: Prompts, prices: Prices, *, explicit: bool) -> list[tuple[float, int, int]]:
    cache = BreakpointCache(prices, explicit=explicit) if prices.write else PrefixCache(prices)
    found = []
    for prompt, at in prompts:
        bill = cache.bill(prompt, at)
        aside = sum(tokens * SUMMARISER_IN + out * SUMMARISER_OUT for tokens, out in prompt.aside) / 1e6
        found.append((bill.dollars + aside, bill.hit, bill.tokens))
    return found


async def measure(path: Path, budgets: Sequence[int]) -> list[Result]:
    tokens = Tokens()
    dialogues, synthetic = locomo(path, tokens), assistants()
    workloads: Mapping[str, Sequence[Dialogue]] = {"locomo": dialogues, "assistant": synthetic}
    results, ids = [], count(1)
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as storage:
            for budget in budgets:
                for name, (kind, summary) in PEERS.items():
                    peer = kind(budget=budget, summary=summary)
                    results.append(Result(policy=name, budget=budget))
                    held_by(peer, dialogues, results[-1])
                    for workload, talks in workloads.items():
                        charge(results[-1], workload, [prompts_of(peer, one) for one in talks], explicit=False)
                for name in (BLOCKS, PARLEY):
                    results.append(Result(policy=name, budget=budget))
                    await recalled(storage, dialogues, tokens, results[-1], ids)
                    for workload, talks in workloads.items():
                        how = policy(name, budget)
                        prompts = [await prompts_of_parley(storage, one, tokens, how, next(ids)) for one in talks]
                        charge(results[-1], workload, prompts, explicit=True)
                print(f"  {budget} done", file=sys.stderr, flush=True)
    return results


def show(results: Sequence[Result]) -> None:
    budgets = sorted({one.budget for one in results})
    for budget in budgets:
        some = [one for one in results if one.budget == budget]
        sliding = next(one for one in some if one.policy == SLIDING)
        print(f"\n## {budget:,} tokens\n")
        costs = [f"{workload} {prices.name}" for workload in ("locomo", "assistant") for prices in PRICES]
        print(f"| policy | recall | complete | {' | '.join(CATEGORIES.values())} | tokens | {' | '.join(costs)} |")
        print("|---|" + "---|" * (len(CATEGORIES) + len(costs) + 3))
        for one in some:
            kinds = " | ".join(f"{one.of(category=kind):.3f}" for kind in CATEGORIES)
            ratios = " | ".join(f"{one.cost[name] / sliding.cost[name]:.2f}" for name in costs)
            print(
                f"| {one.policy} | **{one.recall:.3f}** | {one.complete:.3f} | {kinds} | {one.tokens:,.0f} | {ratios} |"
            )
    _by_dialogue(results, budgets)
    _targets(results, budgets)


def _by_dialogue(results: Sequence[Result], budgets: Sequence[int]) -> None:
    names = sorted({name for name, _, _ in results[0].scores})
    print(f"\n## Recall by dialogue\n\n| policy | budget | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}")
    for budget in budgets:
        for one in results:
            if one.budget == budget and one.policy in (SLIDING, PARLEY):
                scores = " | ".join(f"{one.of(dialogue=name):.3f}" for name in names)
                print(f"| {one.policy} | {budget:,} | {scores} |")


def _targets(results: Sequence[Result], budgets: Sequence[int]) -> None:
    print("\n## Targets\n")
    by = {(one.policy, one.budget): one for one in results}
    for budget in budgets:
        ours, sliding = by[PARLEY, budget], by[SLIDING, budget]
        if budget in TARGETS:
            _verdict(f"recall at {budget:,}", ours.recall, TARGETS[budget], met=ours.recall >= TARGETS[budget])
        for workload in ("locomo", "assistant"):
            for prices, most in zip(PRICES, DEAREST.get(budget, ()), strict=False):
                name = f"{workload} {prices.name}"
                ratio = ours.cost[name] / sliding.cost[name]
                _verdict(f"cost at {budget:,} over a sliding window, {name}", ratio, most, met=ratio <= most)
    if (BLOCKS, 8000) in by:
        hit = by[BLOCKS, 8000].hit["locomo gpt-5-mini"]
        _verdict("cached tokens without recall, locomo at 8,000", hit, 0.80, met=hit >= 0.80)
    if {4000, 8000} <= set(budgets):
        ours, sliding = by[PARLEY, 8000], by[SLIDING, 4000]
        worst = max(ours.cost[name] / sliding.cost[name] for name in ours.cost)
        _verdict("cost at 8,000 over a sliding window of 4,000, worst", worst, 1.05, met=worst <= 1.05)


def _verdict(what: str, found: float, target: float, *, met: bool) -> None:
    print(f"- {what}: {found:.3f} (target {target:.2f}: {'met' if met else 'MISSED'})")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("locomo", type=Path)
    parser.add_argument("--budgets", type=int, nargs="+", default=BUDGETS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args(argv)
    results = asyncio.run(measure(asked.locomo, asked.budgets))
    show(results)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) | {"recall": one.recall} for one in results]))
    if asked.plot:
        plot({(one.policy, one.budget): (one.cost["locomo gpt-5-mini"], one.recall) for one in results}, asked.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
