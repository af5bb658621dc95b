"""Commands that let people in: who waits at the door, invitations, and joining with one."""

import re
import secrets
from datetime import timedelta
from typing import Any

from bot import attempts
from bot.alerts.notices import Notice
from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, Choice, Command, Reversal, Role
from bot.domain.codes import new_code
from bot.domain.moments import moment
from bot.domain.windows import milliseconds
from bot.storage import Account, AuditRecord
from bot.storage.codes import Invite
from bot.storage.tables import AdmissionState
from bot.texts import Text, code, lines, plural, text
from bot.texts.roles import role_name

_WAITS, _DENIED = "waiting", "denied"
"""As the audit log has it."""

_MOST_SHOWN = 10
_LETTERS = 16
"""Of an invitation: 80 bits. It is sent and not read out, and lives for days."""

_MOST_USES = 1000
_MOST_DAYS = 90
_AGE = re.compile(r"([0-9]{1,4})([hd])")


async def newcomers(call: Call) -> Text | Answer:
    match call.words:
        case []:
            return await _waiting(call)
        case ["approve", name]:
            return await _decide(call, await call.person(name), AdmissionState.APPROVED)
        case ["deny", name]:
            return await _decide(call, await call.person(name), AdmissionState.DENIED)
    raise call.bad_argument()


async def invite(call: Call) -> Text | Answer:
    match call.words:
        case ["list"]:
            return await _invites(call)
        case ["revoke", number] if is_number(number):
            return await _revoke(call, int(number))
    return await _invite(call)


async def join(call: Call) -> Text:
    if not call.words:
        raise call.bad_argument()
    return await redeem(call, " ".join(call.words))


async def redeem(call: Call, given: str) -> Text:
    """Let the caller in if the code is an invitation."""
    if call.access.role(call.account) >= Role.MEMBER:
        return text("You are in already. Write to me and I answer.")
    await attempts.check(call.work, call.account.id, call.now)
    number = await call.work.codes.use(given, now=milliseconds(call.now))
    if number is None:
        await attempts.failed(call.work, call.account.id, call.now)
        return text("This code lets nobody in: it is mistyped, used up or too old.")
    await _let_in(call, call.account, "join", invite=number)
    return lines(text("Welcome! Write to me and a language model answers."))


async def let_in(call: Call, subject: Account) -> None:
    """What follows when somebody got a role: nobody waits at the door any more, and what was kept is answered."""
    if await call.work.admissions.decide(subject.id, AdmissionState.APPROVED, by=str(call.account.identity)):
        await _answer_what_was_kept(call, subject)


async def _waiting(call: Call) -> Text | Answer:
    found = await call.work.admissions.waiting(_MOST_SHOWN)
    if not found:
        return text("Nobody is waiting at the door.")
    choices = [] if call.role < Role.ADMIN else [choice for one in found for choice in _choices(one)]
    said = lines(text("Waiting to be let in:"), *(text("• {person}", person=code(one.label)) for one in found))
    return Answer(said=said, choices=choices)


def _choices(one: Account) -> tuple[Choice, Choice]:
    return (
        Choice(label=text("✅ {number}", number=one.called), command=f"newcomers approve {one.called}"),
        Choice(label=text("⛔ {number}", number=one.called), command=f"newcomers deny {one.called}"),
    )


async def _decide(call: Call, subject: Account, decision: int) -> Text | Answer:
    by, person = str(call.account.identity), code(subject.label)
    known = await call.work.admissions.of(subject.id)
    if known is None:
        return text("{person} is not waiting at the door.", person=person)
    if not await call.work.admissions.decide(subject.id, decision, by=by):
        return Answer(said=_decided(known.state, person, known.decided_by or ""), in_place=True)
    if decision == AdmissionState.APPROVED:
        number = await _let_in(call, subject, "admit")
        await _answer_what_was_kept(call, subject)
        return call.changed(text("{person}", person=person), role_name(Role.NEWCOMER), role_name(Role.MEMBER), number)
    number = await call.audit("deny", subject, {"before": _WAITS, "after": _DENIED})
    await _tell(call, subject, text("The admins did not let you in."), f"deny {number}")
    return call.changed(text("{person}", person=person), _standing(_WAITS), _standing(_DENIED), number)


def _standing(stored: Any) -> Text:
    return text("waiting at the door") if stored == _WAITS else text("turned away")


async def _denied_now(call: Call, record: AuditRecord) -> str:
    known = await call.work.admissions.of((await call.subject_of(record)).id)
    return _DENIED if known is not None and known.state == AdmissionState.DENIED else _WAITS


async def _wait_again(call: Call, record: AuditRecord) -> None:
    await call.work.admissions.ask((await call.subject_of(record)).id, now=milliseconds(call.now))


def _decided(state: int, person: str, by: str) -> Text:
    if state == AdmissionState.DENIED:
        return text("Too late: {person} was turned away by {admin} already.", person=person, admin=code(by))
    return text("Too late: {person} was let in by {admin} already.", person=person, admin=code(by))


