"""Commands about the bot as a whole: how much it is used, maintenance, and messages to everybody."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.commands.budget import dollars
from bot.commands.call import Call, is_number
from bot.commands.declaration import Answer, Choice, Command, Later, Reversal, Role, Table
from bot.commands.pictures import waits_picture
from bot.domain.windows import Period, milliseconds
from bot.herald import worded
from bot.storage import AuditRecord
from bot.storage.broadcasts import Broadcast
from bot.storage.stats import Use
from bot.storage.switches import MAINTENANCE
from bot.storage.tables import BroadcastState
from bot.texts import Text, Typed, lines, plural, text, words

_LONGEST = 3000
_LONGEST_NOTE = 500
_SUBJECT = "everybody"


async def stats(call: Call) -> Answer | Later:
    if call.words == ["picture"]:
        return await waits_picture(call)
    if call.words:
        raise call.bad_argument()
    today = milliseconds(Period.of("day", call.now, call.zone).starts_at)
    since = [today, *(milliseconds(call.now - timedelta(days=days)) for days in (7, 30))]
    use, thumbs = await call.work.stats.use(since), await call.work.stats.thumbs(since)
    total, blocked = await call.work.stats.people()
    return Answer(
        said=lines(
            text("I know {total} people, {blocked} of them are blocked.", total=total, blocked=blocked),
            *_unpriced(use[-1]),
        ),
        table=Table(
            columns=(text("Use"), text("Today"), text("7 days"), text("30 days")),
            rows=[
                (text("People"), *(one.people for one in use)),
                (text("Turns"), *(one.turns for one in use)),
                (text("Tokens"), *(one.tokens for one in use)),
                (text("US$"), *(dollars(one.cost) for one in use)),
                (words("👍"), *(up for up, _ in thumbs)),
                (words("👎"), *(down for _, down in thumbs)),
            ],
        ),
    )


async def maintenance(call: Call) -> Text | Answer:
    before = await call.work.switches.note(MAINTENANCE)
    match call.words:
        case []:
            return text("Maintenance: {state}", state=_state(before))
        case ["on", *note] if len(" ".join(note)) <= _LONGEST_NOTE:
            after: str | None = " ".join(note)
        case ["off"]:
            after = None
        case _:
            raise call.bad_argument()
    await call.work.switches.turn(MAINTENANCE, after)
    number = await call.audit("maintenance", _SUBJECT, {"before": before, "after": after})
    return call.changed(text("Maintenance"), _state(before), _state(after), number)


async def notices(call: Call) -> Text:
    match call.words:
        case ["on"]:
            await call.work.people.hush(call.account.id, quiet=False)
            return text("You get messages to everybody again.")
        case ["off"]:
            await call.work.people.hush(call.account.id, quiet=True)
            return text("You get no more messages to everybody. {on} brings them back.", on=Typed("notices on"))
    raise call.bad_argument()


async def broadcast(call: Call) -> Text | Answer:
    match call.words:
        case [] | ["status"]:
            return await _status(call, await call.work.broadcasts.last())
        case ["stop"]:
            sending = await call.work.broadcasts.sending()
            return await _act(call, "stop", sending) if sending else text("Nothing is being broadcast.")
        case ["send" | "discard" | "stop" | "status" as act, number] if is_number(number):
            found = await call.work.broadcasts.get(int(number))
            if found is None:
                return text("There is no broadcast no. {number}.", number=int(number))
            return await _status(call, found) if act == "status" else await _act(call, act, found)
    return await _preview(call)


async def _preview(call: Call) -> Answer:
    said = (call.update.invocation.arguments if call.update.invocation else "").strip()
    if len(said) > _LONGEST or call.role < Role.ADMIN:
        raise call.bad_argument()
    count = await call.work.broadcasts.reach(call.access.policy.welcome)
    number = await call.work.broadcasts.draft(author=call.account.identity, said=said, reach=count)
    question = lines(
        plural("About {count} person would read:", "About {count} people would read:", count), worded(said)
    )
    asked = call.confirm(question, text("📣 Send"), f"send {number}")
    discard = Choice(label=text("Discard"), command=f"broadcast discard {number}")
    return replace(asked, choices=(*asked.choices, discard))


async def _act(call: Call, act: str, found: Broadcast) -> Text | Answer:
    if act == "send" and not call.confirmed:
        question = lines(text("Send this?"), worded(found.said))
        return call.confirm(question, text("📣 Send"), f"send {found.id}")
    before, after = {
        "send": (BroadcastState.DRAFT, BroadcastState.SENDING),
        "discard": (BroadcastState.DRAFT, BroadcastState.DISCARDED),
        "stop": (BroadcastState.SENDING, BroadcastState.STOPPED),
    }[act]
    if not await call.work.broadcasts.move(found.id, before=before, after=after):
        return await _status(call, await call.work.broadcasts.get(found.id))
    entry = await call.audit(f"broadcast.{act}", f"broadcast:{found.id}", {"reach": found.reach})
    answer = await _status(call, await call.work.broadcasts.get(found.id))
    return replace(answer, said=lines(answer.said, text("No. {number} in the audit log.", number=entry)))


async def _status(call: Call, found: Broadcast | None) -> Answer:
    if found is None:
        return Answer(said=text("Nothing has been broadcast yet."))
    delivery = await call.work.broadcasts.delivery(found.id)
    said = lines(
        text("📣 Broadcast no. {number}: {state}", number=found.id, state=_progress(found.state)),
        text(
            "{handed} of {reach} people written to, {delivered} delivered, {failed} could not be delivered.",
            handed=delivery.handed,
            reach=found.reach,
            delivered=delivery.delivered,
            failed=delivery.failed,
        ),
    )
    choices = (
        Choice(label=text("How far?"), command=f"broadcast status {found.id}"),
        Choice(label=text("Stop it"), command=f"broadcast stop {found.id}"),
    )
    return Answer(said=said, choices=choices if found.state == BroadcastState.SENDING else (), in_place=True)


def _progress(state: int) -> Text:
    return {
        BroadcastState.DRAFT: text("not sent"),
        BroadcastState.SENDING: text("on its way"),
        BroadcastState.SENT: text("sent"),
        BroadcastState.STOPPED: text("stopped"),
    }.get(state, text("discarded"))


def _state(note: Any) -> Text:
    if note is None:
        return text("off")
    return text("on ({note})", note=note) if note else text("on")


def _unpriced(use: Use) -> list[Text]:
    if not use.unpriced:
        return []
    return [
        plural(
            "Not in these sums: {count} call of unknown price.",
            "Not in these sums: {count} calls of unknown price.",
            use.unpriced,
        )
    ]


async def _note_now(call: Call, _record: AuditRecord) -> str | None:
    return await call.work.switches.note(MAINTENANCE)


async def _note_again(call: Call, record: AuditRecord) -> None:
    await call.work.switches.turn(MAINTENANCE, record.facts["before"])


COMMANDS = (
    Command(
        name="notices",
        summary=text("Get messages to everybody, or none"),
        handler=notices,
        topic="you",
        usage="on|off",
        example="off",
        spoken=re.compile(r"on|off"),
    ),
    Command(
        name="stats",
        summary=text("How much I am used"),
        handler=stats,
        usage="[picture]",
        example="picture",
        role=Role.SUPPORT,
        spoken=re.compile(r"|picture"),
    ),
    Command(
        name="maintenance",
        summary=text("Answer nobody but admins"),
        handler=maintenance,
        usage="[on [WHY]|off]",
        example="on back at noon",
        role=Role.ADMIN,
        roles={"": Role.SUPPORT},
        spoken=re.compile(r"|on\b.*|off"),
        reversals=(Reversal(actions=("maintenance",), current=_note_now, restore=_note_again, said=_state),),
    ),
    Command(
        name="broadcast",
        summary=text("Say something to everybody"),
        handler=broadcast,
        usage="TEXT | status|stop [NUMBER]",
        example="I am away tomorrow from 9 to 10.",
        role=Role.ADMIN,
        roles={"": Role.SUPPORT, "status": Role.SUPPORT},
    ),
)
