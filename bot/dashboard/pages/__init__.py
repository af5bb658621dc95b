"""One module for each page of the dashboard. A page is declared once: menu, address and rights follow from that."""

from bot.dashboard.pages.declaration import View


def all_pages() -> dict[str, View]:
    """Every page by its name, in the order of the menu."""
    from bot.dashboard.pages import (
        conversations,
        delivery,
        overview,
        people,
        plans,
        privacy,
        records,
        requests,
        settings,
        usage,
    )

    modules = (overview, usage, people, plans, conversations, requests, delivery, records, privacy, settings)
    return {module.VIEW.name: module.VIEW for module in modules}