async def _let_in(call: Call, subject: Account, action: str, **facts: int) -> int:
    before = subject.role.name.lower() if subject.role else None
    await call.work.people.set_role(subject.id, Role.MEMBER)
    return await call.audit(action, subject, {"before": before, "after": "member", **facts})


async def _answer_what_was_kept(call: Call, subject: Account) -> None:
    known = await call.work.admissions.of(subject.id)
    await _tell(call, subject, text("You have been let in. Welcome!"), f"admitted by {call.arrival}")
    if known and known.kept:
        await call.work.inbox.put(known.kept)


async def _tell(call: Call, subject: Account, said: Text, occasion: str) -> None:
    notice = Notice(said=said, to=subject.identity).arrival(occasion, at=milliseconds(call.now))
    await call.work.inbox.put(notice)
    call.afterwards.append(call.inbox.wake)


async def _invite(call: Call) -> Answer:
    uses, age = _terms(call)
    made, ends = new_code(_LETTERS, secrets.choice), call.now + age
    number = await call.work.codes.invite(
        made, made_by=str(call.account.identity), now=milliseconds(call.now), expires_at=milliseconds(ends), uses=uses
    )
    entry = await call.audit("invite", f"invite:{number}", {"before": False, "after": True, "uses": uses})
    return Answer(
        said=lines(
            plural(
                "An invitation for {count} person, until {at}:",
                "An invitation for {count} people, until {at}:",
                uses,
                at=ends,
            ),
            text("{code}", code=code(made)),
            text("It is used by sending `/start {code}` (Telegram) or `/parley join {code}` (Slack).", code=made),
            text("I keep no copy of it. No. {number} in the audit log.", number=entry),
        ),
        choices=[Choice(label=text("Revoke"), command=f"invite revoke {number}")],
    )


def _terms(call: Call) -> tuple[int, timedelta]:
    """`[USES] [24h|7d]`."""
    uses, age = 1, timedelta(days=7)
    for word in call.words:
        if is_number(word) and 1 <= int(word) <= _MOST_USES:
            uses = int(word)
        elif found := _AGE.fullmatch(word):
            age = timedelta(hours=int(found[1])) if found[2] == "h" else timedelta(days=int(found[1]))
        else:
            raise call.bad_argument()
    if not timedelta(0) < age <= timedelta(days=_MOST_DAYS):
        raise call.bad_argument()
    return uses, age


async def _invites(call: Call) -> Text:
    found = await call.work.codes.invites(now=milliseconds(call.now))
    if not found:
        return text("No invitation is open.")
    return lines(text("Open invitations:"), *(_open(one) for one in found[:_MOST_SHOWN]))


def _open(one: Invite) -> Text:
    return plural(
        "• {number}: {count} use left until {at}, by {admin}",
        "• {number}: {count} uses left until {at}, by {admin}",
        one.uses_left,
        number=one.id,
        at=moment(one.expires_at),
        admin=code(one.made_by),
    )


async def _revoke(call: Call, number: int) -> Text | Answer:
    found = await call.work.codes.invite_of(number)
    if found is None:
        return text("There is no invitation no. {number}.", number=number)
    if found.revoked:
        return text("Invitation no. {number} is revoked already.", number=number)
    await call.work.codes.revoke(number, revoked=True)
    entry = await call.audit("invite.revoke", f"invite:{number}", {"before": True, "after": False})
    what = text("Invitation no. {number}", number=number)
    return call.changed(what, text("valid"), text("revoked"), entry)


def _validity(valid: Any) -> Text:
    return text("valid") if valid else text("revoked")


async def _valid_now(call: Call, record: AuditRecord) -> bool:
    found = await call.work.codes.invite_of(_number(record))
    return found is not None and not found.revoked


async def _make_valid(call: Call, record: AuditRecord) -> None:
    await call.work.codes.revoke(_number(record), revoked=not record.facts["before"])


def _number(record: AuditRecord) -> int:
    return int(record.subject.partition(":")[2])


COMMANDS = (
    Command(
        name="join",
        summary=text("Get in with a code"),
        handler=join,
        topic="you",
        usage="CODE",
        example="7K2M-9XQ4-TT0B-3W5E",
        role=Role.NEWCOMER,
        spoken=re.compile(r"[0-9A-Za-z-]{16,24}"),
    ),
    Command(
        name="newcomers",
        summary=text("Who is waiting to be let in"),
        handler=newcomers,
        usage="[approve|deny PERSON]",
        example="approve @ada",
        role=Role.ADMIN,
        roles={"": Role.SUPPORT},
        reversals=(Reversal(actions=("deny",), current=_denied_now, restore=_wait_again, said=_standing),),
    ),
    Command(
        name="invite",
        summary=text("Make a code that lets people in"),
        handler=invite,
        usage="[USES] [24h|7d] | list | revoke NUMBER",
        example="5 3d",
        role=Role.ADMIN,
        roles={"list": Role.SUPPORT},
        spoken=re.compile(r"(\d+)?\s*(\d+[hd])?|list|revoke \d+"),
        reversals=(
            Reversal(actions=("invite", "invite.revoke"), current=_valid_now, restore=_make_valid, said=_validity),
        ),
    ),
)
