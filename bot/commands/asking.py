"""A refused command, told so that it can be given again at once."""

from bot.commands.declaration import Answer, Choice
from bot.domain.updates import Invocation
from bot.errors import AmbiguousPerson, UserError
from bot.texts import Text, text
from bot.texts.errors import sentence


def asked_back(error: UserError, invocation: Invocation | None) -> Text | Answer:
    """Why a command was refused; whoever may have been meant is a button that calls it for them."""
    if not isinstance(error, AmbiguousPerson) or invocation is None:
        return sentence(error)
    meant = {_instead(invocation, error.name, called): label for called, label in error.candidates.items()}
    choices = [
        Choice(label=text("{person}", person=label), command=command)
        for command, label in meant.items()
        if Choice.fits(command)
    ]
    return Answer(said=sentence(error), choices=choices)


def _instead(invocation: Invocation, name: str, called: str) -> str:
    words = [called if word == name else word for word in invocation.arguments.split()]
    return " ".join((invocation.name, *words))
