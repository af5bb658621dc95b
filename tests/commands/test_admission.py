"""Newcomers at the door, and invitations."""

import re

import pytest

from bot.domain.access import AccessPolicy
from bot.domain.people import Identity
from bot.storage import AuditRecord, Storage
from tests.conftest import ADMIN, Core, make_core

ASKED = "I have asked the admins"


@pytest.fixture
async def door(storage: Storage) -> Core:
    """A core with a door, and two admins who open it."""
    core = make_core(storage, policy=AccessPolicy(entry="approval"))
    await core.say(ADMIN, "/role fake:boss admin")
    await core.click(ADMIN, "Make an admin")
    return core


@pytest.fixture
def invited(storage: Storage) -> Core:
    return make_core(storage, policy=AccessPolicy(entry="invitation"))


def said_to(core: Core, user: str) -> list[str]:
    return [said for chat, said in core.platform.sent if chat == user]


async def audit(core: Core) -> list[AuditRecord]:
    async with core.storage.begin() as work:
        return [*reversed(await work.audit.last(50))]


async def invitation(core: Core, terms: str = "") -> str:
    """A fresh code."""
    found = re.search(r"`((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})`", await core.say(ADMIN, f"/invite {terms}"))
    assert found
    return found[1]


class TestTheDoor:
    async def test_a_newcomer_is_told_and_every_admin_is_asked(self, door: Core) -> None:
        await door.say("ada", "hello")
        assert ASKED in said_to(door, "ada")[-1]
        for admin in (ADMIN, "boss"):
            assert said_to(door, admin)[-1] == "`Ada (@ada, fake:ada)` would like to use this bot."
        assert door.platform.labels[-1] == ["✅ Let in", "⛔ Turn away"]

    async def test_the_message_is_answered_after_the_approval(self, door: Core) -> None:
        await door.say("ada", "hello")
        await door.click(ADMIN, "✅ Let in", chat=ADMIN)
        assert said_to(door, "ada")[-2:] == ["You have been let in. Welcome!", "echo: hello"]
        assert "`Ada (@ada, fake:ada)`: newcomer → member" in said_to(door, ADMIN)[-1]
        assert await door.say("ada", "more") == "echo: more"

    async def test_the_first_question_is_kept_whatever_came_before_and_after(self, door: Core) -> None:
        await door.say("ada", "/start")
        assert "You will hear from me" in said_to(door, "ada")[-1]
        await door.say("ada", "the question")
        await door.say("ada", "hurry")
        assert "have not decided yet" in said_to(door, "ada")[-1]
        await door.click(ADMIN, "✅ Let in", chat=ADMIN)
        assert [said for said in said_to(door, "ada") if said.startswith("echo")] == ["echo: the question"]

    async def test_admins_are_asked_once_for_each_newcomer(self, door: Core) -> None:
        for said in ("one", "two", "/start"):
            await door.say("ada", said)
        assert sum("would like" in said for said in said_to(door, ADMIN)) == 1

    async def test_of_two_admins_one_wins_and_the_other_is_told(self, door: Core) -> None:
        await door.say("ada", "hello")
        for admin, label in ((ADMIN, "⛔ Turn away"), ("boss", "✅ Let in")):
            command = f"newcomers {'deny' if 'Turn' in label else 'approve'} fake:ada"
            await door.hear(admin, f"/{command}", chat=admin, clicked=True)
        await door.work()
        told = {admin: said_to(door, admin)[-1] for admin in (ADMIN, "boss")}
        (loser,) = (said for said in told.values() if said.startswith("Too late"))
        (winner,) = (admin for admin, said in told.items() if not said.startswith("Too late"))
        assert f"by `fake:{winner}` already" in loser
        assert len([one for one in await audit(door) if one.action in ("admit", "deny")]) == 1

    async def test_a_click_twice_lets_in_once(self, door: Core) -> None:
        await door.say("ada", "hello")
        await door.click(ADMIN, "✅ Let in", chat=ADMIN)
        await door.click("boss", "✅ Let in", chat="boss")
        assert "was let in by `fake:root` already" in said_to(door, "boss")[-1]
        assert said_to(door, "ada").count("echo: hello") == 1

    async def test_whoever_is_turned_away_is_told_and_asks_nobody_again(self, door: Core) -> None:
        await door.say("ada", "hello")
        await door.click(ADMIN, "⛔ Turn away", chat=ADMIN)
        assert said_to(door, "ada")[-1] == "The admins did not let you in."
        await door.say("ada", "please")
        assert "cannot use this bot" in said_to(door, "ada")[-1]
        assert sum("would like" in said for said in said_to(door, ADMIN)) == 1

    async def test_whoever_was_turned_away_by_mistake_waits_again(self, door: Core) -> None:
        await door.say("ada", "hello")
        await door.click(ADMIN, "⛔ Turn away", chat=ADMIN)
        assert "waiting at the door → turned away" in said_to(door, ADMIN)[-1]
        await door.click(ADMIN, "↩ Take it back", chat=ADMIN)
        assert "turned away → waiting at the door" in said_to(door, ADMIN)[-1]
        await door.say(ADMIN, "/newcomers approve fake:ada")
        assert said_to(door, "ada")[-1] == "echo: hello"

    async def test_a_newcomer_cannot_let_themselves_in(self, door: Core) -> None:
        await door.say("ada", "hello")
        await door.click("ada", "✅ Let in", chat="ada")
        assert "have not decided yet" in said_to(door, "ada")[-1]

    async def test_a_member_cannot_let_anybody_in(self, door: Core) -> None:
        await door.say(ADMIN, "/role fake:ben member")
        await door.say("ada", "hello")
        await door.click("ben", "✅ Let in", chat="ben")
        assert "do not know the command `newcomers`" in said_to(door, "ben")[-1]

    async def test_a_role_lets_in_too(self, door: Core) -> None:
        await door.say("ada", "hello")
        await door.say(ADMIN, "/role @ada guest")
        assert said_to(door, "ada")[-1] == "echo: hello"
        await door.click("boss", "✅ Let in", chat="boss")
        assert "was let in by `fake:root` already" in said_to(door, "boss")[-1]

    async def test_who_is_waiting_is_listed_with_buttons(self, door: Core) -> None:
        await door.say("ada", "hello")
        answer = await door.say(ADMIN, "/newcomers")
        assert "• `Ada (@ada, fake:ada)`" in answer
        assert [label[:1] for label in door.platform.labels[-1]] == ["✅", "⛔"]
        await door.click(ADMIN, "✅ Let in", chat=ADMIN)
        assert "Nobody is waiting" in await door.say(ADMIN, "/newcomers")

    async def test_an_approval_is_taken_back(self, door: Core) -> None:
        await door.say("ada", "hello")
        await door.click(ADMIN, "✅ Let in", chat=ADMIN)
        await door.click(ADMIN, "↩ Take it back", chat=ADMIN)
        await door.say("ada", "again")
        assert ASKED in said_to(door, "ada")[-1]

    async def test_a_crowd_at_the_door_is_a_list_and_no_flood(self, door: Core) -> None:
        for number in range(30):
            await door.say(f"u{number}", "hello")
        notices = [said for said in said_to(door, ADMIN) if "would like" in said or "Many people" in said]
        assert len(notices) == 21
        assert "Many people knock" in notices[-1]


