"""The conversations of a place: begin one, go back to one, rename one, put one away."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, Choice, Command, Role
from bot.domain.windows import milliseconds
from bot.nameplates import leave_nameplate
from bot.storage.conversations import LONGEST_TITLE, Talk
from bot.texts import Text, Typed, code, excerpt, lines, text, words

PAGE = 8
"""Conversations on one page of the list."""

_LONGEST_LABEL = 30


async def new(call: Call) -> Text:
    title = " ".join(call.words)[:LONGEST_TITLE] or None
    begun = await call.work.conversations.start(call.update.place.key, account_id=call.account.id, title=title)
    if title:
        await _hang_up(call, begun)
        return text(
            "A fresh conversation, {title}. What I was told before is out of my mind, and still on record.",
            title=code(title),
        )
    return text("A fresh conversation. What I was told before is out of my mind, and still on record.")


async def _hang_up(call: Call, conversation: int) -> None:
    """Let the thread be called like its conversation."""
    place, occasion = call.update.place, f"{call.command.name} {call.arrival}"
    await leave_nameplate(call.work, place, conversation, occasion, at=milliseconds(call.now))
    call.afterwards.append(call.inbox.wake)


async def chats(call: Call) -> Text | Answer:
    match call.words:
        case [] | ["archived"]:
            return await _list(call, 1, archived=bool(call.words))
        case ["page", page] if page.isdecimal() and len(page) < 6:
            return await _list(call, int(page), archived=False)
        case ["archived", page] if page.isdecimal() and len(page) < 6:
            return await _list(call, int(page), archived=True)
        case [verb, number, *more] if verb in _VERBS and is_number(number):
            return await _one(call, verb, int(number), more)
    raise call.bad_argument()


async def _list(call: Call, page: int, *, archived: bool) -> Answer:
    place = call.update.place.key
    total = await call.work.conversations.count(place, archived=archived)
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    talks = await call.work.conversations.listed(place, archived=archived, most=PAGE, skip=(page - 1) * PAGE)
    current = await call.work.conversations.going_on(place)
    first = (page - 1) * PAGE + 1
    return Answer(
        said=_listing(talks, current, first, total, archived=archived),
        choices=[*_opening(talks, first), *_turning(page, pages, archived=archived)],
        in_place=True,
    )


def _listing(talks: Sequence[Talk], current: int | None, first: int, total: int, *, archived: bool) -> Text:
    if not talks:
        if archived:
            return text("Nothing is archived here.")
        return text("There is no conversation here yet.")
    span = {"first": first, "last": first + len(talks) - 1, "total": total}
    if archived:
        heading = text("Archived conversations, {first} to {last} of {total}:", **span)
    else:
        heading = text("Conversations here, {first} to {last} of {total}:", **span)
    return lines(heading, *(line(talk, number, current=talk.id == current) for number, talk in enumerate(talks, first)))


def line(talk: Talk, number: int, *, current: bool) -> Text:
    """One conversation of a list."""
    values = {"number": number, "title": _title(talk), "turns": talk.turns, "at": _at(talk)}
    if current:
        return text("▶ {number}. {title} goes on here (answers: {turns}, last on {at})", **values)
    return text("{number}. {title} (answers: {turns}, last on {at})", **values)


def _opening(talks: Sequence[Talk], first: int) -> list[Choice]:
    return [
        Choice(label=words(f"{number}. {name_of(talk)[:_LONGEST_LABEL]}"), command=f"chats open {talk.id}")
        for number, talk in enumerate(talks, first)
    ]


def _turning(page: int, pages: int, *, archived: bool) -> list[Choice]:
    verb = "archived" if archived else "page"
    back = [Choice(label=words("◀"), command=f"chats {verb} {page - 1}")] if page > 1 else []
    on = [Choice(label=words("▶"), command=f"chats {verb} {page + 1}")] if page < pages else []
    other = (
        Choice(label=text("Conversations"), command="chats")
        if archived
        else Choice(label=text("🗄 Archive"), command="chats archived")
    )
    return [*back, *on, other]


async def _one(call: Call, verb: str, number: int, more: Sequence[str]) -> Text | Answer:
    """Something is done about one conversation of this place; nobody else's number does anything."""
    talk = await call.work.conversations.find(call.update.place.key, number)
    if talk is None:
        return text("There is no such conversation here.")
    if verb == "switch":
        return await _switch(call, talk)
    if verb != "open" and not _may_change(call, talk):
        return text("Only who began a conversation, or an admin, may change it.")
    return await _changed(call, verb, talk, more)


