"""What holds in a group: how the bot is called there, where it answers, and who pays."""

import re

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, IfPresiding, Role
from bot.domain.windows import milliseconds
from bot.storage import UnitOfWork
from bot.texts import Text, Typed, code, lines, text


async def group(call: Call) -> Text | Answer | IfPresiding:
    place = call.update.place
    if not place.group:
        return text("Send that in the group it is about.")
    match call.words:
        case []:
            return await _overview(call, call.work)
        case ["only", "here"] if place.thread:
            return await _decide(call, place.thread)
        case ["only", "here"]:
            return text("There is no topic here. Send it in the topic in which I am to answer.")
        case ["everywhere"]:
            return await _decide(call, None)
    raise call.bad_argument()


async def _decide(call: Call, thread: str | None) -> Answer | IfPresiding:
    """For the bot's admins, and for those who run the group."""

    async def decide(work: UnitOfWork, _: object = None) -> Answer:
        group_, actor = call.update.place.group, str(call.account.identity)
        before = await work.groups.only(group_)
        await work.groups.answer_only_in(group_, thread)
        facts = {"before": before and before[0], "after": thread}
        await work.audit.add(actor=actor, action="group-only", subject=f"chat:{group_}", facts=facts)
        return await _overview(call, work)

    return await decide(call.work) if call.access.rank(call.account) >= Role.ADMIN else IfPresiding(use=decide)


async def _overview(call: Call, work: UnitOfWork) -> Answer:
    place = call.update.place
    only = await work.groups.only(place.group)
    held = await call.quotas.plans.held(work, call.account, place.group, now=milliseconds(call.now))
    here = Choice(label=text("Answer in this topic only"), command="group only here")
    everywhere = Choice(label=text("Answer in every topic"), command="group everywhere")
    narrows = place.thread and (only is None or only[0] != place.thread)
    return Answer(
        said=lines(
            text("In this group I answer whoever mentions me, replies to me or gives me a command."),
            _where(only, place.thread),
            text("Who asks pays, from their own limits; when these are used up, the group's pool does.")
            if held.pool
            else text("Who asks pays, from their own limits."),
            text("{usage} shows the limits that hold here.", usage=Typed("usage")),
        ),
        choices=[*([here] if narrows else []), *([everywhere] if only else [])],
        in_place=True,
    )


def _where(only: tuple[str, str] | None, thread: str) -> Text:
    if only is None:
        return text("▶ I answer everywhere in it.")
    if only[0] == thread:
        return text("▶ I answer in this topic only.")
    if only[1]:
        return text("▶ I answer in the topic {topic} only.", topic=code(only[1]))
    return text("▶ I answer in another topic only.")


COMMANDS = (
    Command(
        name="group",
        summary=text("See how I am called in this group, where I answer and who pays"),
        handler=group,
        usage="[only here|everywhere]",
        example="only here",
        topic="limits",
        spoken=re.compile(r"(only here|everywhere)?"),
    ),
)
