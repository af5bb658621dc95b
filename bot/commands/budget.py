"""What everybody together may spend, for admins."""

import re
from decimal import Decimal

from bot.commands.call import Call
from bot.commands.declaration import Command, Later, Role
from bot.commands.pictures import cost_picture
from bot.domain.budgets import BudgetStanding
from bot.domain.windows import Period, milliseconds
from bot.texts import Text, lines, plural, text


async def budget(call: Call) -> Text | Later:
    if call.words == ["picture"]:
        return await cost_picture(call)
    if call.words:
        raise call.bad_argument()
    standings = await call.budgets.standings(call.work)
    if not standings:
        return text("No budget is set. The setting BUDGET_DAY or BUDGET_MONTH does so.")
    return lines(text("Budgets:"), *(_line(one) for one in standings), *await _unpriced(call))


def scope_name(scope: str) -> Text | str:
    """What a budget is for: a platform, or everything."""
    return scope.title() if scope else text("All platforms")


def _line(standing: BudgetStanding) -> Text:
    values = {
        "scope": scope_name(standing.budget.scope),
        "limit": dollars(standing.budget.limit),
        "spent": dollars(standing.spent),
        "reserved": dollars(standing.reserved),
        "left": dollars(standing.left),
        "resets_at": standing.period.ends_at,
    }
    if standing.budget.span == "day":
        return text(
            "• {scope}, today: US$ {spent} of {limit} spent, {reserved} reserved, {left} left until {resets_at}",
            **values,
        )
    return text(
        "• {scope}, this month: US$ {spent} of {limit} spent, {reserved} reserved, {left} left until {resets_at}",
        **values,
    )


async def _unpriced(call: Call) -> list[Text]:
    """Sums that leave something out have to say so."""
    month = Period.of("month", call.now, call.zone)
    groups = await call.work.calls.spent(milliseconds(month.starts_at), "model")
    unpriced = sum(group.unpriced for group in groups)
    if not unpriced:
        return []
    return [
        plural(
            "Not in these sums: {count} call of unknown price this month.",
            "Not in these sums: {count} calls of unknown price this month.",
            unpriced,
        )
    ]


def dollars(micro: int) -> Decimal:
    """Micro-US$ as US$, to the tenth of a cent."""
    return (Decimal(micro) / 10**6).quantize(Decimal("0.001"))


COMMANDS = (
    Command(
        name="budget",
        summary=text("What all of us together may spend"),
        handler=budget,
        usage="[picture]",
        example="picture",
        role=Role.SUPPORT,
        spoken=re.compile(r"|picture"),
    ),
)
