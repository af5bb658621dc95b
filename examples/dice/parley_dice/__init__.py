"""A command in a package of its own: `/roll 2d6` throws two dice of six sides each."""

import random
import re

from bot.commands import Command, Role
from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice
from bot.texts import text

_DICE = re.compile(r"(\d{1,2})d(\d{1,3})")


async def roll(call: Call) -> Answer:
    """What it changes would go through `call.work`: one transaction with the answer."""
    words = call.words or ["1d6"]
    dice = _DICE.fullmatch(words[0])
    if len(words) > 1 or dice is None or int(dice[2]) == 0:
        raise call.bad_argument()
    thrown = [random.randint(1, int(dice[2])) for _ in range(int(dice[1]))]
    return Answer(
        said=text(
            "{dice}: {thrown}, together {sum}", dice=words[0], thrown=", ".join(map(str, thrown)), sum=sum(thrown)
        ),
        choices=[Choice(label=text("Again"), command=f"roll {words[0]}")],
    )


COMMANDS = [
    Command(
        name="roll",
        summary=text("Throw dice"),
        handler=roll,
        usage="[NUMBERdSIDES]",
        example="2d6",
        role=Role.GUEST,
        topic="answers",
        spoken=_DICE,
    )
]
