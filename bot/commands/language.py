"""In which language somebody is spoken to: the one they chose, else the one their platform tells."""

import re

from bot.commands.call import Call
from bot.commands.declaration import Answer, Choice, Command
from bot.texts import Text, lines, text, words
from bot.texts.catalogues import languages, own_name

_DEFAULT = "default"
_UNKNOWN = "und"
"""The tag of BCP 47 for what nobody knows: the bot then speaks its operator's language."""


async def language(call: Call) -> Answer:
    match call.words:
        case []:
            return page(call.account.chosen_language, prefix="language")
        case [name]:
            return await choose(call, name, prefix="language")
    raise call.bad_argument()


async def choose(call: Call, name: str, *, prefix: str) -> Answer:
    """Speak another language from now on, this answer included. Raises BadArgument."""
    known = {one.lower(): one for one in languages()}
    chosen = known.get(name.lower().replace("-", "_"))
    if chosen is None and name != _DEFAULT:
        raise call.bad_argument()
    await call.work.people.speak(call.account.id, chosen)
    return page(chosen, prefix=prefix, language=chosen or call.account.language or _UNKNOWN)


def page(chosen: str | None, *, prefix: str, language: str | None = None) -> Answer:
    """Which language it is, and a button for each other one: it calls `prefix` with the language."""
    others = [Choice(label=words(own_name(one)), command=f"{prefix} {one}") for one in languages() if one != chosen]
    platforms = [Choice(label=text("As my platform says"), command=f"{prefix} {_DEFAULT}")] if chosen else []
    return Answer(
        said=lines(
            text("▶ I speak {language} to you.", language=language_name(chosen)),
            text("The model answers in the language in which you write to it."),
        ),
        choices=[*others, *platforms],
        in_place=True,
        language=language,
    )


def language_name(chosen: str | None) -> Text:
    """`Deutsch`."""
    return words(own_name(chosen)) if chosen else text("the language of your platform")


COMMANDS = (
    Command(
        name="language",
        summary=text("Choose the language in which I speak to you"),
        handler=language,
        usage="[LANGUAGE|default]",
        example="zh_Hant",
        topic="you",
        spoken=re.compile(r"([A-Za-z]{2}([-_][A-Za-z]{2,4})?|default)?"),
    ),
)
