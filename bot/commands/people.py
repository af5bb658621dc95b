"""Commands for everybody."""

import re

from bot.commands.admission import redeem
from bot.commands.call import Call
from bot.commands.declaration import Command, Later, Role
from bot.commands.pictures import usage_picture
from bot.domain.quotas import Standing
from bot.errors import NotAdmitted
from bot.texts import Text, Typed, code, lines, plural, text


async def start(call: Call) -> Text:
    if call.words and call.role < Role.MEMBER:
        return await redeem(call, " ".join(call.words))  # Telegram's links to a bot carry a code this way
    if call.role is Role.NEWCOMER:
        raise NotAdmitted
    return lines(
        text("Hello! I am Parley: write to me and a language model answers."),
        text("I remember our conversation; {new} begins a fresh one. I store our messages to do so.", new=Typed("new")),
        text(
            "{usage} shows what you may still use today, {help} everything I know.",
            usage=Typed("usage"),
            help=Typed("help"),
        ),
    )


async def help_(call: Call) -> Text:
    return lines(
        text("This is what I know:"), *(_entry(command) for command in call.book.menu(call.role)), *_admin_note(call)
    )


async def usage(call: Call) -> Text | Later:
    if call.words == ["picture"]:
        return await usage_picture(call, call.account)
    quota = await call.quotas.quota(call.work, call.account.id)
    return lines(text("Your use today:"), *(standing_line(standing) for standing in quota), _return(quota.messages))


async def stop(call: Call) -> Text:
    lane = call.update.place.key
    epoch = await call.work.inbox.stop(lane)
    dropped = await call.work.inbox.drop(lane, before=call.arrival)
    if epoch is not None:
        call.afterwards.append(lambda: call.inbox.stopped(lane, epoch))
    if dropped:
        return plural(
            "Stopped, and dropped {count} message that was waiting.",
            "Stopped, and dropped {count} messages that were waiting.",
            dropped,
        )
    return text("Stopped.") if epoch is not None else text("Nothing is running here.")


def standing_line(standing: Standing) -> Text:
    """One meter as a line: `• Messages: 3 of 100`."""
    name = text("Messages") if standing.meter == "messages" else text("Tokens")
    if standing.limit is None:
        return text("• {meter}: {used}, no limit", meter=name, used=standing.used)
    return text("• {meter}: {used} of {limit}", meter=name, used=standing.used, limit=standing.limit)


def _return(standing: Standing) -> Text:
    return text("It starts from zero again on {resets_at}.", resets_at=standing.resets_at)


def _entry(command: Command) -> Text:
    if not command.usage:
        return text("{command} — {summary}", command=Typed(command.name), summary=command.summary)
    usage = code(command.usage)
    return text("{command} {usage} — {summary}", command=Typed(command.name), usage=usage, summary=command.summary)


def _admin_note(call: Call) -> list[Text]:
    if not any(command.role for command in call.book.menu(call.role)):
        return []
    return [text("Name people by replying to them, by @username, or by id such as `telegram:123456`.")]


COMMANDS = (
    Command(name="start", summary=text("What this bot is"), handler=start, role=Role.NEWCOMER),
    Command(name="help", summary=text("What I can do"), handler=help_),
    Command(
        name="usage",
        summary=text("What you have used and may still use"),
        handler=usage,
        usage="[picture]",
        example="picture",
        spoken=re.compile("|picture"),
    ),
    Command(name="stop", summary=text("Stop the answer that is being written"), handler=stop),
)
