"""The settings in force. What is secret is not shown."""

from bot.commands.declaration import Table
from bot.dashboard.looking import Look
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import Listing, Page
from bot.domain.people import Role
from bot.texts import text


async def settings(look: Look) -> Page:
    facts = look.inside.settings()
    return Page(
        title=text("Settings"),
        sections=[
            Listing(
                name="settings",
                title=text("In force"),
                about=text("Set in the environment or in .env; they hold from the next start on."),
                table=Table(
                    columns=(text("Setting"), text("Value"), text("From")),
                    rows=[(name, value, text("set") if given else text("default")) for name, value, given in facts],
                ),
                empty=text("–"),
            )
        ],
    )


VIEW = View(name="settings", title=text("Settings"), show=settings, role=Role.ADMIN)
