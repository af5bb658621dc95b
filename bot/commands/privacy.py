"""What is kept of a person, who gets to see it, and the way to have or delete all of it."""

from collections.abc import Iterator, Sequence

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Role
from bot.disclosure import Use
from bot.domain.windows import milliseconds
from bot.texts import Text, Typed, code, lines, text
from bot.texts.limits import kept_for


async def privacy(call: Call) -> Answer:
    if call.words:
        raise call.bad_argument()
    plan = await call.quotas.plans.find(call.work, call.quotas.plan_of(call.account), now=milliseconds(call.now))
    said = lines(
        text("🔒 What is stored of you:"),
        text("• your messages and my answers, so that I remember them"),
        text("• your name, id and language, as your platform tells them, and what you chose here"),
        text("• how much you used, for your limits"),
        text("• words kept: {time}", time=kept_for(plan.keep if plan else None)),
        text("Who gets to see what you write:"),
        *_readers(call),
        text(
            "{export} gives you all that is stored of you. {forget} deletes for good what was said; what you used "
            "stays, as a number.",
            export=Typed("export everything"),
            forget=Typed("forget"),
        ),
    )
    choices = [
        Choice(label=text("📄 Get this conversation"), command="export"),
        Choice(label=text("📦 Get everything"), command="export everything"),
        Choice(label=text("🗑 Forget …"), command="forget"),
    ]
    return Answer(said=said, choices=choices, in_place=True)


def _readers(call: Call) -> Iterator[Text]:
    disclosure, place = call.disclosure, call.update.place
    yield text("• {platform}, where you write it", platform=place.platform.title())
    yield text("• whoever runs this bot, in the database")
    if disclosure.staff_reads:
        yield text("• admins, on the dashboard; each look is put on record")
    for use, told in USES:
        if hosts := disclosure.hosts(use):
            yield text("• {hosts}: {what}", hosts=code(", ".join(hosts)), what=told)
    if disclosure.masking.covers(call.quotas.plan_of(call.account), private=place.private):
        yield text(
            "E-mail addresses, phone and card numbers, keys and the like are hidden from models; names, pictures and "
            "sound are not."
        )


USES: Sequence[tuple[Use, Text]] = (
    ("answers", text("answers it")),
    ("moderation", text("looks whether it is allowed")),
    ("transcription", text("writes down what you say in voice messages")),
)

COMMANDS = (
    Command(
        name="privacy",
        summary=text("What is stored of you, and who gets to see it"),
        handler=privacy,
        role=Role.NEWCOMER,
        topic="you",
    ),
)
