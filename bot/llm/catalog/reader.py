"""From the models file to a Catalog, or to every mistake in it."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.domain.models import Catalog, Endpoint, ModelCard
from bot.errors import ConfigError
from bot.llm.catalog.keys import KeyRing
from bot.llm.catalog.problems import Problems
from bot.llm.catalog.routes import RoutesReader
from bot.llm.catalog.schema import EndpointPiece, ModelPiece
from bot.llm.windows import known_to_see, known_window

TABLES = ("endpoints", "chains", "rules", "access", "guards")


def read_catalog(path: Path, environment: Mapping[str, str]) -> Catalog:
    """Read the models file; keys by name are looked up in `environment`.

    Raises ConfigError with a line for every mistake: file, place and what to do.
    """
    return parse_catalog(_text(path), path, environment)


def parse_catalog(text: str, path: Path, environment: Mapping[str, str]) -> Catalog:
    """The same for a text that is at hand; `path` names it in messages, and key files are relative to its folder."""
    raw = _toml(text, path)
    problems = Problems(path.name)
    for name in sorted(raw.keys() - set(TABLES)):
        problems.add(f"{name}:", f"is no table that is known: there are {', '.join(TABLES)}")
    endpoints = EndpointsReader(KeyRing(path.parent, environment, problems), problems)
    endpoints.read(raw.get("endpoints", []))
    routes = RoutesReader(endpoints.refs, problems)
    routes.read(raw)
    problems.raise_any()
    return routes.catalog(endpoints.endpoints, endpoints.models)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError([f"PARLEY_MODELS: there is no file {path}: copy models.example.toml to it"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"PARLEY_MODELS: {path} cannot be read ({type(error).__name__})"]) from None


def _toml(text: str, path: Path) -> Mapping[str, Any]:
    try:
        # Decimals, because prices are exact to the last digit.
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError([f"{path.name}: is not valid TOML: {error}"]) from None


class EndpointsReader:
    """Reads endpoints with their models. `refs` has every model that is named, sound or not."""

    def __init__(self, keys: KeyRing, problems: Problems) -> None:
        self.endpoints: dict[str, Endpoint] = {}
        self.models: dict[str, ModelCard] = {}
        self.refs: list[str] = []
        self._seen: set[str] = set()
        self._keys = keys
        self._problems = problems

    def read(self, raw: object) -> None:
        tables = self._problems.tables(raw, "endpoints")
        if raw == []:
            self._problems.add("endpoints:", "is missing: begin one with [[endpoints]], as models.example.toml does")
        for number, table in enumerate(tables):
            self._endpoint(table, _place("endpoints", number, table))

    def _endpoint(self, table: Mapping[str, Any], place: str) -> None:
        settings = {name: value for name, value in table.items() if name != "models"}
        piece = self._problems.read(EndpointPiece, settings, place)
        name = table.get("name")
        if isinstance(name, str) and name in self._seen:
            self._problems.add(f"{place}, name:", "is taken by an endpoint before it: choose another")
        self._seen.add(str(name))
        self._models(table.get("models", []), str(name), piece, place)
        if piece is not None:
            self.endpoints[piece.name] = Endpoint(
                name=piece.name,
                base_url=piece.base_url,
                keys=tuple(self._keys.of(piece, place)),
                limits=piece.limits.value(),
                provider=piece.provider,
            )

    def _models(self, raw: object, endpoint: str, of: EndpointPiece | None, place: str) -> None:
        if raw == []:
            self._problems.add(f"{place}, models:", "is missing: begin one with [[endpoints.models]]")
        for number, table in enumerate(self._problems.tables(raw, f"{place}, endpoints.models")):
            here = f"{place}, {_place('models', number, table)}"
            self._name(f"{endpoint}/{table.get('name')}", here)
            piece = self._problems.read(ModelPiece, table, here)
            if piece is not None:
                self._card(piece, endpoint, of, here)

    def _name(self, ref: str, place: str) -> None:
        if ref in self.refs:
            self._problems.add(f"{place}, name:", "is taken by a model of this endpoint before it: leave one out")
        self.refs.append(ref)

    def _card(self, piece: ModelPiece, endpoint: str, of: EndpointPiece | None, place: str) -> None:
        window = piece.window or known_window(piece.vendor_name)
        if window is None:
            self._problems.add(
                f"{place}, window:", "is missing and not known for this model: write how many tokens it reads at once"
            )
            return
        card = ModelCard(
            endpoint=endpoint,
            name=piece.name,
            known_as=piece.vendor_name,
            window=window,
            max_output=piece.max_output,
            prices=piece.prices.by_tier() if piece.prices else {},
            max_tokens_field=piece.max_tokens_field or (of and of.max_tokens_field) or "max_completion_tokens",
            unsupported=piece.unsupported | (of.unsupported if of else frozenset()),
            parameters=piece.parameters.value(),
            limits=piece.limits.value(),
            sees_images=known_to_see(piece.vendor_name) if piece.sees_images is None else piece.sees_images,
            flex=piece.flex,
            cache_mark=piece.cache_mark,
        )
        self._check(card, place)
        self.models[card.ref] = card

    def _check(self, card: ModelCard, place: str) -> None:
        """What is right for itself and wrong together."""
        longest = card.max_output or card.window
        if longest > card.window:
            self._problems.add(f"{place}, max_output:", "is larger than window: answers are part of it")
        if (card.parameters.max_output or 0) > longest:
            self._problems.add(f"{place}, parameters.max_output:", f"is more than the model can write ({longest})")
        for name in sorted(card.unsupported & card.parameters.given().keys()):
            self._problems.add(f"{place}, parameters.{name}:", "is also in `unsupported`: leave it out of one")
        if card.flex and card.prices and "flex" not in card.prices:
            self._problems.add(
                f"{place}, prices:", "has no service_tiers.flex: calls with `flex` would have no known cost"
            )


def _place(kind: str, number: int, table: Mapping[str, Any]) -> str:
    name = table.get("name")
    return f'{kind}[{number}] "{name}"' if isinstance(name, str) and len(name) <= 80 else f"{kind}[{number}]"
