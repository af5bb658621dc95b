"""What people see beside chats, where a platform has it: a page of their own, and forms for what is clumsy to type."""

from dataclasses import replace

from bot.commands.call import Call
from bot.commands.declaration import Answer, Sayable
from bot.commands.home import home
from bot.commands.questionnaires import Questionnaire
from bot.domain.updates import Invocation, Update
from bot.errors import NotAdmitted, UserError
from bot.ports import Platform, Surfaces
from bot.storage import UnitOfWork
from bot.switchboard import Switchboard

HOME = "home"
"""The page, and the command that says the same in a chat."""


class Pages:
    """Makes them in the transaction of what they answer."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def asked(self, call: Call, platform: Platform) -> Questionnaire | None:
        """A form for the arguments that a command lacks, if it has one and the platform has forms."""
        make = call.command.forms.get(call.words[0] if call.words else "")
        if make is None or not isinstance(platform, Surfaces) or not platform.opens_forms(call.update):
            return None
        return await make(call)

    async def around(self, work: UnitOfWork, update: Update, said: Sayable, arrival: int) -> Sayable:
        """What is said, with the rest of the page below, as it is by now, if it was said to a click there."""
        if update.page != HOME or isinstance(said, Questionnaire):
            return said
        if update.invocation and update.invocation.name == HOME:
            return said
        try:
            call = await self._switchboard.call(work, update, Invocation(name=HOME), arrival)
        except (UserError, NotAdmitted):
            return said
        page = await home(replace(call, words=[]))
        answer = said if isinstance(said, Answer) else Answer(said=said)
        return replace(answer, sections=[replace(page, sections=()), *page.sections])
