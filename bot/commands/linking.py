"""One person on several platforms: their identities become one account, and part again."""

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta

from bot import attempts
from bot.access import Access
from bot.alerts.notices import Notice
from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Role
from bot.domain.codes import letters, new_code
from bot.domain.people import Identity
from bot.domain.windows import milliseconds
from bot.storage import Account, AuditFilter
from bot.texts import Text, Typed, code, lines, text

_LETTERS = 10
"""Of a code: 50 bits. It is typed from one screen into another."""

_MINUTES = 10
_DAYS = 30
"""Between two partings: whoever parts begins with nothing used, so this is how often that can be had."""

_NOT_HERE = text("Not where others read along: please ask me in a direct message.")


async def link(call: Call) -> Text | Answer:
    if not call.update.place.private:
        return _NOT_HERE
    if not call.words:
        return await _offer(call)
    return await _join(call, " ".join(call.words))


async def unlink(call: Call) -> Text | Answer:
    if not call.update.place.private:
        return _NOT_HERE
    mine = await call.work.people.identities(call.account.id)
    if len(mine) == 1:
        return text("You have but this one identity. {link} joins another.", link=Typed("link"))
    match call.words:
        case []:
            return _which(mine)
        case [name]:
            parting = next((one for one in mine if str(one.identity) == name), None)
            if parting is not None:
                return await _part(call, parting)
    raise call.bad_argument()


async def _offer(call: Call) -> Text:
    made, ends = new_code(_LETTERS, secrets.choice), call.now + timedelta(minutes=_MINUTES)
    await call.work.codes.offer_link(made, call.account.id, expires_at=milliseconds(ends))
    return lines(
        text("Within {minutes} minutes, send this to me from your other account:", minutes=_MINUTES),
        text("`{command}` (Slack: `/parley link {code}`)", command=f"/link {made}", code=made),
        text("It makes the two one: one history, one quota. Give it to nobody else."),
    )


async def _join(call: Call, given: str) -> Text | Answer:
    await attempts.check(call.work, call.account.id, call.now)
    kept = await call.work.codes.link_of(given, now=milliseconds(call.now))
    others = await call.work.people.identities(kept) if kept is not None else []
    if kept is None or others[0].blocked:
        await attempts.failed(call.work, call.account.id, call.now)
        return text("This code joins nothing: it is mistyped, used or too old.")
    if kept == call.account.id:
        return text("This code is for your other account: send it from there.")
    if not call.confirmed:
        who = code(", ".join(one.label for one in others))
        question = text("Join with {who}? Your histories and quotas become one, and the lower role counts.", who=who)
        return call.confirm(question, text("Join"), letters(given))
    return await _merge(call, others)


async def _merge(call: Call, others: Sequence[Account]) -> Text | Answer:
    kept, gone = others[0], call.account
    await call.work.merging.lock(kept.id, gone.id)
    if await call.work.merging.busy(kept.id) or await call.work.merging.busy(gone.id):
        return text("An answer is being written for you. Please try again when it is there.")
    await call.work.codes.withdraw_link(gone.id)
    if not await call.work.codes.withdraw_link(kept.id):
        return text("This code joins nothing: it is mistyped, used or too old.")
    role = joint_role(call.access, kept, gone)
    await call.work.merging.merge(kept.id, gone.id, role)
    facts = {"joined": [str(one.identity) for one in others], "role": role and role.name.lower()}
    number = await call.audit("link", gone, facts)
    for one in others:
        await _tell(call, one.identity, text("{person} was joined to your account.", person=code(gone.label)), number)
    return Answer(
        said=text("Joined: you are one now. {unlink} parts you again.", unlink=Typed("unlink")), in_place=True
    )


def joint_role(access: Access, one: Account, other: Account) -> Role | None:
    """The lower role of two people who become one; joining lets nobody rise.

    Owners are who the settings name, and their other identities are not. Somebody who was not let in yet counts as a
    member at most: whoever has let them join is in.
    """
    if one.role is None and other.role is None and access.rank(one) == access.rank(other) == Role.MEMBER:
        return None
    return min(max(_role(access, each), Role.GUEST) for each in (one, other))


def _role(access: Access, one: Account) -> Role:
    if one.role is not None:
        return one.role
    return Role.MEMBER if (rank := access.rank(one)) in (Role.OWNER, Role.NEWCOMER) else rank


def _which(mine: Sequence[Account]) -> Answer:
    shown = (text("• {person}", person=code(one.label)) for one in mine)
    return Answer(
        said=lines(text("Your identities. Which one shall part?"), *shown),
        choices=[
            Choice(label=text("{person}", person=one.label), command=f"unlink {one.identity}")
            for one in mine
            if Choice.fits(f"unlink {one.identity}")
        ],
    )


async def _part(call: Call, parting: Account) -> Text | Answer:
    who = [str(one.identity) for one in await call.work.people.identities(call.account.id)]
    recent = AuditFilter(who=who, what="unlink", age=_DAYS * 86_400_000)
    if await call.work.audit.last(1, recent):
        return text("You have parted within the last {days} days. Please ask an admin if it has to be.", days=_DAYS)
    if not call.confirmed:
        question = text(
            "Part {person}? What was said and used so far stays with the others; it begins anew.",
            person=code(parting.label),
        )
        return call.confirm(question, text("Part"), str(parting.identity))
    await call.work.merging.lock(call.account.id)
    await call.work.merging.split(call.account.id, parting.identity)
    number = await call.audit("unlink", parting, {"from": call.account.id})
    if parting.identity != call.account.identity:
        await _tell(call, parting.identity, text("You are on your own again: your accounts were parted."), number)
    return Answer(said=text("Parted."), in_place=True)


async def _tell(call: Call, to: Identity, said: Text, number: int) -> None:
    await call.work.inbox.put(Notice(said=said, to=to).arrival(f"linking {number}", at=milliseconds(call.now)))
    call.afterwards.append(call.inbox.wake)


COMMANDS = (
    Command(
        name="link",
        summary=text("Be the same person here and on another platform"),
        handler=link,
        topic="you",
        usage="[CODE]",
        example="7K2M-9XQ4-TT",
        role=Role.NEWCOMER,
        roles={"": Role.MEMBER},
        spoken=re.compile(r"[0-9A-Za-z-]{10,14}"),
    ),
    Command(
        name="unlink",
        summary=text("Be separate people again"),
        handler=unlink,
        topic="you",
        usage="[PLATFORM:ID]",
        example="telegram:123456",
        role=Role.MEMBER,
    ),
)
