from tests.conftest import LEASE, Core


async def test_who_renews_late_takes_nothing_more(core: Core) -> None:
    await core.hear("ada", "first")
    await core.inbox.claim(1)
    core.clock.pass_(seconds=0.8 * LEASE)
    await core.hear("ben", "second")
    assert await core.inbox.claim(1) == []
    await core.inbox._renew()
    assert len(await core.inbox.claim(1)) == 1


async def test_who_held_nothing_is_never_late(core: Core) -> None:
    core.clock.pass_(seconds=10 * LEASE)
    await core.hear("ada", "first")
    assert len(await core.inbox.claim(1)) == 1
