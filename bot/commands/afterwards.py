"""What the buttons under an answer do: let it go on, judge it, tell what it took."""

from collections.abc import Sequence
from decimal import Decimal

from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, Ask, Command
from bot.domain.people import Role
from bot.errors import UnknownCommand
from bot.extracts import files_of
from bot.storage.given import Bill
from bot.texts import Text, code, lines, plural, text


async def continue_(call: Call) -> Text | Ask:
    """With the number that buttons send, only while that is the last answer: what "on" means changes with the next."""
    last = await call.work.given.last(await call.conversation())
    wanted = _number(call, call.words) if call.words else None
    if last is None or last.account != call.account.id or wanted not in (None, last.arrival):
        return text("That is not the last answer here, or it is none of yours: I cannot go on with it.")
    return Ask(question=text("Please go on exactly where your last answer ended."))


async def thumb(call: Call) -> Text | Answer:
    match call.words:
        case ["up" | "down" as which, number]:
            given = await call.work.given.find(_number(call, [number]))
        case _:
            raise call.bad_argument()
    if given is None or given.account != call.account.id:
        return text("That is no answer of yours that can be judged.")
    up = which == "up"
    await call.work.given.judge(given, up=up)
    said = await call.work.given.text(given)
    offered = call.offers.under(given.arrival, given.ending, call.role, tried=given.tried, up=up, said=said)
    return Answer(said=text("Noted, thank you."), choices=[*offered], only_choices=True)


async def files(call: Call) -> Text | Answer:
    """The code and the tables of an answer, of the last one unless a button says which."""
    if call.words:
        given = await call.work.given.find(_number(call, call.words))
    else:
        given = await call.work.given.last(await call.conversation())
    if given is None or given.account != call.account.id:
        return text("That is no answer of yours.")
    found = files_of(await call.work.given.text(given))
    if not found:
        return text("There is neither code nor a table in that answer.")
    said = plural("Here is {count} file from the answer.", "Here are {count} files from the answer.", len(found))
    return Answer(said=said, files=found)


async def bill(call: Call) -> Text:
    if not call.offers.tells(call.role):
        raise UnknownCommand(call.command.name)
    given = await call.work.given.find(_number(call, call.words))
    if given is None or not (given.account == call.account.id or call.role >= Role.SUPPORT):
        return text("That is no answer of which I can tell you anything.")
    found = await call.work.given.bill(given)
    return _told(found) if found else text("What this answer took is no longer on record.")


def _told(bill: Bill) -> Text:
    said = [
        text("Answered by {model} ({name}).", model=code(bill.asked), name=code(bill.answered or "?")),
        text(
            "Tokens: {read} read, {cached} of them cached, {written} written.",
            read=bill.read,
            cached=bill.cached,
            written=bill.written,
        ),
        _price(bill),
        text(
            "First word after {first} s, done after {whole} s.",
            first=_seconds(bill.first_piece),
            whole=_seconds(bill.lasted),
        ),
    ]
    if bill.estimated:
        said.append(text("The endpoint sent no bill: tokens are estimated."))
    return lines(*said)


def _price(bill: Bill) -> Text:
    if bill.cost is None:
        return text("Cost: nobody knows the price of this model.")
    return text("Cost: US$ {dollars}.", dollars=(Decimal(bill.cost) / 10**6).normalize() if bill.cost else 0)


def _seconds(milliseconds: int) -> Decimal:
    return (Decimal(milliseconds) / 1000).quantize(Decimal("0.1"))


def _number(call: Call, words: Sequence[str]) -> int:
    match words:
        case [number] if is_number(number):
            return int(number)
    raise call.bad_argument()


COMMANDS = (
    Command(
        name="continue",
        summary=text("Go on with my last answer"),
        handler=continue_,
        topic="answers",
        overtakes=False,
    ),
    Command(
        name="files",
        summary=text("Get code and tables of my last answer as files"),
        handler=files,
        usage="[NUMBER]",
        topic="answers",
    ),
    Command(
        name="thumb",
        summary=text("Say what you think of an answer, by the buttons under it"),
        handler=thumb,
        usage="up|down NUMBER",
        example="up 12",
        topic="hidden",
    ),
    Command(
        name="bill",
        summary=text("See which model gave an answer and what it took, by the button under it"),
        handler=bill,
        usage="NUMBER",
        example="12",
        topic="hidden",
    ),
)
