"""Everything about oneself on one page: use, settings, conversations, and for admins what waits for them."""

from collections.abc import Sequence

from bot.commands.admission import newcomers
from bot.commands.call import Call
from bot.commands.conversations import line, name_of
from bot.commands.declaration import Answer, Choice, Command, Role
from bot.commands.people import used
from bot.commands.requests import requests
from bot.commands.settings import settings
from bot.commands.top import ranking
from bot.texts import Text, code, lines, text, words

_MOST_TALKS = 5
_MOST_REQUESTS = 3
_LONGEST_LABEL = 30


async def home(call: Call) -> Answer:
    if call.words:
        raise call.bad_argument()
    said = text("👋 {person}, this is what I know of you.", person=code(call.account.label))
    if call.role is Role.NEWCOMER:
        return Answer(said=lines(said, text("Nobody has let you in yet. Write to me, and I tell you how to get in.")))
    sections = [await _use(call), await _talks(call), await settings(call)]
    return Answer(said=said, sections=[*sections, *await _for_admins(call)], in_place=True)


async def _use(call: Call) -> Answer:
    choices = [
        Choice(label=text("📈 As a picture"), command="usage picture"),
        Choice(label=text("✋ Ask for more"), command="quota request"),
    ]
    return Answer(said=await used(call), choices=choices)


async def _talks(call: Call) -> Answer:
    """The last conversations, wherever they are; those of this chat can be gone on with here."""
    here = call.update.place.key
    talks = await call.work.conversations.recent(call.account.id, most=_MOST_TALKS)
    if not talks:
        return Answer(said=text("💬 Nothing was said yet. Write to me whenever you like."))
    current = await call.work.conversations.going_on(here)
    listed = [line(talk, number, current=talk.id == current) for number, talk in enumerate(talks, 1)]
    going_on = [
        Choice(label=words(f"▶ {name_of(talk)[:_LONGEST_LABEL]}"), command=f"chats switch {talk.id}")
        for talk in talks
        if talk.place == here and talk.id != current
    ]
    return Answer(said=lines(text("💬 Your last conversations:"), *listed), choices=going_on)


async def _for_admins(call: Call) -> Sequence[Answer]:
    if call.role < Role.SUPPORT:
        return []
    most = await ranking(call, ["week"])
    return [*await _requests(call), _section(await newcomers(call)), _section(most), *_acts(call)]


async def _requests(call: Call) -> Sequence[Answer]:
    """Each request that waits, with the buttons that decide about it."""
    waiting = [[str(one.id)] for one in await call.work.limits.waiting(_MOST_REQUESTS)]
    return [_section(await requests(call, number)) for number in waiting or [[]]]


def _acts(call: Call) -> Sequence[Answer]:
    if call.role < Role.ADMIN:
        return []
    choices = [
        Choice(label=text("⚖️ Set a limit"), command="quota set"),
        Choice(label=text("🎭 Write a persona"), command="persona new"),
    ]
    return [Answer(said=text("🛠 For admins:"), choices=choices)]


def _section(said: Text | Answer) -> Answer:
    return Answer(said=said) if isinstance(said, Text) else said


COMMANDS = (
    Command(
        name="home",
        summary=text("Everything about you on one page"),
        handler=home,
        role=Role.NEWCOMER,
        topic="you",
    ),
)
