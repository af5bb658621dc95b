"""The way to the dashboard."""

from bot.commands.call import Call
from bot.commands.declaration import Command, Role
from bot.dashboard.doors import LINK_MINUTES
from bot.domain.people import OPERATOR
from bot.texts import Text, lines, text


async def dashboard(call: Call) -> Text:
    if call.words:
        raise call.bad_argument()
    if call.doors is None:
        return text("There is no dashboard: the setting DASHBOARD_URL says where it is to be.")
    if call.account.identity.platform == OPERATOR:
        return text("That needs a chat.")
    if not call.update.place.private:
        return text("Not where others read along: please ask me in a direct message.")
    link = await call.doors.offer(call.work, call.account)
    return lines(
        text("{link}", link=link),
        text(
            "The link works once, within {minutes} minutes, and signs in as you: give it to nobody.",
            minutes=LINK_MINUTES,
        ),
    )


COMMANDS = (
    Command(
        name="dashboard",
        summary=text("See everything in a browser"),
        handler=dashboard,
        role=Role.SUPPORT,
    ),
)
