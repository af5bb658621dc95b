"""Branches of a conversation: ask again, take back, go on in a copy."""

from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, AskAgain, Choice, Command
from bot.storage.conversations import LONGEST_TITLE
from bot.texts import Text, code, excerpt, lines, plural, text


async def retry(call: Call) -> Text | AskAgain:
    """With the number that buttons send, the question of that arrival, else the last one."""
    asked_by = _number(call)
    conversation = await call.conversation()
    question = await call.work.history.again(
        call.arrival, conversation_id=conversation, account_id=call.account.id, asked_by=asked_by
    )
    if question is not None:
        return AskAgain(question=question)
    if asked_by is None:
        return text("You have asked nothing in this conversation that I could ask again.")
    return text("That question has been answered again already, or it is none of yours in this conversation.")


async def undo(call: Call) -> Text | Answer:
    branches = call.work.history.branches(await call.conversation(), call.account.id)
    match call.words:
        case ["back", number] if is_number(number):
            redone = await branches.redo(int(number))
            return text("It is back.") if redone else text("That can no longer be put back.")
        case []:
            undone = await branches.undo()
            if undone is None:
                return text("There is nothing of yours in this conversation to undo.")
            return Answer(
                said=_undone(undone.question, undone.restored),
                choices=[Choice(label=text("↪ Put it back"), command=f"undo back {undone.id}")],
            )
    raise call.bad_argument()


async def fork(call: Call) -> Answer:
    place, left = call.update.place.key, await call.conversation()
    title = " ".join(call.words) or await _title_of_copy(call, left)
    await call.work.conversations.fork(place, left, account_id=call.account.id, title=title)
    return Answer(
        said=text("A conversation with the same past goes on here from now. The other one stays as it is."),
        choices=[Choice(label=text("↩ Back to the other one"), command=f"chats switch {left}")],
    )


async def _title_of_copy(call: Call, conversation: int) -> str | None:
    talk = await call.work.conversations.find(call.update.place.key, conversation)
    return f"{excerpt(talk.name, LONGEST_TITLE - 2)} ⑂" if talk and talk.name else None


def _undone(question: str, restored: int) -> Text:
    taken = text("Taken back: {question}", question=code(excerpt(question)))
    if not restored:
        return taken
    return lines(
        taken,
        plural(
            "{count} turn that it had replaced is back in its place.",
            "{count} turns that it had replaced are back in its place.",
            restored,
        ),
    )


def _number(call: Call) -> int | None:
    match call.words:
        case []:
            return None
        case [number] if is_number(number):
            return int(number)
    raise call.bad_argument()


COMMANDS = (
    Command(name="retry", summary=text("Ask my last question again"), handler=retry, topic="answers", overtakes=False),
    Command(
        name="undo",
        summary=text("Take back my last question and its answer"),
        handler=undo,
        topic="answers",
        overtakes=False,
    ),
    Command(
        name="fork",
        summary=text("Go on in a copy of this conversation"),
        handler=fork,
        usage="[TITLE]",
        example="Another ending",
        overtakes=False,
    ),
)
