"""Whether this process can do its work: what load balancers and supervisors ask for."""

import asyncio
from collections.abc import Callable, Mapping

from bot.errors import StorageError
from bot.intake import Intake
from bot.storage import Storage

_PATIENCE = 2.0
"""Seconds after which a database that does not answer counts as away."""


class Health:
    """What has to be there.

    Args:
        storage: the database.
        intake: of a process that takes events in.
        models_answer: of a process that handles them: whether any model may be asked now.
    """

    def __init__(
        self, storage: Storage, intake: Intake | None, models_answer: Callable[[], bool] | None = None
    ) -> None:
        self._storage = storage
        self._intake = intake
        self._models_answer = models_answer

    async def checks(self) -> Mapping[str, bool]:
        """Whether each of them is there."""
        found = {"database": await self._database()}
        if self._intake is not None:
            found["platform"] = self._intake.connected
        if self._models_answer is not None:
            found["model"] = self._models_answer()
        return found

    async def _database(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._storage.revision()
        except (StorageError, TimeoutError):
            return False
        return True
