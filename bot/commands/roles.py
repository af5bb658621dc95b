"""Commands for admins: what somebody is, and whether they may speak at all. They take effect with the next message."""

import re
from typing import Any

from bot.commands.admission import let_in
from bot.commands.call import Call
from bot.commands.declaration import Answer, Command, Reversal, Role
from bot.storage import Account, AuditRecord
from bot.texts import Text, code, text
from bot.texts.roles import role_name

_GIVEN = {role.name.lower(): role for role in (Role.GUEST, Role.MEMBER, Role.SUPPORT, Role.ADMIN)}
"""What an admin may make of somebody, if they stand above it themselves."""

_DEFAULT = "default"


async def block(call: Call) -> Text | Answer:
    subject = await _subject(call)
    if subject.blocked:
        return text("{person} is blocked already.", person=code(subject.label))
    if not call.confirmed:
        question = text("Block {person}? The bot will answer them no longer.", person=code(subject.label))
        return call.confirm(question, text("⛔ Block"), subject.called)
    return await _block(call, subject, blocked=True)


async def unblock(call: Call) -> Text | Answer:
    subject = await _subject(call)
    if not subject.blocked:
        return text("{person} is not blocked.", person=code(subject.label))
    return await _block(call, subject, blocked=False)


async def role(call: Call) -> Text | Answer:
    match call.words:
        case [name, wanted]:
            subject = await call.person(name)
        case [wanted]:
            subject = await call.person_replied_to()
        case _:
            raise call.bad_argument()
    if wanted != _DEFAULT and wanted not in _GIVEN:
        raise call.bad_argument()
    given = _GIVEN.get(wanted)
    await call.check_rank(subject, given or Role.BLOCKED)
    if given is Role.ADMIN and not call.confirmed:
        question = text("Make {person} an admin? They may change everything but owners.", person=code(subject.label))
        return call.confirm(question, text("Make an admin"), f"{subject.called} {wanted}")
    return await _give(call, subject, given)


async def _subject(call: Call) -> Account:
    """The one person a command is about, who stands below the caller."""
    match call.words:
        case []:
            subject = await call.person_replied_to()
        case [name]:
            subject = await call.person(name)
        case _:
            raise call.bad_argument()
    await call.check_rank(subject)
    return subject


async def _block(call: Call, subject: Account, *, blocked: bool) -> Answer:
    await call.work.people.block(subject.id, blocked=blocked)
    number = await call.audit("block" if blocked else "unblock", subject, {"before": subject.blocked, "after": blocked})
    who = text("{person}", person=code(subject.label))
    return call.changed(who, _access(subject.blocked), _access(blocked), number)


async def _give(call: Call, subject: Account, given: Role | None) -> Answer:
    before = _stored(subject.role)
    await call.work.people.set_role(subject.id, given)
    if given is not None:
        await let_in(call, subject)
    number = await call.audit("role", subject, {"before": before, "after": _stored(given)})
    who = text("{person}", person=code(subject.label))
    return call.changed(who, role_name(before), role_name(_stored(given)), number)


def _stored(given: Role | None) -> str | None:
    return given.name.lower() if given else None


def _access(blocked: Any) -> Text:
    return text("blocked") if blocked else text("not blocked")


async def _blocked_now(call: Call, record: AuditRecord) -> bool:
    return (await call.subject_of(record)).blocked


async def _block_again(call: Call, record: AuditRecord) -> None:
    subject = await call.subject_of(record)
    await call.check_rank(subject)
    await call.work.people.block(subject.id, blocked=record.facts["before"])


async def _role_now(call: Call, record: AuditRecord) -> str | None:
    return _stored((await call.subject_of(record)).role)


async def _role_again(call: Call, record: AuditRecord) -> None:
    subject = await call.subject_of(record)
    given = _GIVEN.get(record.facts["before"] or "")
    await call.check_rank(subject, given or Role.BLOCKED)
    await call.work.people.set_role(subject.id, given)


COMMANDS = (
    Command(
        name="block",
        summary=text("Let somebody use the bot no longer"),
        handler=block,
        usage="PERSON",
        example="@ada",
        role=Role.ADMIN,
        spoken=re.compile(r"\S+"),
        reversals=(Reversal(actions=("block", "unblock"), current=_blocked_now, restore=_block_again, said=_access),),
    ),
    Command(
        name="unblock",
        summary=text("Let somebody use the bot again"),
        handler=unblock,
        usage="PERSON",
        example="@ada",
        role=Role.ADMIN,
        spoken=re.compile(r"\S+"),
    ),
    Command(
        name="role",
        summary=text("Make somebody a guest, member, support or admin"),
        handler=role,
        usage="PERSON guest|member|support|admin|default",
        example="@ada support",
        role=Role.ADMIN,
        spoken=re.compile(r"(\S+ )?(guest|member|support|admin|default)"),
        reversals=(
            Reversal(actions=("role", "admit", "join"), current=_role_now, restore=_role_again, said=role_name),
        ),
    ),
)
