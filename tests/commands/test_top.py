"""Who uses most, and what is wrong right now."""

from bot.domain.completions import Usage
from tests.conftest import ADMIN, Core


async def test_who_uses_most_is_first(core: Core) -> None:
    for user, tokens in (("ada", 10), ("ben", 500), ("ada", 10)):
        core.model.usage = Usage(input=tokens, output=0)
        await core.say(user, f"hello {tokens}")
    by_messages = await core.say(ADMIN, "/top")
    assert by_messages.index("ada") < by_messages.index("ben")
    by_tokens = await core.say(ADMIN, "/top tokens week")
    assert by_tokens.index("ben") < by_tokens.index("ada")


async def test_nobody_is_an_answer_too(core: Core) -> None:
    assert "Nobody used anything" in await core.say(ADMIN, "/top dollars month")


async def test_what_is_no_meter_is_refused(core: Core) -> None:
    assert "Usage: `/top" in await core.say(ADMIN, "/top beer")


async def test_open_alerts_are_listed(core: Core) -> None:
    assert "All is well" in await core.say(ADMIN, "/alerts")
    async with core.storage.begin() as work:
        await work.alerts.open("errors", "all", now=1_700_000_000_000)
    answer = await core.say(ADMIN, "/alerts")
    assert "errors" in answer
    assert "14 Nov" in answer
