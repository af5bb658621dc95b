"""The dashboard put together, for a process that handles arrivals and whose operator wants one."""

import hmac
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from zoneinfo import ZoneInfo

from bot.access import Access
from bot.charts.studio import Studio
from bot.dashboard.doors import Doors
from bot.dashboard.facts import facts_of
from bot.dashboard.looking import Inside
from bot.dashboard.office import Office
from bot.ground import Ground
from bot.llm.ways import Gates
from bot.ports import Platform
from bot.settings import Settings
from bot.switchboard import Switchboard


def doors_of(settings: Settings, access: Access, ground: Ground) -> Doors | None:
    """The way in, None where there is no dashboard."""
    if settings.dashboard_url is None:
        return None
    return Doors(settings.dashboard_url, _key(settings), access, ground.clock)


def office_of(
    settings: Settings, ground: Ground, switchboard: Switchboard, gates: Gates, platforms: Sequence[Platform]
) -> Office | None:
    """The pages, None where there is no dashboard."""
    if switchboard.doors is None:
        return None
    inside = Inside(
        access=switchboard.access,
        quotas=switchboard.accounting.quotas,
        budgets=switchboard.accounting.budgets,
        catalog=switchboard.catalog,
        gates=gates,
        settings=partial(facts_of, settings),
        disclosure=switchboard.disclosure,
        zone=ZoneInfo(settings.timezone),
        shows_messages=settings.dashboard_messages,
    )
    return Office(
        ground.storage,
        switchboard,
        inside=inside,
        doors=switchboard.doors,
        studio=Studio(),
        clock=ground.clock,
        platforms=[one.name for one in platforms],
    )


def _key(settings: Settings) -> bytes:
    """Signs links: made of the platforms' secrets, so that every process comes to the same one."""
    tokens = (settings.telegram_bot_token, settings.slack_bot_token)
    secret = "\n".join(token.get_secret_value() for token in tokens if token)
    return hmac.new(secret.encode(), b"parley dashboard", sha256).digest()
