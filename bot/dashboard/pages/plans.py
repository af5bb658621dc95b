"""Plans: what those who are on one may use, and changing it."""

from bot.commands.declaration import Table
from bot.dashboard.looking import Look
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import Act, Acts, Blank, Listing, Page, Section
from bot.domain.quotas import Plan
from bot.domain.windows import milliseconds
from bot.texts import text
from bot.texts.limits import amount, kept_for, rule_name


async def plans(look: Look) -> Page:
    found = await look.inside.quotas.plans.all(look.work, now=milliseconds(look.now))
    sections: list[Section] = [_listing(look, one) for one in found]
    return Page(title=text("Plans"), sections=[*sections, *(_acts(found) if look.may_change else [])])


def _listing(look: Look, plan: Plan) -> Listing:
    default = plan.name == look.inside.quotas.plans.default
    title = text("{plan} (the default)", plan=plan.name) if default else text("{plan}", plan=plan.name)
    return Listing(
        name=plan.name,
        title=title,
        about=text("Priority {priority}, words kept: {time}", priority=plan.priority, time=kept_for(plan.keep)),
        table=Table(
            columns=(text("Limit"), text("At most")),
            rows=[
                (rule_name(rule), text("unlimited") if rule.limit is None else amount(rule.meter, rule.limit))
                for rule in plan.rules
            ],
        ),
        empty=text("No limits."),
    )


def _acts(found: list[Plan]) -> list[Section]:
    names = [(one.name, text("{plan}", plan=one.name)) for one in found]
    which = Blank(name="plan", label=text("Plan"), value=names[0][0] if names else "", options=names)
    example = text("For example: {example}", example="messages 50 per week on strong")
    return [
        Acts(
            title=text("Change"),
            acts=[
                Act(
                    command="plan set {plan} {limit}",
                    label=text("Set a limit"),
                    blanks=[which, Blank(name="limit", label=text("Limit"), hint=example)],
                ),
                Act(
                    command="plan set {plan} priority {priority}",
                    label=text("Change the priority"),
                    blanks=[which, Blank(name="priority", label=text("Priority, 0 to 100"))],
                ),
                Act(
                    command="plan set {plan} keep {days}",
                    label=text("Change how long words are kept"),
                    blanks=[which, Blank(name="days", label=text("Days, or unlimited"))],
                ),
                Act(
                    command="plan new {name}",
                    label=text("Make a plan"),
                    blanks=[Blank(name="name", label=text("Name"), hint=text("Lower-case letters and digits"))],
                ),
            ],
        )
    ]


VIEW = View(name="plans", title=text("Plans"), show=plans)
