"""The audit log: who changed what, when."""

from dataclasses import replace

from bot.commands.declaration import Table
from bot.commands.records import change_of
from bot.dashboard.looking import Look, link
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import Act, Acts, Blank, Listing, Page, Search, Section
from bot.domain.moments import moment
from bot.storage import AuditFilter, AuditRecord
from bot.texts import text


async def audit(look: Look) -> Page:
    found = await look.work.audit.last(look.most, await _filter(look))
    sections: list[Section] = [_search(look)]
    if look.may_change:
        number = Blank(name="number", label=text("No."), hint=text("Within a day of the change"))
        take_back = Act(command="revert {number}", label=text("Take it back"), blanks=[number])
        sections.append(Acts(title=text("Take a change back"), acts=[take_back]))
    return Page(title=text("Audit log"), sections=[*sections, _listing(look, found)])


async def _filter(look: Look) -> AuditFilter:
    which, who = AuditFilter(what=look.word("what"), below=look.number("below")), look.word("who")
    if who.startswith("#") and who[1:].isdecimal():
        who = who[1:]
    if who.isdecimal() and len(who) <= 18:
        known = await look.work.people.identities(int(who))
        return replace(which, who=[str(one.identity) for one in known] or [who])
    return replace(which, who=[who]) if who else which


def _search(look: Look) -> Search:
    return Search(
        blanks=[
            Blank(
                name="who",
                label=text("Person"),
                value=look.word("who"),
                hint=text("A number, or an id such as {example}", example="telegram:123"),
            ),
            Blank(
                name="what",
                label=text("What"),
                value=look.word("what"),
                hint=text("For example: {example}", example="quota"),
            ),
        ],
        label=text("Find"),
    )


def _listing(look: Look, found: list[AuditRecord]) -> Listing:
    more = ""
    if len(found) == look.most:
        more = link("audit", who=look.word("who"), what=look.word("what"), below=found[-1].id)
    return Listing(
        name="audit",
        title=text("Newest first"),
        table=Table(
            columns=(text("No."), text("When"), text("Who"), text("What"), text("Whom"), text("Change")),
            rows=[(f"{one.id}", moment(one.at), one.actor, one.action, one.subject, change_of(one)) for one in found],
        ),
        empty=text("Nothing of that kind is on record."),
        more=more,
    )


VIEW = View(name="audit", title=text("Audit log"), show=audit)
