"""Forgetting for good what one said: asked twice, then gone."""

import re
from dataclasses import replace

from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, Choice, Command
from bot.scrubbing import Scrub
from bot.texts import Text, code, excerpt, plural, text

_EVERYTHING = "everything"


async def forget(call: Call) -> Text | Answer:
    match call.words:
        case []:
            return _menu()
        case ["nothing"]:
            return Answer(said=text("Nothing was forgotten."), in_place=True)
        case [scope] if call.confirmed:
            return await _done(call, await _scope(call, scope))
        case [scope]:
            return await _ask(call, await _scope(call, scope))
        case [scope, "sure"]:
            return _ask_again(call, await _scope(call, scope))
    raise call.bad_argument()


async def _scope(call: Call, word: str) -> int | None:
    """The conversation that is meant; None for everything. Raises BadArgument for one that is not here."""
    if word == _EVERYTHING:
        return None
    if word == "this":
        return await call.conversation()
    talk = await call.work.conversations.find(call.update.place.key, int(word)) if is_number(word) else None
    if talk is None:
        raise call.bad_argument()
    return talk.id


def _menu() -> Answer:
    return Answer(
        said=text("What shall I forget? I ask once more before anything is deleted."),
        choices=[
            Choice(label=text("This conversation"), command="forget this"),
            Choice(label=text("Everything"), command=f"forget {_EVERYTHING}"),
            _no(),
        ],
        in_place=True,
    )


async def _ask(call: Call, conversation: int | None) -> Answer:
    count = await call.work.forgetting.count(call.account.id, conversation)
    if conversation is None:
        said = plural(
            "Forget everything: {count} question of yours with its answer, in every conversation?",
            "Forget everything: {count} questions of yours with their answers, in every conversation?",
            count,
        )
    else:
        said = plural(
            "Forget {title}: {count} question of yours with its answer?",
            "Forget {title}: {count} questions of yours with their answers?",
            count,
            title=await _title(call, conversation),
        )
    return Answer(
        said=said,
        choices=[Choice(label=text("🗑 Forget"), command=f"forget {_word(conversation)} sure"), _no()],
        in_place=True,
    )


def _ask_again(call: Call, conversation: int | None) -> Answer:
    asked = call.confirm(
        text("Really? Nobody can bring it back: neither you nor an admin. Your limits and what you used stay."),
        text("🗑 Yes, for good"),
        _word(conversation),
    )
    return replace(asked, choices=[*asked.choices, _no()])


async def _done(call: Call, conversation: int | None) -> Answer:
    count = await call.work.forgetting.forget(call.account.id, conversation)
    place = "" if conversation is None else call.update.place.key
    scrub = Scrub(account=call.account.id, place=place, before=call.arrival)
    await call.work.inbox.put(scrub.chore.arrival(str(call.arrival), at=call.arrival))
    call.afterwards.append(call.inbox.wake)
    return Answer(
        said=plural(
            "Forgotten: {count} question with its answer.", "Forgotten: {count} questions with their answers.", count
        ),
        in_place=True,
    )


async def _title(call: Call, conversation: int) -> Text | str:
    talk = await call.work.conversations.find(call.update.place.key, conversation)
    return code(excerpt(talk.name)) if talk and talk.name else text("this conversation")


def _word(conversation: int | None) -> str:
    return _EVERYTHING if conversation is None else str(conversation)


def _no() -> Choice:
    return Choice(label=text("No"), command="forget nothing")


COMMANDS = (
    Command(
        name="forget",
        summary=text("Delete for good what you said and what I answered"),
        handler=forget,
        topic="you",
        usage="[this|everything]",
        example="this",
        overtakes=False,
        spoken=re.compile(r"(this|everything)?"),
    ),
)
