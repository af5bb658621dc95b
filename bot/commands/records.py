"""Commands for the audit log: who changed what, and taking a change back."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, Choice, Command, Reversal, Role, Table
from bot.domain.moments import moment
from bot.domain.names import shown
from bot.domain.windows import milliseconds
from bot.errors import NotReversible
from bot.storage import AuditFilter, AuditRecord
from bot.texts import Text, code, lines, text

_PAGE = 15

_REVERT_WITHIN = 24 * 3_600_000
"""Milliseconds."""

_REVERT = "revert"
_BELOW = "below"
_AGE = re.compile(r"([0-9]{1,4})([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_FACTS = 60


async def audit(call: Call) -> Text | Answer:
    which = await _filter(call)
    found = await call.work.audit.last(_PAGE + 1, which)
    if not found:
        return text("Nothing of that kind is on record.")
    return Answer(
        said=lines(text("On record, the latest first:"), *(_line(one) for one in found[:_PAGE])),
        listed=True,
        table=Table(
            columns=(text("No."), text("When"), text("Who"), text("What"), text("Whom"), text("Change")),
            rows=[_row(one) for one in found[:_PAGE]],
        ),
        choices=_older(call, found),
        in_place=True,
    )


async def revert(call: Call) -> Answer:
    match call.words:
        case [word] if is_number(word):
            number = int(word)
        case _:
            raise call.bad_argument()
    record = await call.work.audit.record(number)
    if record is None:
        raise NotReversible(number, "unknown")
    return await _revert(call, record)


async def _revert(call: Call, record: AuditRecord) -> Answer:
    reversal = call.book.reversal(record.action)
    if reversal is None:
        raise NotReversible(record.id, "final")
    if await call.work.audit.revert_of(record.id):
        raise NotReversible(record.id, "reverted")
    if record.age > _REVERT_WITHIN:
        raise NotReversible(record.id, "late")
    now = await reversal.current(call, record)
    if now != record.facts.get("after") or await _changed_since(call, record, reversal):
        raise NotReversible(record.id, "changed")
    await reversal.restore(call, record)
    facts = {**record.facts, "act": record.action, "before": now, "after": record.facts["before"]}
    undone = await call.audit(_REVERT, record.subject, facts, reverts=record.id)
    what = text("{action} of {subject}", action=code(record.action), subject=code(record.subject))
    told = call.changed(what, reversal.said(now), reversal.said(facts["after"]), undone)
    return replace(told, choices=())


async def _changed_since(call: Call, record: AuditRecord, reversal: Reversal) -> bool:
    """Whether the same thing was changed again, be it back and forth."""
    later = await call.work.audit.later(record)
    return any(
        one.facts.get("act", one.action) in reversal.actions
        and (not reversal.key or one.facts.get(reversal.key) == record.facts.get(reversal.key))
        for one in later
    )


async def _filter(call: Call) -> AuditFilter:
    """`[PERSON] [ACT] [SINCE]` in any order, and where the page before has ended."""
    which, words = AuditFilter(), list(call.words)
    while words:
        word = words.pop(0)
        if word == _BELOW and words and is_number(words[0]):
            which = replace(which, below=int(words.pop(0)))
        elif (age := _age(call, word)) is not None:
            which = replace(which, age=age)
        elif await call.work.audit.knows(word):
            which = replace(which, what=word)
        else:
            person = await call.person(word)
            known = await call.work.people.identities(person.id)
            which = replace(which, who=[str(one.identity) for one in known])
    return which


def _age(call: Call, word: str) -> int | None:
    """`2h` or a day such as `2026-11-20`, as the milliseconds that have passed since."""
    if found := _AGE.fullmatch(word):
        return int(found[1]) * _SECONDS[found[2]] * 1000
    try:
        day = datetime.strptime(word, "%Y-%m-%d").replace(tzinfo=call.zone)
    except ValueError:
        return None
    return max(0, milliseconds(call.now) - milliseconds(day))


def _row(record: AuditRecord) -> tuple[object, ...]:
    return record.id, moment(record.at), record.actor, record.action, record.subject, change_of(record)


def _line(record: AuditRecord) -> Text:
    change = change_of(record)
    return text(
        "• {number}, {at}: {action} of {subject} by {actor} {change}",
        number=code(str(record.id)),
        at=moment(record.at),
        action=code(record.action),
        subject=code(record.subject),
        actor=code(record.actor),
        change=code(change) if change else "",
    )


def change_of(record: AuditRecord) -> str:
    """What an act changed, on one line."""
    facts = dict(record.facts)
    if {"before", "after"} <= facts.keys():
        change = f"{_plain(facts.pop('before'))} → {_plain(facts.pop('after'))}"
        facts = {"": change, **facts}
    told = ", ".join(f"{name} {_plain(value)}".strip() for name, value in facts.items())
    return shown(told[:_LONGEST_FACTS]) if told else ""


def _plain(value: object) -> str:
    """A fact without the brackets of JSON."""
    match value:
        case dict():
            return " ".join(f"{name} {_plain(one)}" for name, one in value.items())
        case list():
            return " ".join(map(_plain, value))
        case None:
            return "–"
    return str(value)


def _older(call: Call, found: Sequence[AuditRecord]) -> list[Choice]:
    """A button to the page before."""
    if len(found) <= _PAGE:
        return []
    words = call.words[: call.words.index(_BELOW)] if _BELOW in call.words else call.words
    command = " ".join(("audit", *words, _BELOW, str(found[_PAGE - 1].id)))
    return [Choice(label=text("Older →"), command=command)] if Choice.fits(command) else []


COMMANDS = (
    Command(
        name="audit",
        summary=text("Who changed what"),
        handler=audit,
        usage="[PERSON] [WHAT] [2h|7d|2026-11-20]",
        example="@ada quota 7d",
        role=Role.SUPPORT,
    ),
    Command(
        name="revert",
        summary=text("Take a change back, within a day"),
        handler=revert,
        usage="NUMBER",
        example="17",
        role=Role.ADMIN,
        spoken=re.compile(r"\d+"),
    ),
)
