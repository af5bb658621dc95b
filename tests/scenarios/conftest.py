from collections.abc import AsyncIterator

import pytest

from tests.scenarios.office import Office, office_of


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """A Slack workspace with an app that is no agent."""
    async with office_of() as one:
        yield one
