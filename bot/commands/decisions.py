"""Deciding a limit: for a person, a plan or a group, with what it was before and what it is now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Reversal
from bot.commands.phrases import Phrase
from bot.domain.quotas import ANY_MODEL, METERS, Rule
from bot.domain.windows import Window, instant, milliseconds
from bot.storage import Account, AuditRecord
from bot.texts import Text, lines, text
from bot.texts.limits import amount, rule_name

SET = "quota.set"

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What limits are set for: an account, a plan, or a group (as a whole, each of its members, or its pool).

    `key` is what they are stored under.
    """

    key: str
    account: Account | None = None
    plan: str = ""
    chat: str = ""


async def decide(call: Call, subject: Subject, said: Phrase) -> Answer:
    """Set, lift or leave to the plan what a phrase is about, and tell each limit that changed."""
    before = await _in_force(call, subject)
    meant = await _meant(call, subject, said, before)
    return together([await _decide(call, subject, rule, said, before.get(rule.key)) for rule in meant])


def together(answers: Sequence[Answer], *more: Text) -> Answer:
    """Several answers as one, and what follows them."""
    choices = [choice for one in answers for choice in one.choices]
    if len(choices) > 1:
        # Buttons of one label each would not tell what they take back.
        choices = [replace(one, label=text("↩ Take back no. {number}", number=_numbered(one))) for one in choices]
    return Answer(said=lines(*(one.said for one in answers), *more), choices=choices, in_place=True)


def _numbered(one: Choice) -> int:
    return int(one.command.rpartition(" ")[2])


async def _decide(call: Call, subject: Subject, rule: Rule, said: Phrase, before: Rule | None) -> Answer:
    stored = await _stored(call, subject.key, rule)
    if said.until is None:
        await call.work.limits.unset(subject.key, rule)
    if not said.default:
        await call.work.limits.set(subject.key, rule, until=said.until)
    after = (await _in_force(call, subject)).get(rule.key)
    facts = {"limit": _name(subject.key, rule), "before": stored, "after": await _stored(call, subject.key, rule)}
    number = await call.audit(SET, subject.account or subject.key, facts)
    now = _limit(subject, after)
    until = text("{limit} until {until}", limit=now, until=instant(said.until)) if said.until else None
    return call.changed(rule_name(rule), _limit(subject, before), until or now, number)


async def _meant(call: Call, subject: Subject, said: Phrase, before: Mapping[_Key, Rule]) -> list[Rule]:
    """`messages unlimited` and `messages default` without a window are about every limit on messages."""
    if said.windowed or said.rule.limit is not None:
        return [said.rule]
    planned = await _planned(call, subject)
    known = {**planned, **before}
    same = [one for one in known.values() if one.meter == said.rule.meter and said.rule.scope in ("", one.scope)]
    return [replace(one, limit=None) for one in same] or [said.rule]


async def _in_force(call: Call, subject: Subject) -> Mapping[_Key, Rule]:
    """The limits that hold for it now."""
    plans, now = call.quotas.plans, milliseconds(call.now)
    if subject.plan:
        found = await plans.find(call.work, subject.plan, now=now)
        return _by_key(found.rules if found else ())
    held = await plans.held(call.work, subject.account or call.account, subject.chat, now=now)
    if subject.account is not None:
        return _by_key(held.own)
    part = {"chat": held.chat, "each": held.each, "pool": held.pool}
    return _by_key(part[subject.key.partition(":")[0]])


async def _planned(call: Call, subject: Subject) -> Mapping[_Key, Rule]:
    """What the plan says, whatever was decided for the account."""
    if subject.account is None:
        return {}
    held = await call.quotas.plans.held(call.work, subject.account, "", now=milliseconds(call.now))
    return _by_key(held.plan.rules)


def _by_key(rules: Iterable[Rule]) -> dict[_Key, Rule]:
    return {rule.key: rule for rule in rules}


def _name(key: str, rule: Rule) -> str:
    """Names one limit of one subject in the audit log; spaces are in none of its parts."""
    meter, scope, span = rule.key
    return f"{key} {meter} {span} {scope}".strip()


def _named(name: str) -> tuple[str, Rule]:
    key, meter, span, *scope = name.split(" ")
    known = next(one for one in METERS if one == meter)
    return key, Rule(meter=known, window=Window.parse(span), limit=None, scope=scope[0] if scope else ANY_MODEL)


async def _stored(call: Call, key: str, rule: Rule) -> dict[str, Any] | None:
    """What was decided of a limit, as the audit log has it, and what holds `then` if it ends; None: nothing."""
    lasting, passing = [await call.work.limits.get(key, rule, passing=one) for one in (False, True)]
    then = None if lasting is None else {"meter": rule.meter, "limit": lasting[0], "until": lasting[1]}
    if passing is None:
        return then
    return {"meter": rule.meter, "limit": passing[0], "until": passing[1], "then": then}


async def _now(call: Call, record: AuditRecord) -> dict[str, Any] | None:
    return await _stored(call, *_named(record.facts["limit"]))


async def _restore(call: Call, record: AuditRecord) -> None:
    key, rule = _named(record.facts["limit"])
    before = record.facts["before"]
    await call.work.limits.unset(key, rule)
    while before is not None:
        await call.work.limits.set(key, replace(rule, limit=before["limit"]), until=before["until"])
        before = before.get("then")


def _said(stored: Mapping[str, Any] | None) -> Text:
    if stored is None:
        return text("as planned")
    limit = text("unlimited") if stored["limit"] is None else _number(stored["meter"], stored["limit"])
    if stored["until"] is None:
        return limit
    return text("{limit} until {until}", limit=limit, until=instant(stored["until"]))


def _number(meter: str, limit: int) -> Text:
    return text("{limit}", limit=amount(meter, limit))


REVERSAL = Reversal(actions=(SET,), current=_now, restore=_restore, said=_said, key="limit")


def _limit(subject: Subject, rule: Rule | None) -> Text:
    if rule is None or rule.limit is None:
        return text("nothing") if subject.key.startswith("pool:") else text("unlimited")
    return _number(rule.meter, rule.limit)
