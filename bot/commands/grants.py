"""Giving somebody more than their limits: credits, which last until they are used up or their time is over."""

from collections.abc import Mapping
from typing import Any

from bot.commands.call import Call
from bot.commands.declaration import Answer, Reversal
from bot.domain.quotas import Rule
from bot.domain.windows import instant
from bot.storage import Account, AuditRecord
from bot.texts import Text, text
from bot.texts.limits import amount, meter_name


async def give(call: Call, account: Account, rule: Rule, *, until: int) -> Answer:
    """Give `rule.limit` of its meter and scope until an instant (milliseconds)."""
    credit = await call.work.limits.add_credit(account.id, rule, until=until)
    after = {"meter": rule.meter, "scope": rule.scope, "amount": rule.limit, "until": until}
    number = await call.audit("quota.add", account, {"credit": credit, "before": None, "after": after})
    return call.changed(meter_name(rule.meter), _said(None), _said(after), number)


def _said(given: Mapping[str, Any] | None) -> Text:
    if given is None:
        return text("nothing more")
    number = amount(given["meter"], given["amount"])
    return text("{amount} more until {until}", amount=number, until=instant(given["until"]))


async def _now(call: Call, record: AuditRecord) -> Mapping[str, Any] | None:
    """As it was given, unless it was taken back or is over."""
    until = await call.work.limits.credit_until(record.facts["credit"])
    return record.facts["after"] if until == record.facts["after"]["until"] else None


async def _take_back(call: Call, record: AuditRecord) -> None:
    await call.work.limits.end_credit(record.facts["credit"])


REVERSAL = Reversal(actions=("quota.add",), current=_now, restore=_take_back, said=_said, key="credit")