class TestInvitations:
    async def test_a_code_lets_its_finder_in(self, invited: Core) -> None:
        code = await invitation(invited)
        assert "invited people" in await invited.say("ada", "hello")
        assert "Welcome" in await invited.say("ada", f"/join {code}")
        assert await invited.say("ada", "hello") == "echo: hello"

    @pytest.mark.parametrize("written", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
    async def test_a_code_is_read_however_it_is_written(self, invited: Core, written: object) -> None:
        assert callable(written)
        code = written(await invitation(invited))
        assert "Welcome" in await invited.say("ada", f"/start {code}")

    async def test_a_code_is_used_once(self, invited: Core) -> None:
        code = await invitation(invited)
        await invited.say("ada", f"/join {code}")
        assert "lets nobody in" in await invited.say("ben", f"/join {code}")

    async def test_a_code_for_several_is_used_that_often(self, invited: Core) -> None:
        code = await invitation(invited, "2")
        answers = [await invited.say(user, f"/join {code}") for user in ("ada", "ben", "carl")]
        assert ["Welcome" in answer for answer in answers] == [True, True, False]

    async def test_many_at_once_do_not_use_a_code_more_often(self, invited: Core) -> None:
        code = await invitation(invited, "3")
        for number in range(10):
            await invited.hear(f"u{number}", f"/join {code}")
        await invited.work()
        assert sum("Welcome" in said for _, said in invited.platform.sent) == 3

    async def test_members_do_not_use_a_code_up(self, invited: Core) -> None:
        code = await invitation(invited)
        await invited.say("ada", f"/join {code}")
        other = await invitation(invited)
        assert "in already" in await invited.say("ada", f"/join {other}")
        assert "Welcome" in await invited.say("ben", f"/join {other}")

    async def test_a_code_ends(self, invited: Core) -> None:
        code = await invitation(invited, "2 24h")
        invited.clock.pass_(hours=25)
        assert "lets nobody in" in await invited.say("ada", f"/join {code}")

    async def test_a_revoked_code_lets_nobody_in_until_that_is_taken_back(self, invited: Core) -> None:
        code = await invitation(invited)
        assert "Invitation no. 1: valid → revoked" in await invited.click(ADMIN, "Revoke")
        assert "lets nobody in" in await invited.say("ada", f"/join {code}")
        assert "revoked → valid" in await invited.click(ADMIN, "↩ Take it back", chat=ADMIN)
        assert "Welcome" in await invited.say("ada", f"/join {code}")

    async def test_making_a_code_is_taken_back(self, invited: Core) -> None:
        code = await invitation(invited)
        assert "valid → revoked" in await invited.say(ADMIN, "/revert 1")
        assert "lets nobody in" in await invited.say("ada", f"/join {code}")

    async def test_guessing_ends_after_five_tries_and_goes_on_after_an_hour(self, invited: Core) -> None:
        code = await invitation(invited)
        for number in range(5):
            assert "lets nobody in" in await invited.say("ada", f"/join {number:016}")
        assert "Too many codes" in await invited.say("ada", f"/join {code}")
        invited.clock.pass_(minutes=61)
        assert "Welcome" in await invited.say("ada", f"/join {code}")

    async def test_many_guessers_are_stopped_together(self, invited: Core) -> None:
        for number in range(100):
            await invited.hear(f"u{number}", "/join 0000")
        await invited.work()
        assert "Too many codes" in await invited.say("ada", "/join 0000")

    async def test_the_code_is_nowhere_in_the_database(self, invited: Core) -> None:
        code = await invitation(invited)
        async with invited.storage.begin() as work:
            (stored,) = await work.codes.invites(now=0)
        assert code not in str(stored)
        assert code not in str(await audit(invited))

    async def test_a_blocked_person_cannot_join(self, invited: Core) -> None:
        code = await invitation(invited)
        await invited.say("ada", "hello")
        await invited.say(ADMIN, "/block @ada")
        await invited.click(ADMIN, "⛔ Block")
        assert "cannot use this bot" in await invited.say("ada", f"/join {code}")

    async def test_a_guest_of_the_workspace_cannot_join(self, invited: Core) -> None:
        code = await invitation(invited)
        assert "cannot use this bot" in await invited.say("ada", f"/join {code}", belonging="guest")

    async def test_open_invitations_are_listed_without_their_codes(self, invited: Core) -> None:
        code = await invitation(invited, "5")
        answer = await invited.say(ADMIN, "/invite list")
        assert "5 uses left" in answer
        assert code not in answer

    @pytest.mark.parametrize("terms", ["0", "1001", "91d", "0d", "soon", "revoke", "revoke x"])
    async def test_terms_that_cannot_be_read_get_the_usage(self, invited: Core, terms: str) -> None:
        assert "For example: `/invite 5 3d`" in await invited.say(ADMIN, f"/invite {terms}")

    async def test_a_payload_that_is_no_code_does_not_keep_a_member_from_starting(self, core: Core) -> None:
        assert "language model answers" in await core.say("ada", "/start from-a-poster")


async def test_an_admin_of_a_platform_that_is_not_served_is_in_nobodys_way(storage: Storage) -> None:
    elsewhere = Identity(platform="elsewhere", user="1")
    core = make_core(storage, policy=AccessPolicy(entry="approval"), more_admins=[elsewhere])
    await core.say("ada", "hello")
    assert ASKED in said_to(core, "ada")[-1]
