"""Days, weeks and months of time zones, and windows that roll."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.windows import (
    BUCKET,
    EPOCH,
    Period,
    Span,
    Window,
    floor,
    freed,
    instant,
    known_zone,
    milliseconds,
    stretches,
)

NOW = datetime(2026, 11, 26, 10, 17, 31, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")

YEARS = timedelta(days=365 * 100)
instants = st.timedeltas(timedelta(days=365 * 30), YEARS).map(lambda age: EPOCH + age)
zones = st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]).map(ZoneInfo)
windows = st.one_of(
    st.sampled_from(["day", "week", "month"]).map(Window.parse),
    st.integers(1, 24 * 366).map(lambda hours: Window(hours=hours)),
)


@pytest.mark.parametrize(
    ("now", "zone", "span", "hours"),
    [
        ("2026-03-29T12:00+00:00", "Europe/Berlin", "day", 23),
        ("2026-10-25T12:00+00:00", "Europe/Berlin", "day", 25),
        ("2028-02-29T12:00+00:00", "UTC", "day", 24),
        ("2026-12-31T23:30+00:00", "Asia/Shanghai", "day", 24),
        ("2026-03-25T12:00+00:00", "Europe/Berlin", "week", 7 * 24 - 1),
        ("2026-10-22T12:00+00:00", "Europe/Berlin", "week", 7 * 24 + 1),
        ("2028-02-29T12:00+00:00", "UTC", "month", 29 * 24),
        ("2026-02-01T00:00+00:00", "UTC", "month", 28 * 24),
        ("2026-03-31T22:30+00:00", "Europe/Berlin", "month", 30 * 24),
        ("2026-12-31T23:59+00:00", "UTC", "month", 31 * 24),
    ],
)
def test_a_period_is_as_long_as_the_calendar_has_it(now: str, zone: str, span: Span, hours: int) -> None:
    period = Period.of(span, datetime.fromisoformat(now), ZoneInfo(zone))
    assert (period.ends_at - period.starts_at) == timedelta(hours=hours)
    assert period.starts_at <= datetime.fromisoformat(now) < period.ends_at


def test_weeks_begin_on_monday() -> None:
    week = Period.of("week", NOW, BERLIN)
    assert week.starts_at == datetime(2026, 11, 22, 23, tzinfo=UTC)


@pytest.mark.parametrize("word", ["day", "week", "month", "total", "3h", "36h", "30d"])
def test_a_window_is_written_as_it_is_read(word: str) -> None:
    assert str(Window.parse(word)) == word


@pytest.mark.parametrize("word", ["", "0h", "3", "h", "-1h", "3m", "367d", "99999h", "Day", "1.5h", "٣h"])
def test_what_is_no_window_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="no window"):
        Window.parse(word)


def test_a_rolling_window_counts_the_bucket_it_begins_in() -> None:
    assert Window(hours=3).since(NOW, BERLIN) == datetime(2026, 11, 26, 7, 15, tzinfo=UTC)


@given(now=instants, zone=zones, window=windows)
def test_calendars_cut_through_no_bucket(now: datetime, zone: ZoneInfo, window: Window) -> None:
    since = window.since(now, zone)
    assert floor(since) == since <= now


@given(now=instants, age=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_stretches_cover_everything_since_then_once(now: datetime, age: timedelta) -> None:
    since = floor(now - age)
    covered = since
    for one in sorted(stretches(since, now), key=lambda stretch: stretch.since):
        assert one.since == covered
        assert one.level == "bucket" or one.since == one.since.replace(hour=0, minute=0, second=0, microsecond=0)
        covered = one.before or now
    assert covered == now


def test_everything_ever_is_one_sum() -> None:
    (ever,) = stretches(EPOCH, NOW)
    assert ever.level == "ever"


@given(now=instants, age=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_limit_is_read_from_few_rows(now: datetime, age: timedelta) -> None:
    rows = 0
    for one in stretches(floor(now - age), now):
        length = (one.before or now) - one.since
        rows += length // (BUCKET if one.level == "bucket" else timedelta(days=1)) + 1
    assert rows <= 288 + 402


def test_room_is_there_when_enough_has_left_the_window() -> None:
    rows = [(datetime(2026, 11, 26, 8, 0, tzinfo=UTC), 2), (datetime(2026, 11, 26, 9, 0, tzinfo=UTC), 3)]
    window = Window(hours=3)
    assert freed(rows, wanted=1, window=window) == datetime(2026, 11, 26, 11, 5, tzinfo=UTC)
    assert freed(rows, wanted=3, window=window) == datetime(2026, 11, 26, 12, 5, tzinfo=UTC)
    assert freed(rows, wanted=6, window=window) is None


@given(at=instants)
def test_instants_survive_the_database(at: datetime) -> None:
    whole = at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert instant(milliseconds(whole)) == whole


def test_time_zones_are_those_of_the_list() -> None:
    assert [known_zone(name) for name in ("Asia/Shanghai", "Mars/Base", "", "../etc")] == [True, False, False, False]
