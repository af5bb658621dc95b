import pytest

from bot.llm.shaping import Limits
from bot.llm.shaping.headers import Level, duration, levels


def headers(kind: str = "requests", **values: str) -> dict[str, str]:
    return {f"x-ratelimit-{field}-{kind}": value for field, value in values.items()}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12ms", 0.012),
        ("1.5s", 1.5),
        ("6m0s", 360),
        ("1h2m3s", 3723),
        ("2m59.56s", 179.56),
        ("7", 7),
        (" 0s ", 0),
        ("", None),
        (None, None),
        ("soon", None),
        ("-1", None),
        ("1s later", None),
    ],
)
def test_durations_are_read_as_vendors_write_them(text: str | None, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


def test_both_kinds_are_read() -> None:
    told = headers(limit="60", remaining="59", reset="1s") | headers(
        "tokens", limit="1000", remaining="0", reset="6m0s"
    )
    assert levels(told) == (
        Level(kind="requests", limit=60, remaining=59, reset=1),
        Level(kind="tokens", limit=1000, remaining=0, reset=360),
    )


def test_no_headers_say_nothing() -> None:
    assert levels({"content-type": "text/event-stream"}) == ()


@pytest.mark.parametrize(
    "told",
    [
        headers(limit="-1", remaining="-1"),
        headers(limit="0", remaining="0", reset="0"),
        headers(limit="60", remaining="-1"),
        headers(limit="60", remaining="0"),
        headers(limit="60", remaining="0", reset="0s"),
        headers(limit="60", remaining="61"),
        headers(limit="many", remaining="few"),
        headers(limit="60"),
    ],
)
def test_nonsense_says_nothing(told: dict[str, str]) -> None:
    assert levels(told) == ()


def test_remaining_alone_is_something() -> None:
    assert levels(headers(remaining="5")) == (Level(kind="requests", remaining=5),)


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (Level(kind="tokens", limit=150_000, remaining=149_984, reset=360), "tpm"),
        (Level(kind="requests", limit=60, remaining=59, reset=1), "rpm"),
        (Level(kind="requests", limit=14_400, remaining=14_370, reset=179.56), "rpd"),
        (Level(kind="requests", limit=100, remaining=99, reset=59), "rpm"),
        (Level(kind="requests", limit=500, remaining=500, reset=0), "rpm"),
        (Level(kind="requests", limit=2000, remaining=2000, reset=0), "rpd"),
        (Level(kind="requests", remaining=5), "rpm"),
    ],
)
def test_a_level_belongs_to_the_limit_it_fits(level: Level, name: str) -> None:
    assert level.meter(Limits(rpd=2000)) == name


def test_a_server_lowers_a_limit_and_adds_one() -> None:
    assert Limits(rpm=100).told("rpm", 60).told("tpm", 1000) == Limits(rpm=60, tpm=1000)


def test_a_server_does_not_raise_an_operators_limit() -> None:
    assert Limits(rpm=10).told("rpm", 60) == Limits(rpm=10)


def test_a_limit_of_nothing_is_one() -> None:
    assert [meter.limit for meter in Limits(rpm=0).meters()] == [1]
