"""The ways to an answer, and what keeps one from being tried for a while."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass

from bot.domain.models import Endpoint, Key, ModelCard
from bot.errors import ModelError, UpstreamDown
from bot.llm.breaker import Breaker, Ticket
from bot.llm.policy import Verdict
from bot.llm.shaping import Route
from bot.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One model behind one key of one endpoint, in the endpoint's usual service tier or in the one that is named."""

    endpoint: Endpoint
    key: Key
    card: ModelCard
    tier: str = ""

    @property
    def route(self) -> Route:
        return Route(endpoint=self.endpoint.name, key=self.key.name, model=self.card.name)


class Resting(Exception):
    """The way is left alone for now; `reason` is the failure that brought it there."""

    def __init__(self, reason: ModelError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What does not work now: a model (`endpoint/name`) or a key (`endpoint KEY_NAME`), and its last failure."""

    subject: str
    reason: ModelError


class Gate:
    """A breaker that remembers why it opened: whoever is turned away is told that, and no vague outage."""

    def __init__(self, clock: Clock) -> None:
        self.breaker = Breaker(clock)
        self._reason: ModelError = UpstreamDown("resting after failures")
        self._complaint: ModelError | None = None

    @property
    def trouble(self) -> ModelError | None:
        """The last failure, until a call succeeds, if the breaker opened or only an admin can help."""
        return self._complaint if self.breaker.state == "closed" else self._reason

    def complain(self, error: ModelError) -> None:
        """Remember a failure that shuts nothing."""
        self._complaint = error

    def succeeded(self, ticket: Ticket) -> None:
        self._complaint = None
        self.breaker.succeeded(ticket)

    def enter(self) -> Ticket:
        """Raises Resting."""
        ticket = self.breaker.admit()
        if ticket is None:
            # A copy, for every task that raises it writes its traceback into it.
            raise Resting(copy(self._reason).with_traceback(None))
        return ticket

    def failed(self, ticket: Ticket, error: ModelError, verdict: Verdict) -> None:
        if verdict.breaker is None:
            self.breaker.dropped(ticket)
            return
        self._reason = error
        self.breaker.failed(ticket, verdict.breaker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One attempt that may be made. Say how it ended with exactly one of its methods."""

    model: Gate
    key: Gate
    model_ticket: Ticket
    key_ticket: Ticket

    def succeeded(self) -> None:
        self.model.succeeded(self.model_ticket)
        self.key.succeeded(self.key_ticket)

    def failed(self, error: ModelError, verdict: Verdict) -> None:
        if verdict.alert and verdict.breaker is None:
            self.key.complain(error)
        if verdict.of == "key":
            self.model.breaker.dropped(self.model_ticket)
            self.key.failed(self.key_ticket, error, verdict)
        else:
            self.key.breaker.dropped(self.key_ticket)
            self.model.failed(self.model_ticket, error, verdict)

    def dropped(self) -> None:
        """Nothing was learnt about the endpoint: the person left, or there was no room."""
        self.model.breaker.dropped(self.model_ticket)
        self.key.breaker.dropped(self.key_ticket)


class Gates:
    """A breaker for each model of each endpoint, which its keys share, and one for each key's account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._models: dict[str, Gate] = {}
        self._keys: dict[tuple[str, str], Gate] = {}

    def model(self, card: ModelCard) -> Gate:
        if card.ref not in self._models:
            self._models[card.ref] = Gate(self._clock)
        return self._models[card.ref]

    def key(self, endpoint: Endpoint, key: Key) -> Gate:
        name = endpoint.name, key.name
        if name not in self._keys:
            self._keys[name] = Gate(self._clock)
        return self._keys[name]

    def any_open(self, cards: Iterable[ModelCard]) -> bool:
        """Whether one of these models, at least, may be asked now."""
        return any(self.model(card).breaker.state != "open" for card in cards)

    def states(self) -> dict[str, str]:
        """The state of the breaker of every model (`endpoint/name`) and key (`endpoint KEY_NAME`) that was used."""
        keys = {f"{endpoint} {key}": gate for (endpoint, key), gate in self._keys.items()}
        return {way: gate.breaker.state for way, gate in (self._models | keys).items()}

    def troubles(self) -> list[Trouble]:
        """Every model and key that does not work now."""
        keys = {f"{endpoint} {key}": gate for (endpoint, key), gate in self._keys.items()}
        found = ((subject, gate.trouble) for subject, gate in (self._models | keys).items())
        return [Trouble(subject=subject, reason=reason) for subject, reason in found if reason is not None]

    def enter(self, way: Way) -> Passage:
        """Permission for one attempt. Raises Resting.

        Whatever happens behind a person's key teaches nothing: they could shut a model for everybody else.
        """
        if way.key.personal:
            model, key = Gate(self._clock), Gate(self._clock)
        else:
            model, key = self.model(way.card), self.key(way.endpoint, way.key)
        key_ticket = key.enter()
        try:
            model_ticket = model.enter()
        except Resting:
            key.breaker.dropped(key_ticket)
            raise
        return Passage(model=model, key=key, model_ticket=model_ticket, key_ticket=key_ticket)
