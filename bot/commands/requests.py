"""Asking for more, and deciding about it: admins get buttons, both sides hear how it ended."""

from collections.abc import Sequence

from bot.alerts.notices import Notice
from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, Choice, Role
from bot.commands.grants import give
from bot.commands.phrases import phrase
from bot.commands.plan import assign
from bot.domain.windows import Period, milliseconds
from bot.errors import RequestDecided
from bot.storage import Account
from bot.storage.limits import Request
from bot.storage.tables import RequestState
from bot.texts import Text, code, lines, text
from bot.texts.limits import standing_line

_LONGEST = 500
_MOST_SHOWN = 10
_FEW, _MANY = 20, 100
"""Messages that a button gives: for today, and for the next thirty days."""


async def ask(call: Call, words: Sequence[str]) -> Text:
    """`request [what]`: an account has one open request at a time."""
    await call.work.merging.lock(call.account.id)  # or two chats would ask at once
    if known := await call.work.limits.asked_by(call.account.id):
        return text("You have asked already (request no. {number}). The admins have not decided yet.", number=known.id)
    asked = await call.access.admins(call.work)
    if not asked:
        return text("There is no admin whom I could ask.")
    now = milliseconds(call.now)
    number = await call.work.limits.ask(call.account.id, " ".join(words)[:_LONGEST], now=now)
    request = await _open(call, str(number))
    said, choices = await _question(call, request), _choices(number)
    for admin in asked:
        await call.work.inbox.put(Notice(said=said, to=admin, choices=choices).arrival(f"request {number}", at=now))
    call.afterwards.append(call.inbox.wake)
    return text("I have asked the admins (request no. {number}). You will hear from me.", number=number)


async def requests(call: Call, words: Sequence[str]) -> Text | Answer:
    """`requests`: those nobody has decided about; `requests NUMBER`: one of them, with its buttons."""
    match words:
        case []:
            return await _list(call)
        case [number]:
            request = await _open(call, number)
            choices = _choices(request.id) if call.role >= Role.ADMIN else []
            return Answer(said=await _question(call, request), choices=choices, in_place=True)
    raise call.bad_argument()


async def approve(call: Call, words: Sequence[str]) -> Answer:
    """`approve NUMBER messages 20 [valid 30d]`, or `approve NUMBER plan PLAN [for 30d]`."""
    match words:
        case [number, "plan", name, *rest]:
            request, subject = await _decided(call, number, RequestState.APPROVED)
            changed = await assign(call, subject, name, rest)
        case [number, *rest]:
            request, subject = await _decided(call, number, RequestState.APPROVED)
            changed = await _credit(call, subject, rest)
        case _:
            raise call.bad_argument()
    await _tell(call, request, subject, text("An admin has granted your request:"), changed.said)
    await call.audit("quota.approve", subject, {"request": request.id})
    said = text("Request no. {number} of {person}: approved.", number=request.id, person=code(subject.label))
    return Answer(said=lines(said, changed.said), choices=changed.choices, in_place=True)


async def deny(call: Call, words: Sequence[str]) -> Answer:
    """`deny NUMBER`."""
    match words:
        case [number]:
            request, subject = await _decided(call, number, RequestState.DENIED)
        case _:
            raise call.bad_argument()
    await _tell(call, request, subject, text("An admin has denied your request."))
    entry = await call.audit("quota.deny", subject, {"request": request.id})
    said = text(
        "Request no. {request} of {person}: denied. No. {number} in the audit log.",
        request=request.id,
        person=code(subject.label),
        number=entry,
    )
    return Answer(said=said, in_place=True)


async def _credit(call: Call, subject: Account, words: Sequence[str]) -> Answer:
    said = phrase(call, words)
    if said.windowed or not said.rule.limit:
        raise call.bad_argument()
    today = Period.of("day", call.now, call.quotas.zone_of(subject))
    return await give(call, subject, said.rule, until=said.until or milliseconds(today.ends_at))


async def _decided(call: Call, number: str, state: int) -> tuple[Request, Account]:
    """Decide; of two admins who do so at once the second raises RequestDecided."""
    request = await _open(call, number)
    if not await call.work.limits.decide(request.id, state, admin=str(call.account.identity)):
        decided = await call.work.limits.request(request.id)
        raise RequestDecided(request.id, by=(decided and decided.decided_by) or "")
    return request, await _account(call, request)


async def _open(call: Call, number: str) -> Request:
    """The request of that number, if nobody has decided about it. Raises BadArgument, RequestDecided."""
    request = await call.work.limits.request(int(number)) if is_number(number) else None
    if request is None:
        raise call.bad_argument()
    if request.state != RequestState.OPEN:
        raise RequestDecided(request.id, by=request.decided_by or "")
    return request


async def _account(call: Call, request: Request) -> Account:
    return call.access.reached(await call.work.people.identities(request.account_id))


async def _list(call: Call) -> Text | Answer:
    found = await call.work.limits.waiting(_MOST_SHOWN)
    if not found:
        return text("No request is waiting.")
    said = lines(text("Requests that are waiting:"), *[await _line(call, one) for one in found])
    choices = [Choice(label=text("No. {number}", number=one.id), command=f"quota requests {one.id}") for one in found]
    return Answer(said=said, choices=choices)


async def _line(call: Call, request: Request) -> Text:
    person = code((await _account(call, request)).label)
    return text("• {number}: {person} {what}", number=request.id, person=person, what=_what(request))


async def _question(call: Call, request: Request) -> Text:
    subject = await _account(call, request)
    said = text(
        "{person} asks for more (request no. {number}): {what}",
        person=code(subject.label),
        number=request.id,
        what=_what(request),
    )
    standings = await call.quotas.standings(call.work, subject)
    return lines(said, *(standing_line(one) for one in standings))


def _what(request: Request) -> str:
    return code(request.what) if request.what else "–"


def _choices(number: int) -> list[Choice]:
    return [
        Choice(label=text("✅ +{count} today", count=_FEW), command=f"quota approve {number} messages {_FEW}"),
        Choice(
            label=text("✅ +{count} in 30 days", count=_MANY),
            command=f"quota approve {number} messages {_MANY} valid 30d",
        ),
        Choice(label=text("⛔ Deny"), command=f"quota deny {number}"),
    ]


async def _tell(call: Call, request: Request, subject: Account, *said: Text) -> None:
    """Let the person hear how it ended."""
    notice = Notice(said=lines(*said), to=subject.identity)
    await call.work.inbox.put(notice.arrival(f"request {request.id} decided", at=milliseconds(call.now)))
    call.afterwards.append(call.inbox.wake)
