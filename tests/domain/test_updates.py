import pytest

from bot.domain.updates import Button


def test_a_command_as_long_as_telegram_carries_is_fine() -> None:
    assert Button(label="Again", command="x" * 64).command == "x" * 64


@pytest.mark.parametrize(("label", "command"), [("Again", ""), ("Again", "ü" * 33), (" ", "retry")])
def test_a_button_that_no_platform_could_carry_is_not_made(label: str, command: str) -> None:
    with pytest.raises(ValueError, match="not a button"):
        Button(label=label, command=command)
