"""Buttons in rows, as wide as a phone."""

import pytest

from adapters.telegram.keyboards import keyboard
from bot.domain.updates import Button


def rows(*labels: str) -> list[int]:
    """How many buttons stand in each row."""
    buttons = [Button(label=label, command=f"page {number}") for number, label in enumerate(labels)]
    shown = keyboard(buttons)["inline_keyboard"]
    assert [key["text"] for row in shown for key in row] == list(labels)
    return [len(row) for row in shown]


@pytest.mark.parametrize(
    ("labels", "counts"),
    [
        (["1"] * 8, [8]),
        (["1"] * 10, [8, 2]),
        (["Back", "On"], [2]),
        (["Yes, block them", "No"], [2]),
        (["A label that needs a row for itself"] * 2, [1, 1]),
        (["Short", "A label that needs a row for itself", "Short"], [1, 1, 1]),
        (["上一页", "下一页", "第三页"], [3]),
        (["这个标签相当长了", "这个标签也相当长"], [1, 1]),
    ],
)
def test_as_many_stand_side_by_side_as_can_be_read(labels: list[str], counts: list[int]) -> None:
    assert rows(*labels) == counts


def test_a_button_carries_its_command() -> None:
    (row,) = keyboard([Button(label="On", command="page 2")])["inline_keyboard"]
    assert row == [{"text": "On", "callback_data": "page 2"}]
