"""Commands for everybody."""

import re
from datetime import tzinfo
from zoneinfo import ZoneInfo

from bot.commands.call import Call
from bot.commands.declaration import Command, Later, Role, Silence
from bot.commands.pictures import usage_picture
from bot.commands.quota import group_overview
from bot.domain.windows import SPANS, Period, known_zone, milliseconds
from bot.storage import AuditFilter
from bot.texts import Text, code, lines, plural, text
from bot.texts.limits import bar, credit_line, plan_name

_MOVED = "timezone"
_DAYS = 7
"""Between two moves that begin a day anew."""


async def usage(call: Call) -> Text | Later:
    if call.words == ["picture"]:
        return await usage_picture(call, call.account)
    return await used(call)


async def used(call: Call) -> Text:
    """What the caller has used, and may still use."""
    standings = await call.quotas.shown(call.work, call.account)
    plan = plan_name(call.quotas.plan_of(call.account), call.quotas.plan_end(call.account))
    title = (
        text("Your plan is {plan}. Used so far:", plan=plan)
        if standings
        else text("Your plan is {plan}. It has no limits.", plan=plan)
    )
    held = await call.work.limits.credits(call.account.id, now=milliseconds(call.now))
    group = call.update.place.group
    return lines(
        title,
        *(bar(standing) for standing in standings),
        *(credit_line(one) for one in held),
        *([text("• frozen")] if call.account.frozen else []),
        *([await group_overview(call, group)] if group else []),
    )


async def timezone(call: Call) -> Text:
    match call.words:
        case []:
            return _begin_in(call.quotas.zone_of(call.account))
        case ["default"]:
            return await _move(call, None)
        case [name] if known_zone(name):
            return await _move(call, name)
    raise call.bad_argument()


async def _move(call: Call, zone: str | None) -> Text:
    """Moving may begin a day anew, with nothing used in it: that can be had so often and no more."""
    before, after = call.quotas.zone_of(call.account), ZoneInfo(zone) if zone else call.zone
    if any(Period.of(span, call.now, after).starts_at > Period.of(span, call.now, before).starts_at for span in SPANS):
        who = [str(one.identity) for one in await call.work.people.identities(call.account.id)]
        recent = AuditFilter(who=who, what=_MOVED, age=_DAYS * 86_400_000)
        if await call.work.audit.last(1, recent):
            return text("A new day would begin for you there, which can be had once in {days} days.", days=_DAYS)
        await call.audit(_MOVED, call.account, {"before": call.account.zone, "after": zone})
    await call.work.people.move(call.account.id, zone)
    return _begin_in(after)


def _begin_in(zone: tzinfo) -> Text:
    return text("Your days begin at midnight in {zone}.", zone=code(str(zone)))


async def stop(call: Call) -> Text | Silence:
    """In a group everybody stops what is written for them, an admin everything that runs and waits."""
    lane, everything = call.update.place.key, _may_stop_others(call)
    if not everything and not await call.work.history.runs(await call.conversation(), call.account.id):
        return text("No answer to you is being written here. What others asked, they can stop, or an admin.")
    stopping = await call.work.inbox.stop(lane)
    dropped = await call.work.inbox.drop(lane, before=call.arrival) if everything else 0
    if stopping is not None:
        call.afterwards.append(lambda: call.inbox.stop(stopping))
    if stopping is not None and not dropped and call.update.clicked:
        return Silence()  # the answer says at its end that it was stopped
    if dropped:
        return plural(
            "Stopped, and dropped {count} message that was waiting.",
            "Stopped, and dropped {count} messages that were waiting.",
            dropped,
        )
    return text("Stopped.") if stopping is not None else text("Nothing is running here.")


def _may_stop_others(call: Call) -> bool:
    return call.update.place.private or call.access.rank(call.account) >= Role.ADMIN


COMMANDS = (
    Command(
        name="usage",
        summary=text("What you have used and may still use"),
        handler=usage,
        topic="limits",
        usage="[picture]",
        example="picture",
        spoken=re.compile("|picture"),
    ),
    Command(
        name="timezone",
        summary=text("Say where you are: when your days begin"),
        handler=timezone,
        topic="you",
        usage="[ZONE|default]",
        example="Europe/Berlin",
        spoken=re.compile(r"\S*"),
    ),
    Command(name="stop", summary=text("Stop the answer that is being written"), handler=stop, topic="answers"),
)
