"""What waits for an admin: requests for more, people at the door, and alerts."""

from collections.abc import Sequence

from bot.commands.declaration import Table
from bot.dashboard.looking import Look
from bot.dashboard.pages.declaration import View
from bot.dashboard.pages.overview import alerts_listing
from bot.dashboard.values import Act, Acts, Blank, Listing, Page, Section
from bot.domain.moments import moment
from bot.storage import Account
from bot.storage.limits import Request
from bot.texts import text


async def requests(look: Look) -> Page:
    waiting = await look.work.limits.waiting(look.most)
    newcomers = await look.work.admissions.waiting(look.most)
    sections: list[Section] = [
        await alerts_listing(look),
        await _asked(look, waiting),
        *([_decide(one) for one in waiting] if look.may_change else []),
        _newcomers(newcomers),
        *([_let_in(one) for one in newcomers] if look.may_change else []),
    ]
    return Page(title=text("Requests and alerts"), sections=sections)


async def _asked(look: Look, waiting: list[Request]) -> Listing:
    rows = []
    for one in waiting:
        known = await look.work.people.identities(one.account_id)
        rows.append((f"{one.id}", known[0].label if known else "", one.what, moment(one.at)))
    return Listing(
        name="requests",
        title=text("Requests for more"),
        table=Table(columns=(text("No."), text("Person"), text("Wish"), text("Asked")), rows=rows),
        links=[f"people/{one.account_id}" for one in waiting],
        empty=text("Nobody asks for more."),
    )


def _decide(one: Request) -> Acts:
    grant = Blank(
        name="grant",
        label=text("What is granted"),
        value="messages 20",
        hint=text("For example: {example}", example="plan plus for 30d"),
    )
    return Acts(
        title=text("Request no. {number}", number=f"{one.id}"),
        acts=[
            Act(command=f"quota approve {one.id} {{grant}}", label=text("Approve"), blanks=[grant]),
            Act(command=f"quota deny {one.id}", label=text("Deny"), grave=True),
        ],
    )


def _newcomers(people: Sequence[Account]) -> Listing:
    return Listing(
        name="newcomers",
        title=text("At the door"),
        table=Table(columns=(text("No."), text("Person")), rows=[(one.called, one.label) for one in people]),
        links=[f"people/{one.id}" for one in people],
        empty=text("Nobody is waiting at the door."),
    )


def _let_in(one: Account) -> Acts:
    return Acts(
        title=text("{person}", person=one.label),
        acts=[
            Act(command=f"newcomers approve {one.called}", label=text("Let in")),
            Act(command=f"newcomers deny {one.called}", label=text("Turn away"), grave=True),
        ],
    )


VIEW = View(name="requests", title=text("Requests"), show=requests)
