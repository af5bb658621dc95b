"""Privacy: who gets what people say, and what that means for those on each plan."""

from bot.commands.declaration import Table
from bot.commands.privacy import USES
from bot.dashboard.looking import Look
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import Listing, Page
from bot.domain.windows import milliseconds
from bot.texts import text
from bot.texts.limits import kept_for


async def privacy(look: Look) -> Page:
    return Page(title=text("Privacy"), sections=[_recipients(look), await _plans(look)])


def _recipients(look: Look) -> Listing:
    uses = dict(USES)
    return Listing(
        name="recipients",
        title=text("Who gets what people say"),
        about=text("The command {command} prints the whole record of processing.", command="parley privacy"),
        table=Table(
            columns=(text("Server"), text("What it does"), text("Models")),
            rows=[(one.host, uses[one.use], ", ".join(one.models)) for one in look.inside.disclosure.recipients],
        ),
        empty=text("–"),
    )


async def _plans(look: Look) -> Listing:
    masking = look.inside.disclosure.masking
    found = await look.inside.quotas.plans.all(look.work, now=milliseconds(look.now))
    return Listing(
        name="plans",
        title=text("By plan"),
        table=Table(
            columns=(text("Plan"), text("Words are kept"), text("Personal data is hidden from models")),
            rows=[
                (one.name, kept_for(one.keep), text("yes") if masking.covers(one.name, private=True) else text("no"))
                for one in found
            ],
        ),
        empty=text("–"),
    )


VIEW = View(name="privacy", title=text("Privacy"), show=privacy)