async def _changed(call: Call, verb: str, talk: Talk, more: Sequence[str]) -> Text | Answer:
    match verb, more:
        case "open", []:
            return _opened(call, talk)
        case "rename", [_, *_]:
            await call.work.conversations.rename(talk.id, " ".join(more))
            await _hang_up(call, talk.id)
        case "archive" | "restore", []:
            await call.work.conversations.archive(talk.id, away=verb == "archive")
        case _:
            raise call.bad_argument()
    renewed = await call.work.conversations.find(call.update.place.key, talk.id)
    return _opened(call, renewed or talk)


async def _switch(call: Call, talk: Talk) -> Answer:
    place = call.update.place.key
    left = await call.work.conversations.going_on(place)
    await call.work.conversations.choose(place, talk.id)
    if talk.archived:
        await call.work.conversations.archive(talk.id, away=False)
    back = [Choice(label=text("↩ Back to the other one"), command=f"chats switch {left}")]
    return Answer(
        said=text("{title} goes on here from now.", title=_title(talk)),
        choices=back if left not in (None, talk.id) else [],
    )


def _opened(call: Call, talk: Talk) -> Answer:
    """One conversation and what can be done about it."""
    away = (
        Choice(label=text("Take out of the archive"), command=f"chats restore {talk.id}")
        if talk.archived
        else Choice(label=text("🗄 Archive"), command=f"chats archive {talk.id}")
    )
    changes = [away] if _may_change(call, talk) else []
    return Answer(
        said=lines(
            text("{title} (answers: {turns}, last on {at})", title=_title(talk), turns=talk.turns, at=_at(talk)),
            text("{rename} gives it another name.", rename=Typed(f"chats rename {talk.id} …")),
        ),
        choices=[
            Choice(label=text("▶ Go on with it"), command=f"chats switch {talk.id}"),
            *changes,
            Choice(label=text("🗑 Forget …"), command=f"forget {talk.id}"),
            Choice(label=text("« List"), command="chats"),
        ],
        in_place=True,
    )


def _may_change(call: Call, talk: Talk) -> bool:
    return call.update.place.private or talk.began == call.account.id or call.role >= Role.ADMIN


def _title(talk: Talk) -> Text | str:
    return code(excerpt(talk.name)) if talk.name else text("Nothing said yet")


def name_of(talk: Talk) -> str:
    """What a button calls it."""
    return excerpt(talk.name, LONGEST_TITLE) or "…"


def _at(talk: Talk) -> datetime:
    return datetime.fromtimestamp(talk.last_at / 1000, UTC)


_VERBS = frozenset({"open", "switch", "rename", "archive", "restore"})

COMMANDS = (
    Command(
        name="new",
        summary=text("Begin a fresh conversation"),
        handler=new,
        usage="[TITLE]",
        example="new Holidays",
        overtakes=False,
    ),
    Command(
        name="chats",
        summary=text("See the conversations of this chat, go on with one, rename or archive one"),
        handler=chats,
        usage="[archived|switch|rename|archive|restore] [NUMBER] [TITLE]",
        example="rename 12 Holidays",
        overtakes=False,
        spoken=re.compile(r"(archived|page|open|switch|rename|archive|restore)?( \d+)?( .+)?"),
    ),
)
