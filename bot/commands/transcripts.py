"""Conversations as files."""

import re
from dataclasses import replace
from datetime import tzinfo

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command
from bot.domain.transcripts import Entry, Transcript
from bot.domain.updates import MOST_FILE_BYTES, File
from bot.texts import Text, text, words
from bot.transcripts import FORMS


async def export(call: Call) -> Text | Answer:
    match call.words:
        case []:
            return _menu()
        case [form] if form in FORMS:
            return await _export(call, form)
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


def _here(entry: Entry, zone: tzinfo) -> Entry:
    answered = None if entry.answered_at is None else entry.answered_at.astimezone(zone)
    return replace(entry, asked_at=entry.asked_at.astimezone(zone), answered_at=answered)


COMMANDS = (
    Command(
        name="export",
        summary=text("Get this conversation as a file"),
        handler=export,
        usage="[md|html|json]",
        example="html",
        overtakes=False,
        spoken=re.compile(r"(md|html|json)?"),
    ),
)
