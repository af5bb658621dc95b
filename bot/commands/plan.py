"""Plans: what those who are on one may use."""

import re
from collections.abc import Sequence
from typing import Any

from bot.commands.call import Call
from bot.commands.decisions import Subject, decide, together
from bot.commands.declaration import Answer, Command, Reversal, Role
from bot.commands.phrases import phrase
from bot.domain.quotas import Plan
from bot.domain.windows import instant, milliseconds
from bot.errors import UnknownPlan
from bot.plans import plan_subject
from bot.storage import Account, AuditRecord
from bot.texts import Text, code, lines, text
from bot.texts.limits import kept_for, plan_name, rule_line

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_MOST_PRIORITY = 100
_MOST_DAYS = 36_500
_DEFAULT = "default"


async def plan(call: Call) -> Text | Answer:
    match call.words:
        case [] | ["list"]:
            return await _list(call)
        case ["show", name]:
            return _shown(call, await _find(call, name))
        case ["new", name]:
            return await _new(call, name.lower())
        case ["set", name, *words]:
            return await _set(call, name, words)
        case ["assign", person, name, *rest]:
            return await assign(call, await call.person(person), name, rest)
    raise call.bad_argument()


async def _list(call: Call) -> Text:
    plans = await call.quotas.plans.all(call.work, now=milliseconds(call.now))
    return lines(*(_shown(call, one) for one in plans))


def _shown(call: Call, found: Plan) -> Text:
    name = code(found.name)
    title = (
        text("{plan}, the default, priority {priority}:", plan=name, priority=found.priority)
        if found.name == call.quotas.plans.default
        else text("{plan}, priority {priority}:", plan=name, priority=found.priority)
    )
    kept = [] if found.keep is None else [text("• words kept: {time}", time=kept_for(found.keep))]
    return lines(title, *([rule_line(rule) for rule in found.rules] or [text("• no limits")]), *kept)


async def _new(call: Call, name: str) -> Text:
    if not _NAME.fullmatch(name) or name == _DEFAULT:
        raise call.bad_argument()
    if await call.quotas.plans.find(call.work, name, now=milliseconds(call.now)) is not None:
        return text("There is a plan {plan} already.", plan=code(name))
    await call.work.limits.put_plan(name, 0)
    number = await call.audit("plan.new", plan_subject(name), {})
    return text(
        "Plan {plan} is there, without limits so far (audit no. {number}). {example} gives it one.",
        plan=code(name),
        number=number,
        example=code(f"plan set {name} messages 100 per day"),
    )


async def _prioritise(call: Call, found: Plan, word: str) -> Answer:
    if not word.isdecimal() or int(word) > _MOST_PRIORITY:
        raise call.bad_argument()
    await call.work.limits.put_plan(found.name, int(word))
    facts = {"before": found.priority, "after": int(word)}
    number = await call.audit("plan.priority", plan_subject(found.name), facts)
    what = text("Priority of {plan}", plan=code(found.name))
    return call.changed(what, _number(found.priority), _number(int(word)), number)


async def _keep(call: Call, found: Plan, word: str) -> Answer:
    if word != "unlimited" and not (word.isdecimal() and 1 <= int(word) <= _MOST_DAYS):
        raise call.bad_argument()
    days = None if word == "unlimited" else int(word)
    if days is not None and not call.confirmed:
        return call.confirm(
            text(
                "How long words of people on {plan} are to be kept: {time}. What is older is deleted for good within "
                "the hour, with its answers. Nobody can bring it back.",
                plan=code(found.name),
                time=kept_for(days),
            ),
            text("🗑 Keep no longer"),
            f"set {found.name} keep {days}",
        )
    await call.work.limits.keep(found.name, days, priority=found.priority)
    number = await call.audit("plan.keep", plan_subject(found.name), {"before": found.keep, "after": days})
    what = text("Words kept on {plan}", plan=code(found.name))
    return call.changed(what, kept_for(found.keep), kept_for(days), number)


