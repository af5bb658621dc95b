"""What the pool's breakers and keys tell about what does not work."""

from bot.domain.models import Catalog
from bot.errors import CompletionRefused, ModelError, UpstreamDown, UpstreamMisconfigured
from bot.llm.policy import judge
from bot.llm.ways import Gates, Way
from tests.fakes import FakeClock

CATALOG = Catalog.single(base_url="http://fake/v1", key="k", model="gpt", window=1000)
ENDPOINT = CATALOG.endpoints["main"]
WAY = Way(endpoint=ENDPOINT, key=ENDPOINT.keys[0], card=CATALOG.default.first)


def fail(gates: Gates, error: ModelError, times: int = 1) -> None:
    for _ in range(times):
        gates.enter(WAY).failed(error, judge(error))


def told(gates: Gates) -> list[tuple[str, str]]:
    return [(one.subject, str(one.reason)) for one in gates.troubles()]


def test_at_first_nothing_is_wrong() -> None:
    assert Gates(FakeClock()).troubles() == []


def test_a_model_whose_breaker_opened_is_told_until_a_call_succeeds() -> None:
    clock = FakeClock()
    gates = Gates(clock)
    fail(gates, UpstreamDown("503"), times=4)
    assert told(gates) == []
    fail(gates, UpstreamDown("503"))
    assert told(gates) == [("main/gpt", "503")]
    clock.pass_(minutes=10)
    assert told(gates) == [("main/gpt", "503")]
    gates.enter(WAY).succeeded()
    assert told(gates) == []


def test_a_key_without_credit_is_told_by_its_name() -> None:
    gates = Gates(FakeClock())
    fail(gates, UpstreamMisconfigured("no money", cause="credit"))
    assert told(gates) == [("main OPENAI_API_KEY", "no money")]


def test_a_key_that_is_refused_is_told_though_it_goes_on_being_tried() -> None:
    gates = Gates(FakeClock())
    fail(gates, UpstreamMisconfigured("401", cause="key"), times=2)
    assert told(gates) == [("main OPENAI_API_KEY", "401")]
    gates.enter(WAY).succeeded()
    assert told(gates) == []


def test_a_model_that_the_endpoint_does_not_know_is_told() -> None:
    gates = Gates(FakeClock())
    fail(gates, UpstreamMisconfigured("404", cause="model"))
    assert told(gates) == [("main/gpt", "404")]


def test_what_a_person_asked_wrongly_is_nobodys_trouble() -> None:
    gates = Gates(FakeClock())
    fail(gates, CompletionRefused("400"), times=10)
    assert told(gates) == []
