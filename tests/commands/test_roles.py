"""What admins make of people, and what they cannot."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.people import Identity, Sender
from bot.storage import AuditRecord
from bot.storage.tables import audit as audit_table
from tests.conftest import ADMIN, Core


async def audit(core: Core) -> Sequence[AuditRecord]:
    """The audit log, the oldest first."""
    async with core.storage.begin() as work:
        return [*reversed(await work.audit.last(50))]


async def age(core: Core, number: int, **interval: float) -> None:
    """Make an act older."""
    earlier = audit_table.c.at - timedelta(**interval) // timedelta(milliseconds=1)
    async with core.storage.begin() as work:
        await work.audit._connection.execute(
            sa.update(audit_table).where(audit_table.c.id == number).values(at=earlier)
        )


def _sender(platform: str, user: str, username: str, name: str = "Zoe") -> Sender:
    return Sender(identity=Identity(platform=platform, user=user), name=name, username=username)


@pytest.fixture
async def met(core: Core) -> Core:
    """A core that Ada and Ben have spoken to, and where Boss is an admin."""
    for user in ("ada", "ben", "boss"):
        await core.say(user, "hello")
    await core.say(ADMIN, "/role @boss admin")
    await core.click(ADMIN, "Make an admin")
    return core


async def test_blocking_asks_first_and_tells_before_and_after(met: Core) -> None:
    assert "Block `Ada (@ada, fake:ada)`?" in await met.say("boss", "/block @ada")
    assert await met.say("ada", "still here") == "echo: still here"
    answer = await met.click("boss", "⛔ Block")
    assert "`Ada (@ada, fake:ada)`: not blocked → blocked" in answer
    assert "No. 2 in the audit log" in answer
    assert "cannot use this bot" in await met.say("ada", "and now")


async def test_blocking_somebody_blocked_changes_nothing(met: Core) -> None:
    await met.say("boss", "/block @ada")
    await met.click("boss", "⛔ Block")
    assert "is blocked already" in await met.click("boss", "⛔ Block")
    assert "is blocked already" in await met.say(ADMIN, "/block @ada")
    assert [one.action for one in await audit(met)] == ["role", "block"]


async def test_a_confirmation_is_of_use_to_nobody_but_its_asker(met: Core) -> None:
    await met.say("boss", "/block @ada")
    assert "for whoever asked for it" in await met.click(ADMIN, "⛔ Block", chat=ADMIN)
    assert "do not know the command" in await met.click("ben", "⛔ Block", chat="ben")
    assert await met.say("ada", "still here") == "echo: still here"


async def test_a_confirmation_is_of_no_use_after_a_while(met: Core) -> None:
    await met.say("boss", "/block @ada")
    met.clock.pass_(minutes=15)
    assert "too old" in await met.click("boss", "⛔ Block")


@pytest.mark.parametrize("stamp", ["", "confirmed", "confirmed now", "confirmed 1", "confirmed 1.9", "confirmed ９.９"])
async def test_a_forged_confirmation_confirms_nothing(met: Core, stamp: str) -> None:
    await met.say("boss", f"/block @ada {stamp}")
    assert await met.say("ada", "still here") == "echo: still here"


async def test_a_role_is_told_before_and_after_and_works_at_once(met: Core) -> None:
    assert "do not know" in await met.say("ada", "/users")
    assert "as the settings say → support" in await met.say("boss", "/role @ada support")
    assert "identities" in await met.say("ada", "/users")
    assert "support → as the settings say" in await met.say("boss", "/role @ada default")
    assert "do not know" in await met.say("ada", "/users")


async def test_only_an_owner_makes_admins_and_unmakes_them(met: Core) -> None:
    assert "higher role" in await met.say("boss", "/role @ada admin")
    assert "higher role" in await met.say("boss", "/role @boss member")
    assert "higher role" in await met.say("boss", f"/role {ADMIN} member")
    assert "admin → member" in await met.say(ADMIN, "/role @boss member")
    assert "do not know" in await met.say("boss", "/role @ada member")


async def test_an_admin_whom_an_owner_blocked_is_not_let_in_by_another(met: Core) -> None:
    await met.say(ADMIN, "/role @ben admin")
    await met.click(ADMIN, "Make an admin")
    await met.say(ADMIN, "/block @ben")
    await met.click(ADMIN, "⛔ Block")
    assert "higher role" in await met.say("boss", "/unblock @ben")


@pytest.mark.parametrize("arguments", ["", "@ada", "@ada owner", "@ada king", "@ada member please"])
async def test_a_role_that_cannot_be_read_gets_the_usage(met: Core, arguments: str) -> None:
    assert "For example: `/role @ada support`" in await met.say("boss", f"/role {arguments}")


async def test_a_reply_names_its_author(met: Core) -> None:
    assert "`Ada (@ada, fake:ada)`" in await met.say("boss", "/role guest", replied_to="ada")


async def test_a_name_that_two_people_have_is_asked_back_with_buttons(met: Core) -> None:
    async with met.storage.begin() as work:
        for platform in ("telegram", "slack"):
            for user in ("T1/U1", "T1/U2"):
                await work.people.meet(_sender(platform, user, "zoe"))
    answer = await met.say("boss", "/role @zoe guest")
    assert answer.startswith("`@zoe` might be: ")
    assert answer.count("Zoe") == 4
    chosen = next(label for label in met.platform.labels[-1] if "slack:T1/U2" in label)
    assert "`Zoe (@zoe, slack:T1/U2)`: as the settings say → guest" in await met.click("boss", chosen)


async def test_a_name_that_only_looks_like_one_is_asked_back(met: Core) -> None:
    answer = await met.say("boss", "/role @аdа guest")
    assert "`@аdа` might be: `Ada (@ada, fake:ada)`" in answer
    assert "guest" in await met.click("boss", "Ada (@ada, fake:ada)")


async def test_a_name_cannot_pass_for_another_person(met: Core) -> None:
    async with met.storage.begin() as work:
        await work.people.meet(_sender("fake", "evil", "evil", name="Ada (@ada, fake:ada)\u202e"))
    assert "`Ada [·ada, fake·ada] (@evil, fake:evil)`" in await met.say("boss", "/role @evil guest")


async def test_a_change_is_taken_back_by_its_button(met: Core) -> None:
    await met.say("boss", "/block @ada")
    await met.click("boss", "⛔ Block")
    answer = await met.click("boss", "↩ Take it back")
    assert "`block` of `fake:ada`: blocked → not blocked" in answer
    assert await met.say("ada", "back") == "echo: back"
    last = (await audit(met))[-1]
    assert (last.action, last.actor, last.subject, last.reverts) == ("revert", "fake:boss", "fake:ada", 2)


async def test_a_role_is_taken_back_by_number(met: Core) -> None:
    await met.say("boss", "/role @ada support")
    await met.say("boss", "/revert 2")
    assert "do not know" in await met.say("ada", "/users")


async def test_nothing_is_taken_back_twice(met: Core) -> None:
    await met.say("boss", "/role @ada support")
    await met.say("boss", "/revert 2")
    assert "taken back already" in await met.say(ADMIN, "/revert 2")


async def test_what_was_changed_again_is_not_taken_back(met: Core) -> None:
    await met.say("boss", "/role @ada support")
    await met.say("boss", "/role @ada guest")
    assert "changed again" in await met.say("boss", "/revert 2")
    await met.say("boss", "/role @ada support")
    assert "changed again" in await met.say("boss", "/revert 2")
    assert "support → guest" in await met.say("boss", "/revert 4")


async def test_a_later_change_of_something_else_is_in_nobodys_way(met: Core) -> None:
    await met.say("boss", "/role @ada support")
    await met.say("boss", "/block @ada")
    await met.click("boss", "⛔ Block")
    assert "support → as the settings say" in await met.say("boss", "/revert 2")


async def test_after_a_day_a_change_stays(met: Core) -> None:
    await met.say("boss", "/role @ada support")
    await age(met, 2, hours=24, minutes=1)
    assert "older than a day" in await met.say("boss", "/revert 2")


async def test_what_is_no_change_is_not_taken_back(met: Core) -> None:
    await met.say("ada", "/users")
    assert "nothing that can be taken back" in await met.say("boss", "/revert 2")
    assert "no change with the number 99" in await met.say("boss", "/revert 99")
    assert "Usage: `/revert NUMBER`" in await met.say("boss", "/revert all")


async def test_an_admin_does_not_take_back_what_only_an_owner_may_do(met: Core) -> None:
    await met.say(ADMIN, "/role @ben admin")
    await met.click(ADMIN, "Make an admin")
    assert "higher role" in await met.say("boss", "/revert 2")


async def test_the_audit_log_is_searched_by_person_act_and_age(met: Core) -> None:
    await met.say("boss", "/role @ada support")
    await met.say("boss", "/role @ben guest")
    await met.say("ben", "/users")
    everything = await met.say("boss", "/audit")
    assert re.findall("^• `([0-9]+)`", everything, re.MULTILINE) == ["4", "3", "2", "1"]
    assert "fake:ben" not in await met.say("boss", "/audit @ada")
    refused = await met.say("boss", "/audit refused")
    assert "users" in refused
    assert "`role`" not in refused
    await age(met, 2, days=3)
    assert "fake:ada" not in await met.say("boss", "/audit role 2d")
    assert "Nothing of that kind" in await met.say("boss", "/audit @ada 2d")


async def test_a_long_audit_log_has_pages(met: Core) -> None:
    for number in range(20):
        await met.say("boss", f"/role @ada {('guest', 'member')[number % 2]}")
    first = await met.say("boss", "/audit role")
    assert "• `21`" in first
    assert "• `6`" not in first
    second = await met.click("boss", "Older →")
    assert "• `6`" in second
    assert "• `7`" not in second


async def test_support_reads_the_audit_log_and_takes_nothing_back(met: Core) -> None:
    await met.say("boss", "/role @ada support")
    assert "fake:ada" in await met.say("ada", "/audit")
    assert "do not know the command `revert`" in await met.say("ada", "/revert 2")
