"""Finding again what one asked and was answered here."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, Choice, Command
from bot.domain.updates import MOST_COMMAND_BYTES
from bot.storage.searches import Found
from bot.texts import Text, code, excerpt, lines, text, words

_PAGE = 5
_MOST_WORDS = 10
_AROUND = 60
"""Characters before the first word that is found, and as many after it."""


async def search(call: Call) -> Text | Answer:
    match call.words:
        case []:
            raise call.bad_argument()
        case ["open", number] if is_number(number):
            return await _open(call, int(number))
        case ["more", skip, *sought] if skip.isdecimal() and len(skip) < 5 and sought:
            return await _results(call, sought, int(skip))
        case sought:
            return await _results(call, sought, 0)


async def _results(call: Call, sought: Sequence[str], skip: int) -> Text | Answer:
    found = await call.work.searches.find(
        call.account.id, sought[:_MOST_WORDS], place=call.update.place.key, most=_PAGE + 1, skip=skip
    )
    if not found:
        return text("Nothing of yours here holds {words}.", words=code(" ".join(sought)))
    page, numbered = found[:_PAGE], enumerate(found[:_PAGE], skip + 1)
    return Answer(
        said=lines(text("Found, the latest first:"), *(_line(number, one, sought[0]) for number, one in numbered)),
        choices=[
            *(
                Choice(label=words(str(number)), command=f"search open {one.turn}")
                for number, one in enumerate(page, skip + 1)
            ),
            *_more(found, sought, skip),
        ],
        in_place=True,
    )


def _more(found: Sequence[Found], sought: Sequence[str], skip: int) -> list[Choice]:
    command = f"search more {skip + _PAGE} {' '.join(sought)}"
    # Words that are too long for a button have to be more exact.
    if len(found) <= _PAGE or len(command.encode()) > MOST_COMMAND_BYTES:
        return []
    return [Choice(label=words("▶"), command=command)]


async def _open(call: Call, turn: int) -> Text | Answer:
    """The place itself: the question quoted where the platform can, and the way back into its conversation."""
    found = await call.work.searches.turn(call.account.id, turn, place=call.update.place.key)
    if found is None:
        return text("That is not here any more.")
    return Answer(
        said=lines(
            text("{at}: {question}", at=_at(found), question=code(excerpt(found.question, 300))),
            text("The answer: {answer}", answer=code(excerpt(found.answer, 600))),
        ),
        choices=[Choice(label=text("▶ Go on with this conversation"), command=f"chats switch {found.conversation}")],
        about=found.message,
    )


def _line(number: int, found: Found, word: str) -> Text:
    return text("{number}. {at}: {words}", number=number, at=_at(found), words=code(_around(found, word)))


def _around(found: Found, word: str) -> str:
    """What stands around the word, in the question or else in the answer."""
    for said in (found.question, found.answer):
        line = " ".join(said.split())
        at = line.lower().find(word.lower())
        if at >= 0:
            starts = max(0, at - _AROUND)
            return ("…" if starts else "") + excerpt(line[starts:], 2 * _AROUND)
    return excerpt(found.question)


def _at(found: Found) -> datetime:
    return datetime.fromtimestamp(found.at / 1000, UTC)


COMMANDS = (
    Command(
        name="search",
        summary=text("Find what you asked here and what I answered"),
        handler=search,
        usage="WORDS",
        example="tomato soup",
    ),
)
