"""Personas: who answers here, and what admins make of them."""

import re
from collections.abc import Mapping
from typing import Any

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Reversal, Role
from bot.commands.questionnaires import Blank, Questionnaire
from bot.domain.personas import DEFAULT, NAME, Persona
from bot.errors import UnknownPersona
from bot.personas import checked
from bot.storage import AuditRecord
from bot.texts import Text, code, code_block, excerpt, lines, text, words

_MOST_CHOICES = 20
_NOBODY = "none"
_MOST_IN_A_FORM = 3000
"""Characters that Slack's forms take."""


async def persona(call: Call) -> Text | Answer:
    match call.words:
        case [] | ["list"]:
            return await _list(call)
        case ["show", name]:
            return _shown(call, await _known(call, name))
        case ["set", name]:
            return await _set(call, name, "conversation")
        case ["set", name, "me" | "chat" as scope]:
            return await _set(call, name, scope)
        case ["new" | "edit" as verb, name, _, *_]:
            return await _write(call, name, anew=verb == "new")
        case ["drop", name]:
            return await _drop(call, name)
    raise call.bad_argument()


async def _list(call: Call, *said: Text) -> Answer:
    there = await call.personas.all(call.work)
    current = await call.personas.here(call.work, await call.conversation(), call.account.id)
    return Answer(
        said=lines(
            *said, text("Who can answer here:"), *(_line(one, current=one.name == current) for one in there.values())
        ),
        choices=[
            Choice(label=words(name), command=f"persona set {name}")
            for name in [*there][:_MOST_CHOICES]
            if name != current
        ],
        in_place=True,
    )


def _line(one: Persona, *, current: bool) -> Text:
    about = code(excerpt(one.about)) if one.about else ""
    return words(" ".join(("▶" if current else "•", code(one.name), about)).rstrip())


async def _form(call: Call) -> Questionnaire | None:
    """`persona new`, with or without a name, or `persona edit NAME`."""
    match call.words:
        case ["new"]:
            blanks, value = [Blank(label=text("Name (small letters)"), longest=32)], ""
        case ["new", _]:
            blanks, value = [], ""
        case ["edit", name]:
            blanks, value = [], (await call.work.personas.written()).get(name) or (await _known(call, name)).prompt
        case _:
            return None
    if len(value) > _MOST_IN_A_FORM:
        return None
    told = Blank(label=text("What the model is told"), kind="lines", value=value, longest=_MOST_IN_A_FORM)
    return call.ask_for(text("Persona"), " ".join(("persona", *call.words)), *blanks, told)


def _shown(call: Call, one: Persona) -> Answer:
    settings = {"model": one.model, **one.parameters.given()} if one.model else one.parameters.given()
    told = ", ".join(f"{name} = {value}" for name, value in settings.items())
    heading = f"{code(one.name)}: {code(told)}" if told else code(one.name)
    edit = [Choice(label=text("✏️ Edit"), command=f"persona edit {one.name}")] if call.role >= Role.ADMIN else []
    return Answer(said=lines(words(heading), words(code_block(one.prompt))), choices=edit)


async def _set(call: Call, name: str, scope: str) -> Text | Answer:
    chosen = None if name == _NOBODY else (await _known(call, name)).name
    conversation = await call.conversation()
    if scope == "me":
        await call.work.personas.choose("account", call.account.id, chosen)
    elif scope == "chat":
        # Others live with it: in a group that is an admin's decision.
        if not call.update.place.private and call.access.rank(call.account) < Role.ADMIN:
            return text("In a group only an admin chooses for everybody.")
        await call.work.personas.choose("place", call.update.place.key, chosen)
    else:
        await call.work.personas.choose("conversation", conversation, chosen)
    now = await call.personas.here(call.work, conversation, call.account.id)
    said = text("From now on {name} answers here.", name=code(now))
    return await _list(call, said) if call.update.clicked else said


async def _write(call: Call, name: str, *, anew: bool) -> Text | Answer:
    """The rest of the message is the text, as it was typed."""
    _, _, written = call.update.invocation.arguments.split(None, 2) if call.update.invocation else ("", "", "")
    there = await call.personas.all(call.work)
    if anew and name in there:
        return text("There is a persona {name} already; edit changes it.", name=code(name))
    if not anew and name not in there:
        raise UnknownPersona(name)
    try:
        checked(Persona.read(name, written), call.personas.models)
    except ValueError as error:
        return text("I cannot use that: {problem}", problem=code(str(error)))
    return await _changed(call, name, written)


async def _drop(call: Call, name: str) -> Answer:
    if name not in await call.work.personas.written():
        raise UnknownPersona(name)
    return await _changed(call, name, None)


async def _changed(call: Call, name: str, after: str | None) -> Answer:
    before = (await call.work.personas.written()).get(name)
    await _put(call, name, after)
    number = await call.audit("persona", f"persona:{name}", {"before": before, "after": after})
    return call.changed(words(code(name)), _told(before), _told(after), number)


async def _put(call: Call, name: str, written: str | None) -> None:
    if written is None:
        await call.work.personas.drop(name)
    else:
        await call.work.personas.write(name, written)


async def _known(call: Call, name: str) -> Persona:
    found = (await call.personas.all(call.work)).get(name.lower()) if NAME.fullmatch(name.lower()) else None
    if found is None:
        raise UnknownPersona(name)
    return found


def _told(written: Any) -> Text:
    return words(code(excerpt(str(written)))) if written else text("as the operator's file says, if there is one")


def _subject(record: AuditRecord) -> str:
    return record.subject.partition(":")[2]


async def _now(call: Call, record: AuditRecord) -> str | None:
    written: Mapping[str, str] = await call.work.personas.written()
    return written.get(_subject(record))


async def _again(call: Call, record: AuditRecord) -> None:
    await _put(call, _subject(record), record.facts["before"])


COMMANDS = (
    Command(
        name="persona",
        summary=text("See and choose who answers: its way to talk, and sometimes its model"),
        handler=persona,
        topic="answers",
        usage=f"[list|show NAME|set NAME|{_NOBODY} [me|chat]|new NAME TEXT|edit NAME TEXT|drop NAME]",
        example=f"set {DEFAULT}",
        role=Role.ADMIN,
        roles={"": Role.GUEST, "list": Role.GUEST, "set": Role.GUEST, "show": Role.SUPPORT},
        overtakes=False,
        spoken=re.compile(r"(list|show \S+|set \S+( me| chat)?|drop \S+)?"),
        forms={"new": _form, "edit": _form},
        reversals=(Reversal(actions=("persona",), current=_now, restore=_again, said=_told),),
    ),
)
