"""Choosing a model, and what models cost."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Later, Role, Table
from bot.commands.pictures import everybodys_picture
from bot.domain.models import ModelCard
from bot.domain.windows import Period, milliseconds
from bot.errors import UnknownModel
from bot.storage.calls import Grouping, Spending
from bot.texts import Text, Typed, code, lines, text, words

_DEFAULT = "default"
_MOST_BUTTONS = 20
_DAYS = {"day": 1, "week": 7, "month": 30}
_GROUPINGS: dict[str, Grouping] = {"person": "person", "model": "model", "platform": "platform"}


async def model(call: Call) -> Text | Answer:
    match call.words:
        case []:
            return _offer(call, call.account.pinned_model)
        case [name]:
            chosen = await pin(call, None if name == _DEFAULT else name)
            said = (
                text("From now on {model} answers you.", model=code(chosen))
                if chosen
                else text("From now on the best suited model answers you.")
            )
            return _offer(call, chosen, said) if call.update.clicked else said
    raise call.bad_argument()


async def spend(call: Call) -> Text | Answer | Later:
    if call.words == ["picture"]:
        return await everybodys_picture(call)
    days, grouping = _window(call)
    today = Period.of("day", call.now, call.zone)
    since = today.starts_at - timedelta(days=days - 1)
    groups = await call.work.calls.spent(milliseconds(since), grouping)
    if not groups:
        return text("Nothing was spent since {since}.", since=since)
    entries = (_entry(group) for group in groups)
    said = lines(text("Spent since {since}:", since=since), _total(groups), *entries, *_cached(groups))
    return Answer(said=said, table=_table(groups), listed=True)


def _offer(call: Call, pinned: str | None, *said: Text) -> Answer:
    """The models there are, each with a button where its name fits one."""
    cards = call.catalog.offered(call.quotas.plan_of(call.account))
    others = [card.ref for card in cards[:_MOST_BUTTONS] if card.ref != pinned]
    choices = [Choice(label=words(ref), command=f"model {ref}") for ref in others if Choice.fits(f"model {ref}")]
    return Answer(
        said=lines(
            *said,
            text("You can choose among these models:"),
            *(_model_line(card, chosen=card.ref == pinned) for card in cards),
            text("{model} leaves the choice to me.", model=Typed(f"model {_DEFAULT}")),
        ),
        choices=[
            *choices,
            *([Choice(label=text("The best suited one"), command=f"model {_DEFAULT}")] if pinned else []),
        ],
        in_place=True,
    )


def _model_line(card: ModelCard, *, chosen: bool) -> Text:
    if chosen:
        return text("• {model} — your choice", model=code(card.ref))
    return text("• {model}", model=code(card.ref))


async def pin(call: Call, name: str | None) -> str:
    """Let a model answer the caller from now on, None for the best suited one; its full name. Raises UnknownModel."""
    card = call.catalog.find(name, call.quotas.plan_of(call.account)) if name else None
    if card is None and name is not None:
        raise UnknownModel(name)
    await call.work.people.pin(call.account.id, card.ref if card else None)
    return card.ref if card else ""


def _window(call: Call) -> tuple[int, Grouping]:
    """Days and grouping of `[day|week|month] [by person|model|platform]`."""
    words = list(call.words)
    days = _DAYS[words.pop(0)] if words and words[0] in _DAYS else 1
    match words:
        case []:
            return days, "model"
        case ["by", name] if name in _GROUPINGS:
            return days, _GROUPINGS[name]
    raise call.bad_argument()


def _total(groups: Sequence[Spending]) -> Text:
    return _amounts(
        text("Together"),
        calls=sum(group.calls for group in groups),
        tokens=sum(group.tokens for group in groups),
        cost=sum(group.cost for group in groups),
        unpriced=sum(group.unpriced for group in groups),
    )


def _table(groups: Sequence[Spending]) -> Table:
    """The same for the command line; `Unpriced` are calls of unknown price."""
    columns = [text("Group"), text("Calls"), text("Tokens"), text("US$"), text("Unpriced")]
    rows = [(one.group, one.calls, one.tokens, _dollars(one.cost), one.unpriced) for one in groups]
    return Table(columns=columns, rows=rows)


def _cached(groups: Sequence[Spending]) -> Iterator[Text]:
    read, cached = sum(group.read for group in groups), sum(group.cached for group in groups)
    if read:
        share = round(100 * cached / read)
        yield text("Of {read} tokens read, {share} % came from the providers' prompt caches.", read=read, share=share)


def _entry(group: Spending) -> Text:
    name = text("• {name}", name=code(group.group))
    return _amounts(name, calls=group.calls, tokens=group.tokens, cost=group.cost, unpriced=group.unpriced)


def _amounts(name: Text, *, calls: int, tokens: int, cost: int, unpriced: int) -> Text:
    values = {"name": name, "dollars": _dollars(cost), "calls": calls, "tokens": tokens, "unpriced": unpriced}
    if unpriced:
        return text(
            "{name}: US$ {dollars} and {unpriced} calls of unknown price, {calls} calls, {tokens} tokens", **values
        )
    return text("{name}: US$ {dollars}, {calls} calls, {tokens} tokens", **values)


def _dollars(cost: int) -> Decimal:
    """Micro-US$ to the hundredth of a cent: calls cost less than a cent each."""
    return (Decimal(cost) / 10**6).quantize(Decimal("0.0001"))


COMMANDS = (
    Command(
        name="model",
        summary=text("See and choose the model that answers you"),
        handler=model,
        topic="answers",
        usage="[NAME|default]",
        example="gpt-6-luna",
        spoken=re.compile(r"\S*"),
    ),
    Command(
        name="spend",
        summary=text("What the models cost"),
        handler=spend,
        usage="[day|week|month] [by person|model|platform] | picture",
        example="week by person",
        role=Role.SUPPORT,
        spoken=re.compile(r"picture|(day|week|month)?\s*(by \w+)?"),
    ),
)
