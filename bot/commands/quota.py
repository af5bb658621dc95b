"""Commands for admins: limits. They take effect with the next message."""

import re
from collections.abc import Sequence

from bot.commands.call import Call
from bot.commands.declaration import Command, Role
from bot.commands.people import standing_line
from bot.domain.quotas import METERS, Meter
from bot.storage import Account
from bot.texts import Text, code, lines, text

_LARGEST = 10**12


async def quota(call: Call) -> Text:
    match call.words:
        case ["show", *rest]:
            return await _show(call, rest)
        case ["set", *rest]:
            return await _set(call, rest)
        case ["add", *rest]:
            return await _add(call, rest)
        case ["reset", *rest]:
            return await _reset(call, rest)
    raise call.bad_argument()


async def _show(call: Call, words: Sequence[str]) -> Text:
    subject, rest = await _subject(call, words, otherwise=call.account)
    if rest:
        raise call.bad_argument()
    return await _overview(call, subject)


async def _set(call: Call, words: Sequence[str]) -> Text:
    subject, rest = await _subject(call, words)
    meter, amount = _pair(call, rest)
    limit = _limit(call, amount)
    before = await _limit_of(call, subject, meter)
    await call.quotas.set_limit(call.work, subject.id, meter, limit)
    return await _changed(call, "quota.set", subject, meter, before)


async def _add(call: Call, words: Sequence[str]) -> Text:
    subject, rest = await _subject(call, words)
    meter, amount = _pair(call, rest)
    before = await _limit_of(call, subject, meter)
    await call.quotas.add(call.work, subject.id, meter, _number(call, amount))
    return await _changed(call, "quota.add", subject, meter, before)


async def _reset(call: Call, words: Sequence[str]) -> Text:
    subject, rest = await _subject(call, words)
    meters = [_meter(call, word) for word in rest] or list(METERS)
    used = await call.quotas.quota(call.work, subject.id)
    for meter in meters:
        await call.quotas.reset(call.work, subject.id, meter)
    facts = {str(standing.meter): standing.used for standing in used if standing.meter in meters}
    number = await call.audit("quota.reset", subject, facts)
    return lines(
        text("Today's use was set back to zero (audit no. {number}).", number=number), await _overview(call, subject)
    )


async def _changed(call: Call, action: str, subject: Account, meter: Meter, before: int | None) -> Text:
    after = await _limit_of(call, subject, meter)
    number = await call.audit(action, subject, {"meter": meter, "before": before, "after": after})
    change = text("{before} → {after} (audit no. {number})", before=_said(before), after=_said(after), number=number)
    return lines(change, await _overview(call, subject))


async def _overview(call: Call, subject: Account) -> Text:
    standings = await call.quotas.quota(call.work, subject.id)
    blocked = [text("• blocked")] if subject.blocked else []
    return lines(
        text("Today, for {person}:", person=code(subject.label)), *(standing_line(one) for one in standings), *blocked
    )


async def _subject(call: Call, words: Sequence[str], otherwise: Account | None = None) -> tuple[Account, Sequence[str]]:
    """Whom the call is about, and the words after the name. A reply names its author; a name goes before it."""
    if words and words[0] not in METERS:
        return await call.person(words[0]), words[1:]
    if author := await call.replied_to():
        return author, words
    if otherwise is None:
        raise call.bad_argument()
    return otherwise, words


def _pair(call: Call, words: Sequence[str]) -> tuple[Meter, str]:
    match words:
        case [meter, amount]:
            return _meter(call, meter), amount
    raise call.bad_argument()


def _meter(call: Call, word: str) -> Meter:
    for meter in METERS:
        if word == meter:
            return meter
    raise call.bad_argument()


def _limit(call: Call, word: str) -> int | str | None:
    if word in ("unlimited", "default"):
        return None if word == "unlimited" else "default"
    return _number(call, word)


def _number(call: Call, word: str) -> int:
    plain = word.replace(",", "").replace("_", "")
    if not re.fullmatch(r"[0-9]{1,13}", plain) or int(plain) > _LARGEST:
        raise call.bad_argument()
    return int(plain)


async def _limit_of(call: Call, subject: Account, meter: Meter) -> int | None:
    quota = await call.quotas.quota(call.work, subject.id)
    return quota.messages.limit if meter == "messages" else quota.tokens.limit


def _said(limit: int | None) -> Text:
    return text("unlimited") if limit is None else text("{limit}", limit=limit)


COMMANDS = (
    Command(
        name="quota",
        summary=text("See and change what somebody may use in a day"),
        handler=quota,
        usage="show|set|add|reset PERSON [messages|tokens] [NUMBER|unlimited|default]",
        example="set @ada messages 50",
        role=Role.ADMIN,
        roles={"show": Role.SUPPORT},
        spoken=re.compile(r"(show|set|add|reset)\b.*"),
    ),
)
