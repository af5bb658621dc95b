import pytest
import sqlalchemy as sa

from bot.anteroom import Anteroom
from bot.errors import PlatformDown
from bot.storage.tables import inbox
from tests.conftest import Core


@pytest.fixture
def anteroom(core: Core) -> Anteroom:
    return Anteroom(core.storage, {"fake": core.platform}, core.clock)


async def age(core: Core, seconds: int) -> None:
    """What has arrived so far did so earlier."""
    async with core.storage.begin() as work:
        earlier = sa.update(inbox).values(received_at=inbox.c.received_at - seconds * 1000)
        await work.inbox._connection.execute(earlier)


async def test_whoever_waits_in_line_is_shown_so_again_and_again(core: Core, anteroom: Anteroom) -> None:
    await core.hear("ada", "one")
    await core.hear("ada", "two")
    await core.hear("ben", "three")
    await age(core, 5)
    for _ in range(2):
        await anteroom.step()
    assert [reply.shown for reply in core.platform.replies] == [["", ""], ["", ""]]


async def test_whoever_has_just_come_is_shown_nothing(core: Core, anteroom: Anteroom) -> None:
    await core.hear("ada", "one")
    await age(core, -60)
    await anteroom.step()
    assert core.platform.replies == []


async def test_whoever_is_being_answered_waits_in_line_no_more(core: Core, anteroom: Anteroom) -> None:
    await core.hear("ada", "one")
    await age(core, 5)
    await core.work()
    replies = len(core.platform.replies)
    await anteroom.step()
    assert len(core.platform.replies) == replies


async def test_what_nobody_said_is_waited_for_by_nobody(core: Core, anteroom: Anteroom) -> None:
    await core.hear("ada", "", ignored=True)
    await age(core, 5)
    await anteroom.step()
    assert core.platform.replies == []


async def test_a_platform_that_is_away_is_asked_again(
    core: Core, anteroom: Anteroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise PlatformDown("away")

    await core.hear("ada", "one")
    await age(core, 5)
    await anteroom.step()
    (reply,) = core.platform.replies
    with monkeypatch.context() as patched:
        patched.setattr(reply, "show", fail)
        await anteroom.step()
    await anteroom.step()
    assert reply.shown == ["", ""]
