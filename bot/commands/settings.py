"""What somebody chose for themselves."""

import re

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command
from bot.domain.people import Busy
from bot.texts import Text, lines, text


async def settings(call: Call) -> Answer:
    match call.words:
        case []:
            return _overview(call.account.busy)
        case ["busy", "queue" | "steer" | "ignore" as choice]:
            await call.work.people.busy(call.account.id, choice)
            return _overview(choice)
    raise call.bad_argument()


def _overview(busy: Busy) -> Answer:
    choices = {
        "queue": text("Let it wait"),
        "steer": text("Go on with both"),
        "ignore": text("Leave it out"),
    }
    return Answer(
        said=lines(text("When you write while I am answering:"), _meaning(busy)),
        choices=[
            Choice(label=label, command=f"settings busy {name}") for name, label in choices.items() if name != busy
        ],
        in_place=True,
    )


def _meaning(busy: Busy) -> Text:
    match busy:
        case "steer":
            return text("▶ I stop, and go on with both messages.")
        case "ignore":
            return text("▶ I leave the new message out.")
    return text("▶ The new message waits until I am done.")


COMMANDS = (
    Command(
        name="settings",
        summary=text("See and change what becomes of messages while I am answering"),
        handler=settings,
        usage="[busy queue|steer|ignore]",
        example="busy steer",
        spoken=re.compile(r"(busy \w+)?"),
    ),
)
