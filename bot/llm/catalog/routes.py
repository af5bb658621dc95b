"""The part of the models file that says which model answers: chains, rules, and who may use what and how much."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from bot.domain.models import DEFAULT_CHAIN, Catalog, Chain, Endpoint, Guard, ModelCard, Rule
from bot.llm.catalog.problems import Problems, listed
from bot.llm.catalog.schema import GuardPiece, RulePiece


class RoutesReader:
    """Reads chains, rules, access and guards, given the refs there are (those of unsound models too)."""

    def __init__(self, refs: Sequence[str], problems: Problems) -> None:
        self._refs = refs
        self._problems = problems
        self._chains: dict[str, Sequence[str]] = {}
        self._rules: list[Rule] = []
        self._access: dict[str, frozenset[str]] = {}
        self._guards: dict[str, Guard] = {}

    def read(self, raw: Mapping[str, Any]) -> None:
        for name, refs in self._problems.table(raw.get("chains", {}), "chains").items():
            self._chains[name] = self._known(refs, f"chains.{name}")
        if not self._chains:
            self._chains[DEFAULT_CHAIN] = self._refs
        for number, table in enumerate(self._problems.tables(raw.get("rules", []), "rules")):
            self._rule(table, f"rules[{number}]")
        for plan, patterns in self._problems.table(raw.get("access", {}), "access").items():
            self._access[plan] = self._allowed(patterns, f"access.{plan}")
            self._check_default(plan)
        for plan, table in self._problems.table(raw.get("guards", {}), "guards").items():
            self._guard(plan, table, f"guards.{plan}")

    def catalog(self, endpoints: Mapping[str, Endpoint], models: Mapping[str, ModelCard]) -> Catalog:
        """Everything put together; call it only when no problem was found."""
        chains = {
            name: Chain(name=name, cards=tuple(models[ref] for ref in refs)) for name, refs in self._chains.items()
        }
        return Catalog(
            endpoints=endpoints,
            models=models,
            chains=chains,
            rules=tuple(self._rules),
            access=dict(self._access),
            guards=dict(self._guards),
        )

    def _known(self, raw: object, place: str) -> Sequence[str]:
        """A chain's refs, as far as they are known."""
        known: list[str] = []
        for number, ref in enumerate(self._texts(raw, place)):
            if ref not in self._refs:
                self._problems.add(f"{place}[{number}]:", f'"{ref}" is no model: there are {listed(self._refs)}')
            elif ref in known:
                self._problems.add(f"{place}[{number}]:", f'"{ref}" is in the chain already: leave one out')
            else:
                known.append(ref)
        return known

    def _texts(self, raw: object, place: str) -> Sequence[str]:
        if isinstance(raw, list) and raw and all(isinstance(one, str) for one in raw):
            return raw
        self._problems.add(f"{place}:", 'should be a list of models, like ["endpoint/model"]')
        return ()

    def _rule(self, table: Mapping[str, Any], place: str) -> None:
        if self._rules and self._rules[-1].when.always:
            self._problems.add(
                f"{place}:", "is never reached: the rule before it has no conditions; move that to the end"
            )
        piece = self._problems.read(RulePiece, table, place)
        if piece is None:
            return
        self._rules.append(piece.value())
        if piece.chain not in self._chains:
            self._problems.add(
                f"{place}, chain:", f'"{piece.chain}" is no chain: there are {listed(list(self._chains))}'
            )

    def _guard(self, plan: str, table: object, place: str) -> None:
        piece = self._problems.read(GuardPiece, self._problems.table(table, place), place)
        if piece is None:
            return
        guard = self._guards[plan] = piece.value()
        if guard.turn is not None and guard.call is not None and guard.turn < guard.call:
            self._problems.add(f"{place}, turn:", "is less than `call`: a turn is one call or more")

    def _allowed(self, raw: object, place: str) -> frozenset[str]:
        return frozenset(
            ref
            for number, pattern in enumerate(self._texts(raw, place))
            for ref in self._matching(pattern, f"{place}[{number}]:")
        )

    def _matching(self, pattern: str, place: str) -> Iterator[str]:
        """A ref, or with `*` all that fit."""
        found = [ref for ref in self._refs if fnmatchcase(ref, pattern)]
        if not found:
            self._problems.add(place, f'"{pattern}" fits no model: there are {listed(self._refs)}')
        yield from found

    def _check_default(self, plan: str) -> None:
        """A person for whom no rule has a model left still gets an answer."""
        name = DEFAULT_CHAIN if DEFAULT_CHAIN in self._chains else next(iter(self._chains))
        chain, allowed = self._chains[name], self._access[plan]
        if chain and allowed and not allowed.intersection(chain):
            self._problems.add(
                f"access.{plan}:", f"leaves nothing of the chain {name}: add one of {listed(list(chain))}"
            )
