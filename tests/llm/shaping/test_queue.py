from hypothesis import given
from hypothesis import strategies as st

from bot.llm.shaping.queue import BACKGROUND, FairQueue

Turn = tuple[int, int]


def serve(queue: FairQueue[Turn]) -> Turn:
    turn = queue.first()
    queue.serve(turn, turn[0])
    return turn


def filled(*turns: Turn, patience: int = 5) -> FairQueue[Turn]:
    queue: FairQueue[Turn] = FairQueue(patience)
    for turn in turns:
        queue.push(turn, turn[0])
    return queue


def test_higher_priorities_go_first_and_equals_by_arrival() -> None:
    queue = filled((0, 1), (2, 2), (1, 3), (2, 4))
    assert [serve(queue) for _ in range(4)] == [(2, 2), (2, 4), (1, 3), (0, 1)]
    assert not queue


def test_whoever_was_passed_over_often_enough_goes_next() -> None:
    queue = filled((0, 0), *((1, number) for number in range(10)), patience=3)
    assert [serve(queue)[0] for _ in range(5)] == [1, 1, 1, 0, 1]


def test_the_background_is_served_when_nobody_else_is_there_however_often_it_was_passed_over() -> None:
    queue = filled((BACKGROUND, 0), *((0, number) for number in range(10)), patience=2)
    assert [serve(queue)[0] for _ in range(11)] == [0] * 10 + [BACKGROUND]


def test_leaving_makes_room_for_the_next_of_the_same_priority() -> None:
    queue = filled((1, 1), (1, 2), (0, 3))
    queue.remove((1, 1), 1)
    queue.remove((1, 1), 1)
    assert queue.first() == (1, 2)
    assert len(queue) == 2


def test_removing_the_last_one_empties_the_queue() -> None:
    queue = filled((1, 1))
    queue.remove((1, 1), 1)
    queue.remove((1, 1), 1)
    assert not queue


priorities = st.integers(0, 3)
arrivals = st.lists(st.one_of(st.none(), priorities), max_size=200)


@given(begin=st.lists(priorities, min_size=1, max_size=20), then=arrivals, patience=st.integers(1, 6))
def test_every_class_is_served_within_the_bound(begin: list[int], then: list[int | None], patience: int) -> None:
    """Whatever arrives meanwhile (a number; None serves one), no class is passed over for longer than promised."""
    queue = filled(*((priority, number) for number, priority in enumerate(begin)), patience=patience)
    passed: dict[int, int] = dict.fromkeys(begin, 0)
    for number, arrival in enumerate([*then, *[None] * (len(begin) + len(then))], start=len(begin)):
        if arrival is not None:
            queue.push((arrival, number), arrival)
            passed.setdefault(arrival, 0)
        elif queue:
            served, _ = serve(queue)
            waiting = {priority for priority, _ in queue}
            passed = {one: passed.get(one, 0) + 1 for one in waiting} | ({served: 0} if served in waiting else {})
            assert max(passed.values(), default=0) <= patience + 3


@given(begin=st.lists(priorities, min_size=1, max_size=30), patience=st.integers(1, 6))
def test_everybody_is_served_once_and_equals_in_order(begin: list[int], patience: int) -> None:
    queue = filled(*((priority, number) for number, priority in enumerate(begin)), patience=patience)
    served = [serve(queue) for _ in begin]
    assert sorted(served) == sorted((priority, number) for number, priority in enumerate(begin))
    for priority in set(begin):
        mine = [number for one, number in served if one == priority]
        assert mine == sorted(mine)
