"""Conversations as files."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Fetch, Later, Role
from bot.domain.transcripts import Entry, Person, Talk, Transcript
from bot.domain.updates import MOST_FILE_BYTES, File
from bot.ports import TokenCounter
from bot.storage import UnitOfWork
from bot.storage.belongings import Owned
from bot.storage.transcripts import WeighedEntry
from bot.texts import Text, Typed, lines, plural, text, words
from bot.transcripts import FORMS
from bot.transcripts.archive import to_archives
from bot.transcripts.reading import MOST_BYTES, from_record

_MOST = 16 * 1024 * 1024
"""Characters and bytes of all that somebody is sent at once: it is read in one transaction."""

_TOO_MUCH = text("That is too much for a chat: please ask whoever runs this bot for it.")


async def export(call: Call) -> Text | Answer | Later:
    match call.words:
        case []:
            return _menu()
        case [form] if form in FORMS:
            return await _export(call, form)
        case ["everything"]:
            return await _everything(call)
    raise call.bad_argument()


def _menu() -> Answer:
    return Answer(
        said=text("As what? md is for reading, html for printing, json is whole and can be imported again."),
        choices=[Choice(label=words(form), command=f"export {form}") for form in FORMS],
    )


async def _export(call: Call, form: str) -> Text | Answer:
    transcript = await _transcript(call)
    if not transcript.entries:
        return text("There is nothing in this conversation yet.")
    media_type, write = FORMS[form]
    content = write(transcript).encode()
    if len(content) > MOST_FILE_BYTES:
        return text("This conversation is too long for one file.")
    name = f"{transcript.title[:40] or 'conversation'}.{form}"
    return Answer(
        said=text("Here is this conversation:"), files=[File(name=name, content=content, media_type=media_type)]
    )


async def _everything(call: Call) -> Text | Later:
    """All that is stored of the caller, packed when nothing waits for it."""
    if not call.update.place.private:
        return text("Not where others read along: please ask me in a direct message.")
    said_size, pictures = await call.work.belongings.size(call.account.id)
    if said_size > _MOST:
        return _TOO_MUCH
    seen = await call.work.belongings.pictures(call.account.id) if said_size + pictures <= _MOST else []
    person = Person(
        written_at=call.now.astimezone(call.zone),
        talks=[await _talk(call, one) for one in await call.work.belongings.conversations(call.account.id)],
        pictures=seen,
        records=await call.work.belongings.rows(call.account.id),
    )
    said = text("Here is all that is stored of you:")
    if pictures and not seen:
        said = lines(said, text("Your pictures are left out: they are too many for a chat."))

    async def pack(_words: Callable[[Text], str]) -> Answer:
        try:
            archives = await asyncio.to_thread(to_archives, person, MOST_FILE_BYTES)
        except ValueError:
            return Answer(said=_TOO_MUCH)
        return Answer(said=said, files=[_archive(number, one) for number, one in enumerate(archives, 1)])

    return Later(make=pack)


async def _talk(call: Call, owned: Owned) -> Talk:
    entries = await call.work.transcripts.read(owned.id, account_id=call.account.id)
    transcript = Transcript(
        title=owned.title,
        written_at=call.now.astimezone(call.zone),
        entries=[_here(entry, call.zone) for entry in entries],
    )
    return Talk(id=owned.id, place=owned.place, transcript=transcript)


def _archive(number: int, content: bytes) -> File:
    return File(name=f"parley-{number}.zip", content=content, media_type="application/zip")


async def _transcript(call: Call) -> Transcript:
    """The conversation as the caller may have it: in a group, only their own questions, with the answers."""
    conversation, place = await call.conversation(), call.update.place
    talk = await call.work.conversations.find(place.key, conversation)
    mine = None if place.private else call.account.id
    entries = await call.work.transcripts.read(conversation, account_id=mine)
    return Transcript(
        title=talk.title if talk else "",
        written_at=call.now.astimezone(call.zone),
        entries=[_here(entry, call.zone) for entry in entries],
    )


async def import_(call: Call) -> Text | Fetch:
    """Bring back what /export json wrote: all of it or nothing."""
    if call.words:
        raise call.bad_argument()
    if call.update.attached is None or call.brain is None:
        return text("Send the file with {command} as its caption, or reply to it.", command=Typed("import"))
    tokens = call.brain.tokens

    async def read(content: bytes) -> tuple[Transcript, Sequence[WeighedEntry]]:
        transcript = await asyncio.to_thread(from_record, content)
        return transcript, [await _weighed(tokens, entry) for entry in transcript.entries]

    async def use(work: UnitOfWork, value: tuple[Transcript, Sequence[WeighedEntry]]) -> Answer:
        return await _imported(work, call, *value)

    return Fetch(attachment=call.update.attached, most=MOST_BYTES, read=read, use=use)


async def _weighed(tokens: TokenCounter, entry: Entry) -> WeighedEntry:
    return WeighedEntry(
        entry=entry,
        question_tokens=await tokens.count(entry.question),
        answer_tokens=await tokens.count(entry.answer or ""),
    )


async def _imported(work: UnitOfWork, call: Call, transcript: Transcript, entries: Sequence[WeighedEntry]) -> Answer:
    place, account = call.update.place.key, call.account.id
    left = await work.conversations.going_on(place)
    title = " ".join(transcript.title.split()) or None
    imported = await work.conversations.start(place, account_id=account, title=title)
    await work.transcripts.write(imported, account, entries)
    back = [Choice(label=text("↩ Back to the other one"), command=f"chats switch {left}")] if left else []
    return Answer(
        said=plural(
            "Imported: {count} question. The conversation goes on here from now.",
            "Imported: {count} questions. The conversation goes on here from now.",
            len(entries),
        ),
        choices=back,
    )


def _here(entry: Entry, zone: tzinfo) -> Entry:
    answered = None if entry.answered_at is None else entry.answered_at.astimezone(zone)
    return replace(entry, asked_at=entry.asked_at.astimezone(zone), answered_at=answered)


COMMANDS = (
    Command(
        name="export",
        summary=text("Get this conversation as a file, or all that is stored of you"),
        handler=export,
        usage="[md|html|json|everything]",
        example="html",
        overtakes=False,
        spoken=re.compile(r"(md|html|json|everything)?"),
    ),
    Command(
        name="import",
        summary=text("Bring back a conversation from a file that I exported as JSON"),
        handler=import_,
        role=Role.MEMBER,
        overtakes=False,
    ),
)
