"""What somebody chose for themselves: one page for all of it, and one for each choice."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.commands import language
from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command
from bot.commands.models import pin
from bot.commands.privacy import privacy
from bot.domain.people import Busy
from bot.errors import UnknownPersona
from bot.texts import Text, code, lines, text, words

_MOST = 20
"""Models or personas that have buttons; the others are named by hand."""

_DEFAULT = "default"
_NOBODY = "none"


async def settings(call: Call) -> Answer:
    match call.words:
        case []:
            return await _overview(call)
        case [name] if name in _PAGES:
            return await _PAGES[name](call)
        case ["language", name]:
            return _with_way_back(await language.choose(call, name, prefix="settings language"))
        case [name, choice]:
            await _choose(call, name, choice)
            return await _PAGES[name](await _renewed(call))
    raise call.bad_argument()


async def _choose(call: Call, what: str, choice: str) -> None:
    """It holds from now on. Raises BadArgument, UnknownModel, UnknownPersona."""
    match what, choice:
        case "model", name:
            await pin(call, None if name == _DEFAULT else name)
        case "persona", name:
            await _choose_persona(call, name)
        case "busy", ("queue" | "steer" | "ignore") as wish:
            await call.work.people.busy(call.account.id, wish)
        case "notices", "on" | "off":
            await call.work.people.hush(call.account.id, quiet=choice == "off")
        case _:
            raise call.bad_argument()


async def _overview(call: Call) -> Answer:
    account = call.account
    return Answer(
        said=lines(
            text("⚙️ What you chose:"),
            text("Language: {language}", language=language.language_name(account.chosen_language)),
            text("Model: {model}", model=_model_name(account.pinned_model)),
            text("Persona: {persona}", persona=code(await _answering(call))),
            text("When you write while I am answering:"),
            _meaning(account.busy),
            _heard(quiet=account.quiet),
        ),
        choices=[
            Choice(label=text("🌐 Language"), command="settings language"),
            Choice(label=text("🤖 Model"), command="settings model"),
            Choice(label=text("🎭 Persona"), command="settings persona"),
            Choice(label=text("⏳ While I answer"), command="settings busy"),
            Choice(label=text("🔔 Notices"), command="settings notices"),
            Choice(label=text("🔒 Privacy"), command="settings privacy"),
        ],
        in_place=True,
    )


async def _languages(call: Call) -> Answer:
    return _with_way_back(language.page(call.account.chosen_language, prefix="settings language"))


async def _models(call: Call) -> Answer:
    pinned = call.account.pinned_model
    cards = call.catalog.offered(call.quotas.plan_of(call.account))
    choices = [
        Choice(label=words(card.ref), command=command)
        for card in cards[:_MOST]
        if card.ref != pinned and Choice.fits(command := f"settings model {card.ref}")
    ]
    best = [Choice(label=text("The best suited one"), command=f"settings model {_DEFAULT}")] if pinned else []
    return _page(text("▶ Model: {model}", model=_model_name(pinned)), [*best, *choices])


async def _personas(call: Call) -> Answer:
    current = await _answering(call)
    choices = [
        Choice(label=words(name), command=f"settings persona {name}")
        for name in [*await call.personas.all(call.work)][:_MOST]
        if name != current
    ]
    return _page(text("▶ {name} answers you here.", name=code(current)), choices)


async def _choose_persona(call: Call, name: str) -> None:
    """For all conversations of the person; the one here loses its own choice, or nothing would change."""
    if name != _NOBODY and name not in await call.personas.all(call.work):
        raise UnknownPersona(name)
    await call.work.personas.choose("account", call.account.id, None if name == _NOBODY else name)
    if call.update.place.private:
        await call.work.personas.choose("conversation", await call.conversation(), None)
        await call.work.personas.choose("place", call.update.place.key, None)


async def _busy(call: Call) -> Answer:
    busy = call.account.busy
    choices = {
        "queue": text("Let it wait"),
        "steer": text("Go on with both"),
        "ignore": text("Leave it out"),
    }
    return _page(
        lines(text("When you write while I am answering:"), _meaning(busy)),
        [Choice(label=label, command=f"settings busy {name}") for name, label in choices.items() if name != busy],
    )


async def _notices(call: Call) -> Answer:
    quiet = call.account.quiet
    other = (
        Choice(label=text("🔔 Get them"), command="settings notices on")
        if quiet
        else Choice(label=text("🔕 Get none"), command="settings notices off")
    )
    return _page(_heard(quiet=quiet), [other])


async def _privacy(call: Call) -> Answer:
    return _with_way_back(await privacy(replace(call, words=[])))


_PAGES = {
    "language": _languages,
    "model": _models,
    "persona": _personas,
    "busy": _busy,
    "notices": _notices,
    "privacy": _privacy,
}


def _page(said: Text, choices: Sequence[Choice]) -> Answer:
    return _with_way_back(Answer(said=said, choices=choices, in_place=True))


def _with_way_back(answer: Answer) -> Answer:
    return replace(answer, choices=[*answer.choices, Choice(label=text("« Settings"), command="settings")])


async def _renewed(call: Call) -> Call:
    """The same call, of the person as they are after a change."""
    now = await call.work.people.find(call.account.identity)
    return replace(call, account=now or call.account)


async def _answering(call: Call) -> str:
    return await call.personas.here(call.work, await call.conversation(), call.account.id)


def _model_name(pinned: str | None) -> Text:
    return words(code(pinned)) if pinned else text("the best suited one")


def _heard(*, quiet: bool) -> Text:
    return text("🔕 You get no messages to everybody.") if quiet else text("🔔 You get messages to everybody.")


def _meaning(busy: Busy) -> Text:
    match busy:
        case "steer":
            return text("▶ I stop, and go on with both messages.")
        case "ignore":
            return text("▶ I leave the new message out.")
    return text("▶ The new message waits until I am done.")


COMMANDS = (
    Command(
        name="settings",
        summary=text("See and change what you chose: language, model, persona, notices, privacy"),
        handler=settings,
        usage="[language|model|persona|busy|notices|privacy] [CHOICE]",
        example="busy steer",
        topic="you",
        spoken=re.compile(r"((language|model|persona|busy|notices) \S+|language|model|persona|busy|notices|privacy)?"),
    ),
)
