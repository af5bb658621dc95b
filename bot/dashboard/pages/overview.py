"""What is going on right now."""

from collections.abc import Sequence
from statistics import median

from bot.commands.budget import scope_name
from bot.commands.declaration import Table
from bot.dashboard.looking import Look, dollars, duration, percent
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import Gauge, Gauges, Listing, Page, Tile, Tiles, Tone
from bot.domain.budgets import BudgetStanding
from bot.domain.windows import Period, instant, milliseconds
from bot.storage.switches import MAINTENANCE
from bot.storage.tables import LaneState
from bot.storage.traffic import LaneAtWork, RecentCall
from bot.texts import Text, plural, text

_HOUR = 3_600_000
_MOST = 20
_SOFT = 0.8


async def overview(look: Look) -> Page:
    return Page(
        title=text("Overview"),
        live=True,
        sections=[
            Tiles(tiles=[*await _lanes(look), *await _concerns(look)]),
            Tiles(tiles=await _today(look)),
            await _budgets(look),
            await _endpoints(look),
            await _at_work(look),
        ],
    )


async def _lanes(look: Look) -> list[Tile]:
    lanes = await look.work.traffic.lanes()
    running, _ = lanes.get(LaneState.RUNNING, (0, 0))
    waiting, messages = lanes.get(LaneState.READY, (0, 0))
    parked, _ = lanes.get(LaneState.PARKED, (0, 0))
    in_line = plural("{count} message in line", "{count} messages in line", messages)
    return [
        Tile(label=text("Running"), value=running, note=text("turns and commands")),
        Tile(label=text("Waiting"), value=waiting, note=in_line, tone="warn" if waiting else "plain"),
        Tile(
            label=text("Put off"),
            value=parked,
            note=text("until their platform is back"),
            tone="warn" if parked else "plain",
            to="delivery",
        ),
    ]


async def _concerns(look: Look) -> list[Tile]:
    alerts, requests = await look.work.alerts.all(), await look.work.limits.waiting()
    note = await look.work.switches.note(MAINTENANCE)
    found = [
        Tile(label=text("Alerts"), value=len(alerts), tone="bad" if alerts else "good", to="requests"),
        Tile(label=text("Requests"), value=len(requests), tone="warn" if requests else "plain", to="requests"),
    ]
    if note is not None:
        found.append(Tile(label=text("Maintenance"), value=text("on"), note=text("{note}", note=note), tone="warn"))
    return found


async def _today(look: Look) -> list[Tile]:
    (use,) = await look.work.stats.use([milliseconds(Period.of("day", look.now, look.inside.zone).starts_at)])
    unpriced = plural("{count} call of unknown price", "{count} calls of unknown price", use.unpriced)
    return [
        Tile(label=text("People today"), value=use.people, to="people"),
        Tile(label=text("Answers today"), value=use.turns, to="usage"),
        Tile(label=text("Tokens today"), value=use.tokens, to="usage"),
        Tile(label=text("US$ today"), value=dollars(use.cost), note=unpriced if use.unpriced else None, to="usage"),
    ]


async def _budgets(look: Look) -> Gauges:
    standings = await look.inside.budgets.standings(look.work)
    return Gauges(title=text("Budgets"), gauges=[_budget(one) for one in standings], empty=text("No budget is set."))


def _budget(one: BudgetStanding) -> Gauge:
    span = text("today") if one.budget.span == "day" else text("this month")
    share = one.spent / one.budget.limit if one.budget.limit else 1.0
    tone: Tone = "bad" if share >= 1 else "warn" if share >= _SOFT else "good"
    facts = {"spent": dollars(one.spent), "limit": dollars(one.budget.limit), "reserved": dollars(one.reserved)}
    said = (
        text("US$ {spent} of {limit}, {reserved} reserved", **facts)
        if one.reserved
        else text("US$ {spent} of {limit}", spent=facts["spent"], limit=facts["limit"])
    )
    return Gauge(
        label=text("{scope}, {span}", scope=scope_name(one.budget.scope), span=span), share=share, said=said, tone=tone
    )


async def _endpoints(look: Look) -> Listing:
    calls = await look.work.traffic.calls(milliseconds(look.now) - _HOUR)
    rows = []
    for card in look.inside.catalog.models.values():
        some = [one for one in calls if one.model == card.ref]
        state = look.inside.gates.model(card).breaker.state
        rows.append((card.ref, _state(state), len(some), *_how(some)))
    return Listing(
        name="endpoints",
        title=text("Endpoints, last hour"),
        table=Table(
            columns=(
                text("Model"),
                text("Breaker"),
                text("Calls"),
                text("Failed"),
                text("In line"),
                text("First word"),
            ),
            rows=rows,
        ),
        empty=text("There is no model."),
        about=text("Breakers are those of the process that serves this page; times are medians."),
    )


def _how(calls: Sequence[RecentCall]) -> tuple[Text, Text, Text]:
    failed, good = sum(one.failed for one in calls), [one for one in calls if not one.failed]
    return (
        percent(failed, len(calls)),
        duration(round(median(one.waited for one in good)) if good else None),
        duration(round(median(one.first_piece for one in good)) if good else None),
    )


def _state(state: str) -> Text:
    return {
        "closed": text("closed: works"),
        "open": text("open: left alone"),
        "half-open": text("half open: tried once"),
    }[state]


async def _at_work(look: Look) -> Listing:
    found = await look.work.traffic.at_work(look.most if look.whole else _MOST)
    rows = [await _lane(look, one) for one in found]
    return Listing(
        name="lanes",
        title=text("At work"),
        table=Table(
            columns=(text("Lane"), text("Person"), text("State"), text("Since"), text("In line"), text("Process")),
            rows=rows,
        ),
        empty=text("Nothing is running, and nobody waits."),
    )


async def _lane(look: Look, one: LaneAtWork) -> tuple[object, ...]:
    number = one.person.removeprefix("#")
    known = await look.work.people.identities(int(number)) if number.isdecimal() else []
    person = known[0].label if known else one.person
    return one.key, person, lane_state(one.state), duration(one.age), one.pending, one.owner or ""


def lane_state(state: int) -> Text:
    return {
        LaneState.READY: text("waits"),
        LaneState.RUNNING: text("runs"),
        LaneState.PARKED: text("put off"),
    }.get(state, text("idle"))


async def alerts_listing(look: Look) -> Listing:
    found = await look.work.alerts.all()
    return Listing(
        name="alerts",
        title=text("Alerts"),
        table=Table(
            columns=(text("Alert"), text("About"), text("Since"), text("Last seen")),
            rows=[(one.kind, one.subject, instant(one.opened_at), instant(one.seen_at)) for one in found],
        ),
        empty=text("All is well: no alert is open."),
    )


VIEW = View(name="", title=text("Overview"), show=overview)
