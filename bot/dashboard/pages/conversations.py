"""Conversations: who, where, when and how much. What was said only where the operator lets it, and then on record."""

from collections.abc import Sequence

from bot.commands.declaration import Table
from bot.dashboard.looking import Look, duration, link
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import Blank, Listing, Page, Reveal, Search, Section, UnknownPage
from bot.domain.moments import moment
from bot.storage.registry import Entry, TurnEntry
from bot.storage.tables import TurnState
from bot.texts import Text, text

_READ = "conversation.read"
_MOST_TURNS = 200


async def conversations(look: Look) -> Page:
    return await _one(look) if look.asked.about else await _list(look)


async def _list(look: Look) -> Page:
    person = look.number("person")
    found = await look.work.registry.page(most=look.most, below=look.number("below"), account=person)
    more = link("conversations", person=look.word("person"), below=found[-1].id) if len(found) == look.most else ""
    return Page(
        title=text("Conversations"),
        sections=[
            Search(
                blanks=[Blank(name="person", label=text("Number of the person"), value=look.word("person"))],
                label=text("Find"),
            ),
            Listing(
                name="conversations",
                title=text("Newest first"),
                table=Table(
                    columns=(text("No."), text("Place"), text("Begun by"), text("Begun"), text("Turns"), text("Last")),
                    rows=[_row(one) for one in found],
                ),
                links=[f"conversations/{one.id}" for one in found],
                empty=text("There is no conversation."),
                more=more,
            ),
        ],
    )


def _row(one: Entry) -> tuple[object, ...]:
    last = moment(one.last) if one.last is not None else ""
    return f"{one.id}", one.place, one.person, moment(one.started_at), one.turns, last


async def _one(look: Look) -> Page:
    number = int(look.asked.about) if look.asked.about.isdecimal() and len(look.asked.about) <= 18 else 0
    entry = await look.work.registry.find(number)
    if entry is None:
        raise UnknownPage
    words = look.revealed and look.inside.shows_messages and look.may_change
    if words:
        who = str(look.guest.account.identity)
        await look.work.audit.add(actor=who, action=_READ, subject=f"conversation:{number}", facts={})
    turns = await look.work.registry.turns(number, most=_MOST_TURNS, words=words)
    sections: list[Section] = [_turns(entry, turns)]
    if words:
        sections.append(_words(turns))
    elif look.inside.shows_messages and look.may_change:
        sections.append(Reveal(label=text("Read the messages"), about=text("That you did goes into the audit log.")))
    return Page(title=text("Conversation {number}", number=f"{number}"), back="conversations", sections=sections)


def _turns(entry: Entry, turns: Sequence[TurnEntry]) -> Listing:
    return Listing(
        name="turns",
        title=text("Turns at {place}", place=entry.place),
        table=Table(
            columns=(
                text("No."),
                text("Asked"),
                text("Person"),
                text("State"),
                text("Took"),
                text("Question, tokens"),
                text("Answer, tokens"),
            ),
            rows=[
                (
                    f"{one.id}",
                    moment(one.started_at),
                    f"#{one.account_id}",
                    _state(one),
                    duration(one.finished_at - one.started_at if one.finished_at else None),
                    one.question_tokens,
                    one.answer_tokens or 0,
                )
                for one in turns
            ],
        ),
        empty=text("Nothing was said yet."),
    )


def _words(turns: Sequence[TurnEntry]) -> Listing:
    return Listing(
        name="messages",
        title=text("Messages"),
        table=Table(
            columns=(text("No."), text("Question"), text("Answer")),
            rows=[(f"{one.id}", one.question, one.answer) for one in turns],
        ),
        empty=text("Nothing was said yet."),
    )


def _state(one: TurnEntry) -> Text:
    state = {
        TurnState.RUNNING: text("runs"),
        TurnState.ANSWERED: text("answered"),
        TurnState.FAILED: text("failed"),
        TurnState.REPLACED: text("replaced"),
    }[one.state]
    return text("{state} ({ending})", state=state, ending=one.ending) if one.ending not in ("", "stop") else state


VIEW = View(name="conversations", title=text("Conversations"), show=conversations)
