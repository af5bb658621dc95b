"""What is said to somebody who has not asked, on its way through the same lanes as answers."""

from bot.alerts import Notice
from bot.answers import Reader
from bot.delivery import Courier
from bot.inbox import Lease
from bot.ports import Platform
from bot.texts.catalogues import Catalogues


class Notifier:
    """Says notices in the language of whom they are for."""

    def __init__(self, courier: Courier, catalogues: Catalogues) -> None:
        self._courier = courier
        self._catalogues = catalogues

    async def say(self, lease: Lease, platform: Platform, notice: Notice) -> None:
        """Say it and complete its lease."""
        async with lease.begin() as work:
            known = await work.people.find(notice.to)
            shown = Reader(self._catalogues.of(known.reads if known else None), platform.slash).shown(notice.answer)
            place = notice.at or platform.direct(notice.to)
            parts = platform.parts(place, shown.text, buttons=shown.buttons)
            outgoing = await work.outbox.add(lease.claim.id, platform.name, parts)
        await self._courier.deliver(lease, platform, outgoing)
