"""How well inbox and outbox are: what came in, what went out, what is stuck, and which process does what."""

from collections.abc import Mapping

from bot.commands.declaration import Table
from bot.dashboard.looking import Look, duration
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import Listing, Page, Tile, Tiles
from bot.domain.moments import moment
from bot.storage.tables import InboxState, OutboxState
from bot.storage.traffic import RECENT
from bot.texts import Text, text

_MOST = 100


async def delivery(look: Look) -> Page:
    arrivals, parts = await look.work.traffic.arrivals(), await look.work.traffic.parts()
    sent: dict[int, int] = {}
    for (_, state), some in parts.items():
        sent[state] = sent.get(state, 0) + some
    return Page(
        title=text("Inbox and outbox"),
        live=True,
        sections=[
            Tiles(tiles=[_tile(_arrived(state), arrivals.get(state, 0), bad=state in _BAD) for state in _IN]),
            Tiles(tiles=[_tile(_gone(state), sent.get(state, 0), bad=state == OutboxState.FAILED) for state in _OUT]),
            _platforms(parts),
            await _stuck(look),
            await _undelivered(look),
            await _duties(look),
        ],
    )


_IN = (InboxState.QUEUED, InboxState.DONE, InboxState.DROPPED, InboxState.DEAD, InboxState.POISON)
_BAD = (InboxState.DEAD, InboxState.POISON)
_OUT = (OutboxState.PENDING, OutboxState.ATTEMPTED, OutboxState.SENT, OutboxState.FAILED)


def _tile(label: Text, number: int, *, bad: bool) -> Tile:
    return Tile(label=label, value=number, tone="bad" if bad and number else "plain")


def _arrived(state: int) -> Text:
    return {
        InboxState.QUEUED: text("Inbox: waiting"),
        InboxState.DONE: text("Inbox: done"),
        InboxState.DROPPED: text("Inbox: dropped"),
        InboxState.DEAD: text("Inbox: put aside"),
        InboxState.POISON: text("Inbox: unreadable"),
    }[state]


def _gone(state: int) -> Text:
    return {
        OutboxState.PENDING: text("Outbox: waiting"),
        OutboxState.ATTEMPTED: text("Outbox: on its way"),
        OutboxState.SENT: text("Outbox: sent"),
        OutboxState.FAILED: text("Outbox: given up"),
    }[state]


def _platforms(parts: Mapping[tuple[str, int], int]) -> Listing:
    names = sorted({platform for platform, _ in parts})
    return Listing(
        name="outbox",
        title=text("Outbox by platform"),
        about=text("Of the newest {count}.", count=RECENT),
        table=Table(
            columns=(text("Platform"), text("Waiting"), text("On its way"), text("Sent"), text("Given up")),
            rows=[(name, *(parts.get((name, state), 0) for state in _OUT)) for name in names],
        ),
        empty=text("Nothing was sent yet."),
    )


async def _stuck(look: Look) -> Listing:
    found = await look.work.traffic.stuck(_MOST)
    return Listing(
        name="stuck",
        title=text("Put aside"),
        about=text("`parley inbox` tries them again or drops them."),
        table=Table(
            columns=(text("No."), text("Source"), text("Lane"), text("State"), text("Came")),
            rows=[(f"{one.id}", one.source, one.lane, _arrived(one.state), moment(one.at)) for one in found],
        ),
        empty=text("Nothing was put aside."),
    )


async def _undelivered(look: Look) -> Listing:
    found = await look.work.traffic.undelivered(_MOST)
    return Listing(
        name="undelivered",
        title=text("Not delivered"),
        table=Table(
            columns=(text("Arrival"), text("Platform"), text("Why"), text("Written")),
            rows=[(f"{one.id}", one.source, one.why, moment(one.at)) for one in found],
        ),
        empty=text("Everything was delivered."),
    )


async def _duties(look: Look) -> Listing:
    return Listing(
        name="duties",
        title=text("Duties of one process"),
        table=Table(
            columns=(text("Duty"), text("Process"), text("Lease")),
            rows=[(one.name, one.owner, duration(one.left)) for one in await look.work.traffic.duties()],
        ),
        empty=text("SQLite: one process does everything."),
    )


VIEW = View(name="delivery", title=text("Delivery"), show=delivery)
