"""People: who there is, what is known of one, and what may be changed about them."""

from collections.abc import Sequence
from datetime import timedelta

from bot.commands.declaration import Table
from bot.dashboard.looking import Look, dollars, link
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import (
    Act,
    Acts,
    Blank,
    Gauge,
    Gauges,
    Listing,
    Page,
    Search,
    Section,
    Tile,
    Tiles,
    Tone,
    UnknownPage,
)
from bot.domain.moments import moment
from bot.domain.names import shown
from bot.domain.quotas import Standing
from bot.domain.windows import milliseconds
from bot.storage import Account
from bot.texts import text
from bot.texts.limits import standing_name
from bot.texts.roles import role_name

_DAYS = 30
_SOFT = 0.8
_ROLES = ("guest", "member", "support", "admin", "default")
_EXAMPLE = "messages 40 per 3h on strong"


async def people(look: Look) -> Page:
    return await _person(look) if look.asked.about else await _list(look)


async def _list(look: Look) -> Page:
    words, page = look.word("name"), max(1, min(look.number("at") or 1, 100_000))
    skip = 0 if look.whole else (page - 1) * look.most
    found = await look.work.directory.page(words, most=look.most, skip=skip)
    count = await look.work.directory.count(words)
    further = link("people", name=words, at=page + 1) if count > page * look.most else ""
    return Page(
        title=text("People"),
        sections=[
            Search(blanks=[Blank(name="name", label=text("Name, username or id"), value=words)], label=text("Find")),
            Listing(
                name="people",
                title=text("{count} identities", count=count),
                table=Table(
                    columns=(
                        text("No."),
                        text("Name"),
                        text("Username"),
                        text("Id"),
                        text("Role"),
                        text("Plan"),
                    ),
                    rows=[_row(look, one) for one in found],
                ),
                links=[f"people/{one.id}" for one in found],
                empty=text("Nobody is called that."),
                more=further,
            ),
        ],
    )


def _row(look: Look, one: Account) -> tuple[object, ...]:
    username = f"@{shown(one.username)}" if one.username else ""
    role = role_name(look.inside.access.role(one))
    return one.called, shown(one.name), username, str(one.identity), role, look.inside.quotas.plan_of(one)


async def _person(look: Look) -> Page:
    number = look.asked.about
    known = await look.work.people.identities(int(number)) if number.isdecimal() and len(number) <= 18 else []
    if not known:
        raise UnknownPage
    subject = known[0]
    standings = await look.inside.quotas.shown(look.work, subject)
    sections: list[Section] = [
        await _facts(look, subject),
        Gauges(title=text("Limits"), gauges=[_gauge(one) for one in standings], empty=text("This plan has no limits.")),
        _identities(known),
    ]
    if look.may_change:
        sections += await _acts(look, subject)
    return Page(title=text("{person}", person=shown(subject.name)), back="people", sections=sections)


async def _facts(look: Look, subject: Account) -> Tiles:
    profile = await look.work.directory.profile(subject.id, cost_since=milliseconds(look.now - timedelta(days=_DAYS)))
    end = look.inside.quotas.plan_end(subject)
    tiles = [
        Tile(
            label=text("Role"),
            value=role_name(look.inside.access.role(subject)),
            tone="bad" if subject.blocked else "plain",
        ),
        Tile(
            label=text("Plan"),
            value=look.inside.quotas.plan_of(subject),
            note=text("until {until}", until=end) if end else None,
        ),
        Tile(label=text("Turns"), value=profile.turns, to=f"conversations?person={subject.id}"),
        Tile(label=text("US$ in {days} days", days=_DAYS), value=dollars(profile.cost)),
        Tile(label=text("Known since"), value=moment(profile.since)),
    ]
    if subject.frozen:
        tiles.append(Tile(label=text("Limits"), value=text("frozen"), tone="warn"))
    if profile.last_turn is not None:
        tiles.append(Tile(label=text("Last turn"), value=moment(profile.last_turn)))
    return Tiles(tiles=tiles)


def _gauge(one: Standing) -> Gauge:
    share = one.used / one.limit if one.limit else 1.0
    tone: Tone = "bad" if share >= 1 else "warn" if share >= _SOFT else "good"
    said = text("until {until}", until=one.resets_at) if one.resets_at else text("–")
    return Gauge(label=standing_name(one), share=share, said=said, tone=tone)


def _identities(known: Sequence[Account]) -> Listing:
    return Listing(
        name="identities",
        title=text("Identities"),
        table=Table(
            columns=(text("Id"), text("Name"), text("Username"), text("Language"), text("Belongs as")),
            rows=[
                (
                    str(one.identity),
                    shown(one.name),
                    f"@{shown(one.username)}" if one.username else "",
                    one.language or "",
                    one.belonging or "",
                )
                for one in known
            ],
        ),
        empty=text("–"),
    )


async def _acts(look: Look, subject: Account) -> list[Section]:
    who = subject.called
    plans = await look.inside.quotas.plans.all(look.work, now=milliseconds(look.now))
    names = [(one.name, text("{plan}", plan=one.name)) for one in plans]
    role = subject.role.name.lower() if subject.role else "default"
    phrase = Blank(name="limit", label=text("Limit"), hint=text("For example: {example}", example=_EXAMPLE))
    more = Blank(name="more", label=text("How much more"), hint=text("For example: {example}", example="messages 20"))
    decide = [
        Act(
            command=f"role {who} {{role}}",
            label=text("Change the role"),
            blanks=[
                Blank(
                    name="role",
                    label=text("Role"),
                    value=role,
                    options=[(one, role_name(one)) for one in _ROLES],
                )
            ],
        ),
        Act(
            command=f"plan assign {who} {{plan}}",
            label=text("Change the plan"),
            blanks=[
                Blank(
                    name="plan",
                    label=text("Plan"),
                    value=subject.plan or "default",
                    options=[*names, ("default", text("the default plan"))],
                )
            ],
        ),
        Act(command=f"quota set {who} {{limit}}", label=text("Set a limit"), blanks=[phrase]),
        Act(command=f"quota add {who} {{more}}", label=text("Give more"), blanks=[more]),
    ]
    stop = [
        Act(command=f"quota reset {who}", label=text("Forget what was used")),
        Act(command=f"quota unfreeze {who}", label=text("Unfreeze"))
        if subject.frozen
        else Act(command=f"quota freeze {who}", label=text("Freeze"), grave=True),
        Act(command=f"unblock {who}", label=text("Unblock"))
        if subject.blocked
        else Act(command=f"block {who}", label=text("Block"), grave=True),
    ]
    return [Acts(title=text("Change"), acts=decide), Acts(title=text("At once"), acts=stop)]


VIEW = View(name="people", title=text("People"), show=people)
