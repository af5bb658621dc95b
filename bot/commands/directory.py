"""Commands that look people up."""

from collections.abc import Sequence
from datetime import timedelta

from bot.commands.budget import dollars
from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command, Role, Table
from bot.domain.moments import moment
from bot.domain.names import shown
from bot.domain.windows import milliseconds
from bot.storage import Account
from bot.storage.directory import Profile
from bot.texts import Text, code, lines, plural, text
from bot.texts.limits import bar, plan_name
from bot.texts.roles import role_name

_PAGE = 15
_DAYS = 30


async def users(call: Call) -> Text | Answer:
    words, page = _search(call)
    count = await call.work.directory.count(words)
    if not count:
        return text("Nobody is called {words}.", words=code(words)) if words else text("I have met nobody yet.")
    found = await call.work.directory.page(words, most=_PAGE, skip=(page - 1) * _PAGE)
    return Answer(
        said=lines(plural("{count} identity:", "{count} identities:", count), *(_line(call, one) for one in found)),
        listed=True,
        table=Table(
            columns=(text("No."), text("Name"), text("Username"), text("Id"), text("Role")),
            rows=[_row(call, one) for one in found],
        ),
        choices=_pages(words, page, last=-(-count // _PAGE)),
        in_place=True,
    )


async def user(call: Call) -> Text | Answer:
    match call.words:
        case []:
            subject = await call.person_replied_to()
        case [name]:
            subject = await call.person(name)
        case _:
            raise call.bad_argument()
    profile = await call.work.directory.profile(subject.id, cost_since=milliseconds(call.now - timedelta(days=_DAYS)))
    identities = await call.work.people.identities(subject.id)
    standings = await call.quotas.standings(call.work, subject)
    return Answer(
        said=lines(
            text("Account {number}", number=code(subject.called)),
            *(text("• {person}", person=code(one.label)) for one in identities),
            *_facts(call, subject, profile),
            text("• plan {plan}", plan=plan_name(call.quotas.plan_of(subject), call.quotas.plan_end(subject))),
            *(bar(standing) for standing in standings),
        ),
        choices=_acts(call, subject, identities),
    )


def _search(call: Call) -> tuple[str, int]:
    """What is searched for, and which page of it."""
    words = call.words
    if len(words) >= 2 and words[-2] == "page" and words[-1].isdecimal() and len(words[-1]) <= 6:
        return " ".join(words[:-2]), max(1, int(words[-1]))
    return " ".join(words), 1


def _row(call: Call, one: Account) -> tuple[object, ...]:
    return one.called, shown(one.name), _at(one), str(one.identity), _standing(call, one)


def _line(call: Call, one: Account) -> Text:
    number, role = code(one.called), _standing(call, one)
    return text("• {number} {person}: {role}", number=number, person=code(one.label), role=role)


def _standing(call: Call, one: Account) -> Text:
    """What somebody is; whoever the settings keep out was blocked by nobody."""
    role = call.access.role(one)
    return text("kept out by the settings") if role is Role.BLOCKED and not one.blocked else role_name(role)


def _at(one: Account) -> str:
    return f"@{shown(one.username)}" if one.username else ""


def _pages(words: str, page: int, last: int) -> list[Choice]:
    """Buttons to the pages before and after. Words too long for a button have to be typed again."""
    ways = {page - 1: text("← Back"), page + 1: text("More →")}
    commands = {f"users {words} page {to}".replace("  ", " "): label for to, label in ways.items() if 1 <= to <= last}
    return [Choice(label=label, command=command) for command, label in commands.items() if Choice.fits(command)]


def _facts(call: Call, subject: Account, profile: Profile) -> list[Text]:
    role, given = call.access.role(subject), subject.role
    why = text("{role}, given by an admin", role=role_name(role)) if given else _standing(call, subject)
    facts = [text("Role: {role}", role=why), text("Known since {at}", at=moment(profile.since))]
    if profile.blocked_at is not None:
        facts.append(text("Blocked since {at}", at=moment(profile.blocked_at)))
    if profile.last_turn is not None:
        facts.append(text("Turns: {count}, the last on {at}", count=profile.turns, at=moment(profile.last_turn)))
    if subject.pinned_model:
        facts.append(text("Model: {model}", model=code(subject.pinned_model)))
    return [*facts, text("Cost in the last {days} days: US$ {dollars}", days=_DAYS, dollars=dollars(profile.cost))]


def _acts(call: Call, subject: Account, identities: Sequence[Account]) -> list[Choice]:
    """What the caller may do to the person."""
    choices = [Choice(label=text("What happened"), command=f"audit {subject.called}")]
    if call.role >= Role.ADMIN and max(map(call.access.rank, identities)) < call.role:
        name, label = ("unblock", text("Unblock")) if subject.blocked else ("block", text("⛔ Block"))
        choices.append(Choice(label=label, command=f"{name} {subject.called}"))
    return choices


COMMANDS = (
    Command(
        name="users",
        summary=text("Whom I have met"),
        handler=users,
        usage="[NAME|ID] [page NUMBER]",
        example="ada",
        role=Role.SUPPORT,
    ),
    Command(
        name="user",
        summary=text("What I know of somebody"),
        handler=user,
        usage="PERSON",
        example="@ada",
        role=Role.SUPPORT,
    ),
)
