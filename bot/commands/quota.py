"""Limits of one person or one group. What is decided holds from the next message on."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.commands import decisions, grants, requests
from bot.commands.call import Call
from bot.commands.decisions import Subject, decide, together
from bot.commands.declaration import Answer, Choice, Command, Reversal, Role
from bot.commands.grants import give
from bot.commands.phrases import PHRASE, meter_named, phrase
from bot.commands.questionnaires import Blank, Questionnaire
from bot.domain.people import Identity
from bot.domain.quotas import METERS, account_subject
from bot.domain.windows import Period, Window, instant, milliseconds
from bot.storage import Account, AuditRecord
from bot.texts import Text, code, lines, text
from bot.texts.limits import bar, credit_line, meter_name, plan_name, window_name

_CHAT = "chat:"
_PARTS = {"pool": "pool", "each": "each"}
_WINDOWS = ("day", "week", "month", "1h", "3h", "24h", "30d", "total")
"""Those a form offers; others are typed."""


async def quota(call: Call) -> Text | Answer:
    match call.words:
        case []:
            return await _own(call)
        case [act, *rest] if act in _ACTS:
            return await _ACTS[act](call, rest)
    raise call.bad_argument()


async def _own(call: Call) -> Answer:
    """What the caller may use, and what can be done from there."""
    choices = [Choice(label=text("🙋 Ask for more"), command="quota request")]
    if call.role >= Role.SUPPORT:
        choices = [Choice(label=text("📨 Requests"), command="quota requests")]
    return Answer(said=await _overview(call, _person(call.account)), choices=choices, in_place=True)


async def _show(call: Call, words: Sequence[str]) -> Answer:
    subject, rest = await _subject(call, words, otherwise=call.account)
    if rest:
        raise call.bad_argument()
    choices = _acts(subject.account) if call.role >= Role.ADMIN and subject.account else ()
    return Answer(said=await _overview(call, subject), choices=[*choices], in_place=True)


def _acts(account: Account) -> Iterator[Choice]:
    """What an admin may want to do about somebody's quota without typing."""
    freeze = (text("Unfreeze"), "unfreeze") if account.frozen else (text("❄️ Freeze"), "freeze")
    for label, act in (freeze, (text("Reset"), "reset")):
        if Choice.fits(command := f"quota {act} {account.called}"):
            yield Choice(label=label, command=command)


async def _set(call: Call, words: Sequence[str]) -> Answer:
    subject, rest = await _subject(call, words)
    changed = await decide(call, subject, phrase(call, rest))
    return together([changed], await _overview(call, subject))


async def _add(call: Call, words: Sequence[str]) -> Answer:
    """A credit: until the end of the day, unless another end is named."""
    subject, rest = await _subject(call, words)
    said = phrase(call, rest)
    if subject.account is None or said.windowed or not said.rule.limit:
        raise call.bad_argument()
    today = Period.of("day", call.now, call.quotas.zone_of(subject.account))
    until = said.until or milliseconds(today.ends_at)
    added = await give(call, subject.account, said.rule, until=until)
    return together([added], await _overview(call, subject))


async def _reset(call: Call, words: Sequence[str]) -> Answer:
    subject, rest = await _subject(call, words)
    if rest or subject.account is None:
        raise call.bad_argument()
    account = subject.account
    if not call.confirmed:
        question = text("Forget what {person} has used so far?", person=code(account.label))
        return call.confirm(question, text("Reset"), f"reset {account.called}")
    # The instant after now: what was reserved in this very millisecond is forgiven too.
    after = milliseconds(call.now) + 1
    await call.work.people.count_from(account.id, after)
    number = await call.audit("quota.reset", account, {"before": account.counted_from, "after": after})
    what = text("{person}, use counted from", person=code(account.label))
    reset = call.changed(what, _counted(account.counted_from), _counted(after), number)
    return together([reset], await _overview(call, replace(subject, account=replace(account, counted_from=after))))


async def _freeze(call: Call, words: Sequence[str]) -> Answer:
    return await _set_frozen(call, words, frozen=True)


async def _unfreeze(call: Call, words: Sequence[str]) -> Answer:
    return await _set_frozen(call, words, frozen=False)


async def _set_frozen(call: Call, words: Sequence[str], *, frozen: bool) -> Answer:
    subject, rest = await _subject(call, words)
    if rest or subject.account is None:
        raise call.bad_argument()
    if frozen:
        await call.check_rank(subject.account)
    await call.work.people.freeze(subject.account.id, frozen=frozen)
    facts = {"before": subject.account.frozen, "after": frozen}
    number = await call.audit("quota.freeze", subject.account, facts)
    who = text("{person}", person=code(subject.account.label))
    return call.changed(who, _frozen(subject.account.frozen), _frozen(frozen), number)


async def _overview(call: Call, subject: Subject) -> Text:
    if subject.account is None:
        return await group_overview(call, subject.chat)
    account = subject.account
    standings = await call.quotas.shown(call.work, account)
    held = await call.work.limits.credits(account.id, now=milliseconds(call.now))
    plan = plan_name(call.quotas.plan_of(account), call.quotas.plan_end(account))
    return lines(
        text("{person}, plan {plan}:", person=code(account.label), plan=plan),
        *(bar(one) for one in standings),
        *([] if standings else [text("• no limits")]),
        *(credit_line(one) for one in held),
        *([text("• frozen")] if account.frozen else []),
        *([text("• blocked")] if account.blocked else []),
    )


