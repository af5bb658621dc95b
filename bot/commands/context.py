"""What the model sees of a conversation, and why."""

from collections.abc import Callable, Iterator

from bot.brain import Sight
from bot.charts.values import Slice, WindowChart
from bot.commands.call import Call
from bot.commands.declaration import Answer, Command, Later, Role, Table
from bot.domain.context import SUMMARY_OVERHEAD
from bot.domain.recall import Piece, cost
from bot.domain.terms import shared
from bot.errors import PictureFailed, UnknownCommand
from bot.texts import Text, code, excerpt, lines, text
from bot.texts import words as verbatim

_MOST_WORDS = 5
"""Of a question, that are named as the reason why a piece was found."""


async def context(call: Call) -> Answer | Later:
    if call.brain is None:
        raise UnknownCommand(call.command.name)
    conversation = await call.conversation()
    asked = " ".join(call.words) or await call.work.spoken.last_question(conversation, call.account.id) or ""
    sight = await call.brain.preview(call.work, call.account, call.update, conversation, asked)
    answer = Answer(said=lines(*_said(sight)), table=_table(sight))
    if not call.studio.open:
        return answer

    async def drawn(rendered: Callable[[Text], str]) -> Answer:
        chart = WindowChart(
            slices=[Slice(name=name, tokens=tokens) for name, tokens in _parts(sight)], window=_size(sight)
        )
        try:
            picture = await call.studio.picture("context", chart, rendered)
        except PictureFailed:
            return answer
        return Answer(said=answer.said, table=answer.table, files=(picture,))

    return Later(make=drawn)


def _said(sight: Sight) -> Iterator[Text]:
    yield text(
        "What {model} would see with this message: {message}", model=code(sight.card.ref), message=_quoted(sight)
    )
    if sight.fitted.summary:
        yield text("Older turns are summed up: {summary}", summary=code(excerpt(sight.fitted.summary.text, 300)))
    if not sight.fitted.recalled:
        yield text("Nothing is recalled from earlier.")
        return
    yield text("Recalled from earlier, because it seems to belong to the message:")
    for piece in sight.fitted.recalled:
        yield _reason(piece, sight.words)


def _quoted(sight: Sight) -> Text:
    return verbatim(code(excerpt(sight.words))) if sight.words else text("none yet")


def _reason(piece: Piece, question: str) -> Text:
    found = shared(question, piece.text)[:_MOST_WORDS]
    why = (
        text("found by {words}", words=code(", ".join(found))) if found else text("said near something that was found")
    )
    who = text("you") if piece.role == "user" else text("I")
    return text("• {day}, {who}: {said} — {why}", day=str(piece.day), who=who, said=code(excerpt(piece.text)), why=why)


def _table(sight: Sight) -> Table:
    rows = [[name, tokens] for name, tokens in _parts(sight)]
    used = sum(tokens for _, tokens in _parts(sight))
    return Table(
        columns=[text("Part"), text("Tokens")],
        rows=[*rows, [text("Free"), max(0, _size(sight) - used)], [text("Window"), _size(sight)]],
    )


def _parts(sight: Sight) -> list[tuple[Text, int]]:
    """What fills the window, in the order in which the model reads it. Estimates, as everything before a call."""
    fitted = sight.fitted
    return [
        (text("System prompt"), sight.system.cost),
        (text("Summary"), fitted.summary.tokens + SUMMARY_OVERHEAD if fitted.summary else 0),
        (text("Turns, word for word ({count})", count=len(fitted.turns)), fitted.verbatim),
        (text("Recalled ({count})", count=len(fitted.recalled)), cost(fitted.recalled)),
        (text("New message"), sight.question.cost),
        (text("Room for the answer"), sight.window.answer_room),
    ]


def _size(sight: Sight) -> int:
    return sight.window.size


COMMANDS = [
    Command(
        name="context",
        summary=text("Show what the model sees"),
        handler=context,
        usage="[message]",
        example="what did I tell you about my cat?",
        role=Role.MEMBER,
    )
]