async def _set(call: Call, name: str, words: Sequence[str]) -> Answer:
    found = await _find(call, name)
    match words:
        case ["priority", number]:
            return await _prioritise(call, found, number)
        case ["keep", days]:
            return await _keep(call, found, days)
    changed = await decide(call, Subject(key=plan_subject(found.name), plan=found.name), phrase(call, words))
    return together([changed], _shown(call, await _find(call, name)))


async def assign(call: Call, subject: Account, name: str, rest: Sequence[str]) -> Answer:
    """Put somebody on a plan, or back on the default one; `rest` says for how long."""
    if name == _DEFAULT and rest:
        raise call.bad_argument()
    wanted, until = None if name == _DEFAULT else (await _find(call, name)).name, _end(call, rest)
    before, after = [subject.plan, subject.plan_until], [wanted, until]
    await call.work.people.assign(subject.id, wanted, until=until)
    number = await call.audit("plan.assign", subject, {"before": before, "after": after})
    return call.changed(text("{person}", person=code(subject.label)), _plan(before), _plan(after), number)


def _end(call: Call, words: Sequence[str]) -> int | None:
    """`until 2026-12-24`, `for 30d`, or nothing."""
    if not words:
        return None
    return phrase(call, ["messages", "0", *words]).until


async def _find(call: Call, name: str) -> Plan:
    found = await call.quotas.plans.find(call.work, name.lower(), now=milliseconds(call.now))
    if found is None:
        raise UnknownPlan(name)
    return found


def _number(priority: int) -> Text:
    return text("{priority}", priority=priority)


def _plan(assigned: Sequence[Any]) -> Text:
    """A plan and when it ends."""
    name, until = assigned
    if name is None:
        return text("the default plan")
    return plan_name(name, None if until is None else instant(until))


async def _assigned_now(call: Call, record: AuditRecord) -> list[Any]:
    subject = await call.subject_of(record)
    return [subject.plan, subject.plan_until]


async def _assign_again(call: Call, record: AuditRecord) -> None:
    name, until = record.facts["before"]
    await call.work.people.assign((await call.subject_of(record)).id, name, until=until)


async def _priority_now(call: Call, record: AuditRecord) -> int:
    return (await _find(call, record.subject.partition(":")[2])).priority


async def _prioritise_again(call: Call, record: AuditRecord) -> None:
    await call.work.limits.put_plan(record.subject.partition(":")[2], record.facts["before"])


async def _kept_now(call: Call, record: AuditRecord) -> int | None:
    return (await _find(call, record.subject.partition(":")[2])).keep


async def _keep_again(call: Call, record: AuditRecord) -> None:
    found = await _find(call, record.subject.partition(":")[2])
    await call.work.limits.keep(found.name, record.facts["before"], priority=found.priority)


COMMANDS = (
    Command(
        name="plan",
        summary=text("See and change what plans allow, and who is on which"),
        handler=plan,
        usage="list | show PLAN | new PLAN | set PLAN METER NUMBER|unlimited|default [per WINDOW] [on MODEL] | "
        "set PLAN priority NUMBER | set PLAN keep DAYS|unlimited | assign PERSON PLAN|default [until DATE|30d]",
        example="set free messages 50 per week on strong",
        role=Role.ADMIN,
        roles={"": Role.SUPPORT, "list": Role.SUPPORT, "show": Role.SUPPORT},
        spoken=re.compile(r"(list|show|new|set|assign)\b.*"),
        reversals=(
            Reversal(actions=("plan.assign",), current=_assigned_now, restore=_assign_again, said=_plan),
            Reversal(actions=("plan.priority",), current=_priority_now, restore=_prioritise_again, said=_number),
            Reversal(actions=("plan.keep",), current=_kept_now, restore=_keep_again, said=kept_for),
        ),
    ),
)
