"""Experiments: variants of a persona's prompt, compared by what came of them."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from string import ascii_uppercase

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Role, Table
from bot.domain.experiments import wilson
from bot.domain.personas import Persona
from bot.errors import UnknownPersona
from bot.personas import checked
from bot.storage.experiments import Tally
from bot.texts import Text, code, excerpt, lines, text, words

_MOST = 6
"""Variants of one persona."""


async def experiment(call: Call) -> Text | Answer:
    match call.words:
        case []:
            return await _overview(call)
        case ["start", name, share, _, *_] if share.isdecimal() and 0 < int(share[:4]) < 100:
            return await _start(call, name, int(share))
        case ["stop", name]:
            return await _stop(call, name)
        case ["keep", name, label]:
            return await _keep(call, name, label.upper())
    raise call.bad_argument()


async def _overview(call: Call) -> Text | Answer:
    running = await call.work.experiments.running()
    if not running:
        return text("No experiment runs.")
    said = []
    for name, group in groupby(running, key=lambda one: one.persona):
        said += [words(f"{code(name)}:"), *(_line(one, _share(one, running)) for one in group)]
    names = dict.fromkeys(one.persona for one in running)
    return Answer(
        said=lines(*said, text("In brackets: where the truth lies, 95 times of 100.")),
        table=_table(running),
        listed=True,
        choices=[Choice(label=text("⏹ End {name}", name=name), command=f"experiment stop {name}") for name in names],
        in_place=True,
    )


def _share(one: Tally, running: Sequence[Tally]) -> int:
    """Of a hundred conversations; the first variant has what the others leave."""
    others = sum(other.share for other in running if other.persona == one.persona and other.text is not None)
    return 100 - others if one.text is None else one.share


def _line(one: Tally, share: int) -> Text:
    return text(
        "• {label} ({share} %): {answers} answers in {conversations} conversations, {tokens} tokens, US$ {cost}, "
        "👍 {liked}, asked again {again}",
        label=one.label,
        share=share,
        answers=one.answers,
        conversations=one.conversations,
        tokens=one.tokens,
        cost=(Decimal(one.cost) / 10**6).quantize(Decimal("0.0001")),
        liked=_rate(one.up, one.up + one.down),
        again=_rate(one.again, one.answers),
    )


def _rate(hits: int, trials: int) -> str:
    """`12 of 20 (39–78 %)`, in signs that every language reads."""
    if not trials:
        return "–"
    low, high = wilson(hits, trials)
    return f"{hits}/{trials} ({low * 100:.0f}–{high * 100:.0f} %)"


def _table(running: Sequence[Tally]) -> Table:
    rows = [
        [one.persona, one.label, _share(one, running), one.answers, one.tokens, one.cost, one.up, one.down, one.again]
        for one in running
    ]
    columns = (
        text("Persona"), text("Variant"), text("Share"), text("Answers"), text("Tokens"), text("Cost"), words("👍"),
        words("👎"), text("Asked again"),
    )  # fmt: skip
    return Table(columns=columns, rows=rows)


async def _start(call: Call, name: str, share: int) -> Text | Answer:
    """One more variant; the rest of the message is its prompt, as it was typed."""
    if name not in await call.personas.all(call.work):
        raise UnknownPersona(name)
    written = call.update.invocation.arguments.split(None, 3)[3] if call.update.invocation else ""
    running = [one for one in await call.work.experiments.running() if one.persona == name]
    if sum(one.share for one in running) + share > 99 or len(running) >= _MOST:
        return text("The shares of all variants have to leave something for the first one.")
    try:
        checked(Persona.read(name, written), call.personas.models)
    except ValueError as error:
        return text("I cannot use that: {problem}", problem=code(str(error)))
    if not running:
        await call.work.experiments.add(name, "A", text=None, share=0)
    label = ascii_uppercase[max(1, len(running))]
    await call.work.experiments.add(name, label, text=written, share=share)
    await call.audit("experiment.start", f"persona:{name}", {"label": label, "share": share, "text": written})
    return text(
        "From now on {share} of 100 conversations with {name} get variant {label}. Answers have buttons to judge them.",
        share=share,
        name=code(name),
        label=label,
    )


async def _stop(call: Call, name: str) -> Text:
    if not any(one.persona == name for one in await call.work.experiments.running()):
        return text("No experiment runs.")
    await call.work.experiments.end(name)
    await call.audit("experiment.stop", f"persona:{name}", {})
    return text("The experiment with {name} is over; everybody gets the persona as it is.", name=code(name))


async def _keep(call: Call, name: str, label: str) -> Text:
    """End it, and make a variant the persona."""
    kept = [one for one in await call.work.experiments.running() if (one.persona, one.label) == (name, label)]
    if not kept:
        return text("No such variant is compared now.")
    await call.work.experiments.end(name)
    if (written := kept[0].text) is not None:
        before = (await call.work.personas.written()).get(name)
        await call.work.personas.write(name, written)
        await call.audit("persona", f"persona:{name}", {"before": before, "after": written})
    await call.audit("experiment.stop", f"persona:{name}", {"kept": label})
    return text(
        "{name} is variant {label} from now on: {prompt}",
        name=code(name),
        label=label,
        prompt=code(excerpt(kept[0].text or "")),
    )


COMMANDS = (
    Command(
        name="experiment",
        summary=text("Compare variants of a persona's prompt"),
        handler=experiment,
        usage="[start PERSONA SHARE PROMPT|stop PERSONA|keep PERSONA VARIANT]",
        example="start default 50 Be brief.",
        role=Role.ADMIN,
        roles={"": Role.SUPPORT},
    ),
)
