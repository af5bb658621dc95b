"""What commands there are: a page that fits a phone, a page for each topic, and one for each command."""

import re
from collections.abc import Mapping, Sequence

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Topic
from bot.errors import UnknownCommand
from bot.texts import Text, Typed, lines, row, text

_TITLES: Mapping[Topic, Text] = {
    "conversation": text("💬 Conversations"),
    "answers": text("🤖 Answers"),
    "limits": text("📊 Limits"),
    "you": text("👤 You"),
    "admins": text("🛠 Admins"),
}


async def help_(call: Call) -> Answer:
    match call.words:
        case []:
            return _overview(call)
        case [word]:
            topic = next((one for one in _topics(call) if one == word), None)
            return _page(call, topic) if topic else _details(call, word.removeprefix("/"))
    raise call.bad_argument()


def _topics(call: Call) -> Sequence[Topic]:
    return [topic for topic in _TITLES if _under(call, topic)]


def _overview(call: Call) -> Answer:
    topics = _topics(call)
    return Answer(
        said=lines(
            text("Write to me, and I answer. Commands do the rest:"),
            *(_line(topic, _under(call, topic)) for topic in topics),
            text("{help} tells more about one of them.", help=Typed("help quota")),
        ),
        choices=[Choice(label=_TITLES[topic], command=f"help {topic}") for topic in topics],
        in_place=True,
    )


def _line(topic: Topic, commands: Sequence[Command]) -> Text:
    return text("{topic}: {commands}", topic=_TITLES[topic], commands=row(*(Typed(one.name) for one in commands)))


def _page(call: Call, topic: Topic) -> Answer:
    note = [text("Name people by replying to them, by @username, or by id such as `telegram:123456`.")]
    return Answer(
        said=lines(
            _TITLES[topic],
            *(
                text("{command} — {summary}", command=Typed(one.name), summary=one.summary)
                for one in _under(call, topic)
            ),
            *(note if topic == "admins" else []),
        ),
        choices=[_back()],
        in_place=True,
    )


def _details(call: Call, name: str) -> Answer:
    command = call.book.get(name)
    if command is None or command.least > call.role:
        raise UnknownCommand(name[:64])
    usage = command.usage_for(call.role)
    called = text("{command} — {summary}", command=Typed(command.name), summary=command.summary)
    more = [text("Usage: {usage}", usage=_shown(command, usage))] if usage else []
    # The example is one of those who may give all of its arguments.
    if command.example and usage == command.usage:
        more.append(text("For example: {example}", example=_shown(command, command.example)))
    return Answer(said=lines(called, *more), choices=[_back()], in_place=True)


def _shown(command: Command, arguments: str) -> Text:
    """As it is typed, with no Markdown in it taking effect."""
    return Text("`{typed}`", {"typed": Typed(f"{command.name} {arguments}")})


def _under(call: Call, topic: Topic) -> Sequence[Command]:
    return [command for command in call.book.menu(call.role) if command.shown_under == topic]


def _back() -> Choice:
    return Choice(label=text("« All commands"), command="help")


COMMANDS = (
    Command(
        name="help",
        summary=text("What I can do"),
        handler=help_,
        usage="[COMMAND]",
        example="quota",
        topic="you",
        spoken=re.compile(""),
    ),
)
