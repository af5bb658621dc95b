"""Who gets in, for how long, and what is left of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.dashboard.doors import LINK_MINUTES, SESSION
from bot.domain.access import AccessPolicy
from bot.domain.people import Identity, Role
from bot.storage import Storage
from bot.storage.tables import audit, dashboard_link, session
from tests.conftest import ADMIN, Core, make_core
from tests.dashboard.stage import link


async def asked(core: Core, who: str = ADMIN) -> str:
    """The code of a fresh link."""
    return (await link(core, who)).partition("code=")[2]


async def signed_in(core: Core, who: str = ADMIN) -> str:
    """The secret of a session."""
    secret = await core.office.enter(await asked(core, who))
    assert secret
    return secret


async def acts(storage: Storage) -> list[str]:
    async with storage.begin() as work:
        rows = await work.audit._connection.execute(sa.select(audit.c.action).order_by(audit.c.id))
        return [row.action for row in rows]


async def test_a_link_lets_an_admin_in(core: Core) -> None:
    guest = await core.office.guest(await signed_in(core))
    assert guest
    assert (str(guest.account.identity), guest.role) == ("fake:root", Role.OWNER)


async def test_a_link_works_once(core: Core) -> None:
    code = await asked(core)
    assert await core.office.enter(code)
    assert await core.office.enter(code) is None


async def test_a_link_does_not_last(core: Core) -> None:
    code = await asked(core)
    core.clock.pass_(minutes=LINK_MINUTES)
    assert await core.office.enter(code) is None


async def test_a_second_link_voids_the_first(core: Core) -> None:
    first, second = await asked(core), await asked(core)
    assert await core.office.enter(first) is None
    assert await core.office.enter(second)


@pytest.mark.parametrize("change", [0, 70, -1])
async def test_a_link_that_was_changed_is_none(core: Core, change: int) -> None:
    letters = list(await asked(core))
    letters[change] = "0" if letters[change] != "0" else "1"
    assert await core.office.enter("".join(letters)) is None


@pytest.mark.parametrize("made_up", ["", ".", "a.b.c", "a." + "0" * 64, "ü.é"])
async def test_what_we_did_not_sign_is_refused(core: Core, made_up: str) -> None:
    assert await core.office.enter(made_up) is None


async def test_nobody_but_admins_gets_a_link(core: Core) -> None:
    assert await core.say("ada", "/dashboard") == "I do not know the command `dashboard`. /help lists what I know."


async def test_there_is_no_link_where_others_read_along(storage: Storage) -> None:
    policy = AccessPolicy(admin_chats={Identity(platform="fake", user="ops")})
    core = make_core(storage, policy=policy)
    answer = await core.say(ADMIN, "/dashboard", chat="ops")
    assert answer == "Not where others read along: please ask me in a direct message."


async def test_whoever_is_no_admin_any_more_is_out(core: Core) -> None:
    await core.say("ada", "hello")
    await core.say(ADMIN, "/role ada support")
    secret = await signed_in(core, "ada")
    assert await core.office.guest(secret)
    await core.say(ADMIN, "/role ada member")
    assert await core.office.guest(secret) is None


async def test_whoever_was_blocked_meanwhile_cannot_use_a_link(core: Core) -> None:
    await core.say("ada", "hello")
    await core.say(ADMIN, "/role ada support")
    code = await asked(core, "ada")
    await core.say(ADMIN, "/role ada member")
    assert await core.office.enter(code) is None


async def test_a_session_ends_by_itself(core: Core) -> None:
    secret = await signed_in(core)
    core.clock.pass_(seconds=SESSION / timedelta(seconds=1))
    assert await core.office.guest(secret) is None


async def test_whoever_signs_out_is_out(core: Core) -> None:
    secret = await signed_in(core)
    guest = await core.office.guest(secret)
    assert guest
    await core.office.leave(guest, secret)
    assert await core.office.guest(secret) is None


async def test_digests_alone_are_kept(core: Core) -> None:
    code = await asked(core)
    secret = await signed_in(core)
    async with core.storage.begin() as work:
        rows = [
            str(row)
            for table in (dashboard_link, session)
            for row in await work.sessions._connection.execute(sa.select(table))
        ]
    assert rows
    assert not any(code in row or secret in row for row in rows)


async def test_coming_and_going_are_on_record(core: Core) -> None:
    secret = await signed_in(core)
    guest = await core.office.guest(secret)
    assert guest
    await core.office.leave(guest, secret)
    assert await acts(core.storage) == ["dashboard.enter", "dashboard.leave"]


async def test_a_signature_is_good_for_one_purpose(core: Core) -> None:
    doors = core.office.doors
    assert doors.read("errand", doors.signed("errand", "x")) == "x"
    assert doors.read("code", doors.signed("errand", "x")) is None


async def test_without_an_address_there_is_no_dashboard(core: Core) -> None:
    core.dispatcher._switchboard.doors = None
    assert "DASHBOARD_URL" in await core.say(ADMIN, "/dashboard")
