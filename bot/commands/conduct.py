"""Strikes: who has how many, forgiving them, and asking the admins to."""

from bot.alerts.notices import Notice
from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Role
from bot.domain.windows import milliseconds
from bot.storage import Account
from bot.texts import Text, code, lines, text

_MOST_SHOWN = 20
_DAY = 24 * 3_600_000
_MONTH = 30 * _DAY
_LONGEST = 500


async def strikes(call: Call) -> Text | Answer:
    """`strikes`: who has any that count; `strikes forgive PERSON`: none of theirs count any more."""
    match call.words:
        case []:
            return await _list(call)
        case ["forgive", name]:
            return await _forgive(call, await call.person(name))
        case ["forgive"]:
            return await _forgive(call, await call.person_replied_to())
    raise call.bad_argument()


async def appeal(call: Call) -> Text:
    """`appeal [why]`: the admins are asked, once a day, and have a button."""
    now = milliseconds(call.now)
    counting = await call.work.strikes.of(call.account.id, since=now - _MONTH)
    if not counting:
        return text("None of your messages was blocked of late.")
    admins = await call.access.admins(call.work)
    if not admins:
        return text("There is no admin whom I could ask.")
    said = text(
        "{person} thinks that their messages should not have been blocked ({count} in 30 days): {why}",
        person=code(call.account.label),
        count=len(counting),
        why=code(" ".join(call.words)[:_LONGEST] or "–"),
    )
    choices = [Choice(label=text("✅ Forgive"), command=f"strikes forgive {call.account.called}")]
    occasion = f"appeal {call.account.id} {now // _DAY}"
    for admin in admins:
        await call.work.inbox.put(Notice(said=said, to=admin, choices=choices).arrival(occasion, at=now))
    call.afterwards.append(call.inbox.wake)
    return text("I have asked the admins. You will hear from me if they forgive.")


async def _list(call: Call) -> Text | Answer:
    found = await call.work.strikes.latest(since=milliseconds(call.now) - _MONTH, most=_MOST_SHOWN)
    if not found:
        return text("No message was blocked in the last 30 days.")
    people = [(call.access.reached(await call.work.people.identities(one.account)), one.count) for one in found]
    rows = [
        text("• {person}: {count} blocked in 30 days", person=code(person.label), count=count)
        for person, count in people
    ]
    choices = [
        Choice(label=text("✅ Forgive {person}", person=person.name), command=f"strikes forgive {person.called}")
        for person, _ in people
    ]
    return Answer(said=lines(text("Whose messages were blocked, the last first:"), *rows), choices=choices)


async def _forgive(call: Call, subject: Account) -> Answer:
    count = await call.work.strikes.forgive(subject.id)
    if count:
        await _tell(call, subject)
    entry = await call.audit("strikes.forgive", subject, {"count": count})
    said = text(
        "{person}: {count} forgiven. No. {number} in the audit log.",
        person=code(subject.label),
        count=count,
        number=entry,
    )
    return Answer(said=said, in_place=True)


async def _tell(call: Call, subject: Account) -> None:
    now = milliseconds(call.now)
    notice = Notice(said=text("An admin has forgiven you: I answer you again."), to=subject.identity)
    await call.work.inbox.put(notice.arrival(f"forgiven {subject.id} {now}", at=now))
    call.afterwards.append(call.inbox.wake)


COMMANDS = (
    Command(
        name="strikes",
        summary=text("Whose messages were blocked, and forgiving it"),
        handler=strikes,
        usage="[forgive PERSON]",
        example="forgive @ada",
        role=Role.ADMIN,
        topic="admins",
    ),
    Command(
        name="appeal",
        summary=text("Tell the admins that your messages should not have been blocked"),
        handler=appeal,
        usage="[WHY]",
        example="it was a quotation",
        topic="you",
    ),
)