async def group_overview(call: Call, chat: str) -> Text:
    """The limits of a group, and what is used of them."""
    standings = await call.quotas.in_chat(call.work, call.account, chat)
    names = {
        "chat": text("As a whole:"),
        "member": text("Each member (here: you):"),
        "pool": text("Its pool, for members who have used up their own:"),
    }
    found = []
    for whose, name in names.items():
        some = [bar(one) for one in standings if one.whose == whose]
        found += [name, *some] if some else []
    return lines(text("Group {chat}:", chat=code(chat)), *(found or [text("• no limits")]))


async def _subject(call: Call, words: Sequence[str], otherwise: Account | None = None) -> tuple[Subject, Sequence[str]]:
    """Whom or which group the call is about, and the words after its name. A reply names its author."""
    if words and words[0].lower().startswith(_CHAT):
        return _group(call, words)
    if words and meter_named(words[0]) is None:
        return _person(await call.person(words[0])), words[1:]
    account = await call.replied_to() or otherwise
    if account is None:
        raise call.bad_argument()
    return _person(account), words


async def _set_form(call: Call) -> Questionnaire | None:
    """`quota set`, with or without whom it is about."""
    match call.words:
        case ["set"]:
            whom = [Blank(label=text("Person"), kind="person")]
        case ["set", _]:
            whom = []
        case _:
            return None
    return call.ask_for(
        text("Set a limit"),
        " ".join(("quota", *call.words)),
        *whom,
        Blank(
            label=text("What is limited"),
            kind="choice",
            options=[(meter_name(one), one) for one in METERS],
            value="messages",
        ),
        Blank(label=text("How many (a number, unlimited or default)"), longest=20),
        Blank(
            label=text("In which time"),
            kind="choice",
            before="per",
            options=[(window_name(Window.parse(one)), one) for one in _WINDOWS],
            value="day",
        ),
        Blank(label=text("Of which models only (a chain, or a model)"), before="on", optional=True, longest=80),
        Blank(label=text("Until when (2026-12-24 or 30d)"), before="until", optional=True, longest=10),
    )


async def _request_form(call: Call) -> Questionnaire | None:
    if call.words != ["request"]:
        return None
    what = Blank(label=text("What do you need, and what for?"), kind="lines", optional=True, longest=500)
    return call.ask_for(text("Ask for more"), "quota request", what)


def _person(account: Account) -> Subject:
    return Subject(key=account_subject(account.id), account=account)


def _group(call: Call, words: Sequence[str]) -> tuple[Subject, Sequence[str]]:
    try:
        chat = str(Identity.parse(words[0][len(_CHAT) :]))
    except ValueError as error:
        raise call.bad_argument() from error
    part = _PARTS.get(words[1].lower() if len(words) > 1 else "")
    return Subject(key=f"{part or 'chat'}:{chat}", chat=chat), words[2 if part else 1 :]


def _counted(since: int) -> Text:
    return text("{since}", since=instant(since)) if since else text("the beginning")


def _frozen(frozen: bool) -> Text:  # noqa: FBT001 - the value of a fact
    return text("frozen") if frozen else text("not frozen")


async def _counted_now(call: Call, record: AuditRecord) -> int:
    return (await call.subject_of(record)).counted_from


async def _count_again(call: Call, record: AuditRecord) -> None:
    await call.work.people.count_from((await call.subject_of(record)).id, record.facts["before"])


async def _frozen_now(call: Call, record: AuditRecord) -> bool:
    return (await call.subject_of(record)).frozen


async def _freeze_again(call: Call, record: AuditRecord) -> None:
    await call.work.people.freeze((await call.subject_of(record)).id, frozen=record.facts["before"])


_ACTS: Mapping[str, Callable[[Call, Sequence[str]], Awaitable[Text | Answer]]] = {
    "request": requests.ask,
    "requests": requests.requests,
    "approve": requests.approve,
    "deny": requests.deny,
    "show": _show,
    "set": _set,
    "add": _add,
    "reset": _reset,
    "freeze": _freeze,
    "unfreeze": _unfreeze,
}

COMMANDS = (
    Command(
        name="quota",
        summary=text("What one may use: see it, change it, ask for more"),
        handler=quota,
        topic="limits",
        usage=f"show|set|add|reset|freeze|unfreeze PERSON|chat:ID [{PHRASE}] | requests | request [WHAT]",
        open_usage="request [WHAT]",
        example="set @ada messages 40 per 3h on strong",
        role=Role.ADMIN,
        roles={"": Role.GUEST, "show": Role.SUPPORT, "requests": Role.SUPPORT, "request": Role.GUEST},
        spoken=re.compile(rf"(({'|'.join(_ACTS)})\b.*)?"),
        reversals=(
            decisions.REVERSAL,
            grants.REVERSAL,
            Reversal(actions=("quota.reset",), current=_counted_now, restore=_count_again, said=_counted),
            Reversal(actions=("quota.freeze",), current=_frozen_now, restore=_freeze_again, said=_frozen),
        ),
        forms={"set": _set_form, "request": _request_form},
    ),
)
