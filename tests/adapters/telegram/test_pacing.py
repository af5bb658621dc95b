import pytest

from adapters.telegram.pacing import GROUP_INTERVAL, PRIVATE_INTERVAL, WIDEST, Pacing
from tests.adapters.telegram.conftest import ManualClock


@pytest.fixture
def pacing(clock: ManualClock) -> Pacing:
    return Pacing(clock)


def flood(pacing: Pacing, *chats: str, retry_after: float = 1.0) -> None:
    for chat in chats:
        pacing.slow_down(chat, retry_after)


def test_a_preview_takes_the_chats_turn_for_its_interval(pacing: Pacing, clock: ManualClock) -> None:
    assert pacing.allows_preview("1", private=True)
    assert not pacing.allows_preview("1", private=True)
    clock.seconds += PRIVATE_INTERVAL
    assert pacing.allows_preview("1", private=True)


def test_a_timer_that_fires_a_little_early_is_on_time(pacing: Pacing, clock: ManualClock) -> None:
    pacing.allows_preview("1", private=True)
    clock.seconds += 0.95 * PRIVATE_INTERVAL
    assert pacing.allows_preview("1", private=True)


def test_chats_do_not_wait_for_each_other(pacing: Pacing) -> None:
    assert pacing.allows_preview("1", private=True)
    assert pacing.allows_preview("2", private=True)


def test_two_answers_in_a_group_share_its_twenty_changes_a_minute(pacing: Pacing, clock: ManualClock) -> None:
    shown = 0
    for _ in range(60):
        shown += pacing.allows_preview("-1", private=False) + pacing.allows_preview("-1", private=False)
        clock.seconds += 1
    assert shown == 20


def test_a_final_message_pushes_the_next_preview_back(pacing: Pacing, clock: ManualClock) -> None:
    pacing.final("-1", private=False)
    assert not pacing.allows_preview("-1", private=False)
    clock.seconds += GROUP_INTERVAL
    assert pacing.allows_preview("-1", private=False)


def test_a_429_stops_previews_of_its_chat_until_the_deadline(pacing: Pacing, clock: ManualClock) -> None:
    pacing.slow_down("1", 20.0)
    clock.seconds += 19.0
    assert not pacing.allows_preview("1", private=True)
    clock.seconds += 1.0
    assert pacing.allows_preview("1", private=True)


def test_finals_are_told_how_long_a_429_lasts(pacing: Pacing, clock: ManualClock) -> None:
    pacing.slow_down("1", 20.0)
    clock.seconds += 5.0
    assert pacing.wait("1") == 15.0
    assert pacing.wait("2") == 0.0


def test_a_shorter_429_does_not_shorten_a_longer_one(pacing: Pacing) -> None:
    pacing.slow_down("1", 20.0)
    pacing.slow_down("1", 2.0)
    assert pacing.wait("1") == 20.0


def test_one_chats_429s_do_not_thin_out_the_others(pacing: Pacing) -> None:
    flood(pacing, "1", "1", "1", "1", "1")
    assert pacing.interval("9", private=True) == PRIVATE_INTERVAL


def test_a_429_makes_its_own_chat_slower_for_a_while(pacing: Pacing, clock: ManualClock) -> None:
    flood(pacing, "1", "1")
    assert pacing.interval("1", private=True) == 4 * PRIVATE_INTERVAL
    clock.seconds += 60.0
    assert pacing.interval("1", private=True) == PRIVATE_INTERVAL


def test_429s_of_several_chats_thin_out_all_previews(pacing: Pacing) -> None:
    flood(pacing, "1", "2", "3")
    assert pacing.interval("9", private=True) == 2 * PRIVATE_INTERVAL
    assert pacing.interval("9", private=False) == 2 * GROUP_INTERVAL


def test_429s_far_apart_are_no_flood(pacing: Pacing, clock: ManualClock) -> None:
    for chat in "123":
        flood(pacing, chat)
        clock.seconds += 31.0
    assert pacing.interval("9", private=True) == PRIVATE_INTERVAL


def test_previews_thin_out_only_so_far(pacing: Pacing) -> None:
    for number in range(60):
        flood(pacing, str(number))
    assert pacing.interval("9", private=True) == WIDEST
    assert pacing.interval("9", private=False) == WIDEST


def test_after_a_quiet_time_previews_come_as_often_as_before(pacing: Pacing, clock: ManualClock) -> None:
    flood(pacing, *"123456")
    assert pacing.interval("9", private=True) == 4 * PRIVATE_INTERVAL
    clock.seconds += 30.0
    assert pacing.interval("9", private=True) == 2 * PRIVATE_INTERVAL
    clock.seconds += 30.0
    assert pacing.interval("9", private=True) == PRIVATE_INTERVAL


def test_chats_not_heard_of_for_long_are_forgotten(pacing: Pacing) -> None:
    for number in range(10_000):
        pacing.allows_preview(str(number), private=True)
    assert len(pacing._chats) <= 4096
    assert pacing.allows_preview("0", private=True)
    assert not pacing.allows_preview("9999", private=True)
