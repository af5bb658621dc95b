"""First contact: what this bot is, what it stores, and questions to begin with."""

from collections.abc import Sequence

from bot.commands.admission import redeem
from bot.commands.call import Call
from bot.commands.declaration import Answer, Ask, Choice, Command, Role
from bot.errors import NotAdmitted
from bot.texts import Text, Typed, lines, text

SUGGESTIONS: Sequence[Text] = (
    text("What can you help me with?"),
    text("Plan three days in Lisbon for me"),
    text("Explain compound interest simply"),
    text("Write a friendly payment reminder"),
)
"""Questions that anybody may begin with; each is asked in the words in which it was offered."""


async def start(call: Call) -> Text | Answer:
    if call.words and call.role < Role.MEMBER:
        return await redeem(call, " ".join(call.words))  # Telegram's links to a bot carry a code this way
    if call.role is Role.NEWCOMER:
        raise NotAdmitted
    return Answer(
        said=lines(
            text("Hello! I am Parley: write to me and a language model answers."),
            text(
                "To remember our conversation I store your messages and my answers; {forget} deletes them for good.",
                forget=Typed("forget"),
            ),
            text(
                "{help} shows what else I know, {settings} what you can choose. Or begin with one of these:",
                help=Typed("help"),
                settings=Typed("settings"),
            ),
        ),
        choices=[Choice(label=one, command=f"ask {number}") for number, one in enumerate(SUGGESTIONS, 1)],
    )


async def ask(call: Call) -> Ask:
    match call.words:
        case [number] if number in {str(one) for one in range(1, len(SUGGESTIONS) + 1)}:
            return Ask(question=SUGGESTIONS[int(number) - 1])
    raise call.bad_argument()


COMMANDS = (
    Command(name="start", summary=text("What this bot is"), handler=start, role=Role.NEWCOMER, topic="hidden"),
    Command(
        name="ask",
        summary=text("Ask one of the questions that /start offers"),
        handler=ask,
        usage="NUMBER",
        example="1",
        overtakes=False,
        topic="hidden",
    ),
)
