"""One person on several platforms, as they see it."""

import asyncio
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from bot.access import Access
from bot.commands.linking import joint_role
from bot.domain.access import AccessPolicy
from bot.domain.people import Identity, Role
from bot.storage import Account, Storage
from bot.storage.tables import TurnState, charge, turn
from bot.storage.tables import account as account_table
from tests.conftest import ADMIN, Core, make_core
from tests.databases import on

Joint = Callable[[Role | None, Role | None], Role | None]


async def offered(core: Core, user: str) -> str:
    """The code that somebody is given."""
    found = re.search(r"/link ((?:[0-9A-Z]{4}-){2}[0-9A-Z]{2})`", await core.say(user, "/link"))
    assert found
    return found[1]


async def linked(core: Core, one: str = "ada", other: str = "ben") -> None:
    """Make two people one: the first gives the code, the second sends it."""
    code = await offered(core, one)
    await core.say(other, f"/link {code}")
    await core.click(other, "Join")


def account(*, role: Role | None = None, user: str = "ada") -> Account:
    return Account(
        id=1,
        identity=Identity(platform="fake", user=user),
        name="Ada",
        username=None,
        language=None,
        chosen_language=None,
        quiet=False,
        blocked=False,
        role=role,
        belonging="full",
        pinned_model=None,
        busy="queue",
        plan=None,
        plan_until=None,
        counted_from=0,
        head_start=0,
        frozen=False,
        zone=None,
    )


async def accounts(core: Core, *users: str) -> list[int]:
    async with core.storage.begin() as work:
        found = [await work.people.find(Identity(platform="fake", user=user)) for user in users]
    return [one.id for one in found if one]


async def test_two_become_one_with_one_quota(core: Core) -> None:
    await core.say("ada", "one")
    await core.say("ben", "two")
    await linked(core)
    assert "Messages today: 2 of 5" in await core.say("ada", "/usage")
    assert "Messages today: 2 of 5" in await core.say("ben", "/usage")
    assert len(set(await accounts(core, "ada", "ben"))) == 1


async def test_a_stranger_joins_with_a_code_alone(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(entry="invitation"))
    await core.say(ADMIN, "/role fake:ada member")
    code = await offered(core, "ada")
    assert "Join with `Ada (@ada, fake:ada)`?" in await core.say("ben", f"/link {code}")
    await core.click("ben", "Join")
    assert await core.say("ben", "hello") == "echo: hello"


async def test_nobody_who_is_not_in_gives_codes(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(entry="invitation"))
    assert "invited people" in await core.say("ben", "/link")


async def test_nor_by_pretending_to_confirm_something(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(entry="invitation"))
    await core.say("ben", "hello")
    (ben,) = await accounts(core, "ben")
    minute = int(core.clock.now().timestamp()) // 60
    assert "invited people" in await core.say("ben", f"/link confirmed {ben}.{minute}")


async def test_an_owner_is_out_of_reach_under_each_of_their_identities(core: Core) -> None:
    await linked(core, ADMIN, "ben")
    await core.say(ADMIN, "/role fake:boss admin")
    await core.click(ADMIN, "Make an admin")
    assert "out of your reach" in await core.say("boss", "/block fake:ben")
    assert "out of your reach" in await core.say("boss", "/role fake:ben guest")
    await core.say("boss", "/user fake:ben")
    assert core.platform.labels[-1] == ["What happened"]


async def test_the_other_side_is_told(core: Core) -> None:
    await linked(core)
    assert ("ada", "`Ben (@ben, fake:ben)` was joined to your account.") in core.platform.sent


async def test_nothing_is_joined_without_a_click(core: Core) -> None:
    code = await offered(core, "ada")
    await core.say("ben", f"/link {code}")
    assert len(set(await accounts(core, "ada", "ben"))) == 2


async def test_a_code_is_used_once(core: Core) -> None:
    code = await offered(core, "ada")
    await core.say("ben", f"/link {code}")
    await core.click("ben", "Join")
    assert "joins nothing" in await core.say("carl", f"/link {code}")


async def test_a_click_that_comes_twice_joins_once(core: Core) -> None:
    await linked(core)
    assert "for whoever asked" in await core.click("ben", "Join")
    async with core.storage.begin() as work:
        assert [one.action for one in await work.audit.last(5)] == ["link"]


async def test_a_code_lives_for_ten_minutes(core: Core) -> None:
    code = await offered(core, "ada")
    core.clock.pass_(minutes=11)
    assert "joins nothing" in await core.say("ben", f"/link {code}")


async def test_a_new_code_voids_the_one_before(core: Core) -> None:
    code = await offered(core, "ada")
    await offered(core, "ada")
    assert "joins nothing" in await core.say("ben", f"/link {code}")


async def test_ones_own_code_is_for_the_other_account(core: Core) -> None:
    code = await offered(core, "ada")
    assert "send it from there" in await core.say("ada", f"/link {code}")


async def test_codes_are_not_shown_where_others_read_along(core: Core) -> None:
    assert "direct message" in await core.say("ada", "/link", chat="team")
    code = await offered(core, "ada")
    assert "direct message" in await core.say("ben", f"/link {code}", chat="team")


async def test_ones_identities_are_not_shown_where_others_read_along(core: Core) -> None:
    await linked(core)
    assert "direct message" in await core.say("ada", "/unlink", chat="team")


async def test_guessing_ends_after_five_tries(core: Core) -> None:
    code = await offered(core, "ada")
    for number in range(5):
        assert "joins nothing" in await core.say("ben", f"/link {number:010}")
    assert "Too many codes" in await core.say("ben", f"/link {code}")


async def test_a_blocked_person_gets_around_nothing(core: Core) -> None:
    code = await offered(core, "ada")
    await core.say(ADMIN, "/block @ada")
    await core.click(ADMIN, "⛔ Block")
    assert "joins nothing" in await core.say("ben", f"/link {code}")
    assert "cannot use this bot" in await core.say("ada", f"/link {code}")


async def test_while_an_answer_is_written_nothing_is_joined(core: Core) -> None:
    code = await offered(core, "ada")
    await core.say("ada", "hello")
    async with core.storage.begin() as work:
        await work.people._connection.execute(turn.update().values(state=TurnState.RUNNING))
    await core.say("ben", f"/link {code}")
    assert "try again when it is there" in await core.click("ben", "Join")


async def test_joining_and_parting_are_on_record(core: Core) -> None:
    await linked(core)
    await core.say("ben", "/unlink fake:ben")
    await core.click("ben", "Part")
    async with core.storage.begin() as work:
        parted, joined = await work.audit.last(2)
    assert (joined.action, joined.actor, joined.facts) == ("link", "fake:ben", {"joined": ["fake:ada"], "role": None})
    assert (parted.action, parted.subject) == ("unlink", "fake:ben")


async def test_parting_makes_two_of_one_and_leaves_what_was_used(core: Core) -> None:
    await core.say("ben", "one")
    await linked(core)
    answer = await core.say("ben", "/unlink")
    assert "• `Ada (@ada, fake:ada)`" in answer
    await core.click("ben", "Ben (@ben, fake:ben)")
    await core.click("ben", "Part")
    assert len(set(await accounts(core, "ada", "ben"))) == 2
    assert "Messages today: 1 of 5" in await core.say("ada", "/usage")


async def test_parting_takes_limits_along(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ben messages 1")
    await linked(core)
    await core.say("ben", "/unlink fake:ben")
    await core.click("ben", "Part")
    assert "of 1" in await core.say("ben", "/usage")


async def test_nobody_parts_again_and_again_to_begin_with_nothing_used(core: Core) -> None:
    await linked(core)
    await core.say("ben", "/unlink fake:ben")
    await core.click("ben", "Part")
    await linked(core)
    assert "within the last 30 days" in await core.say("ben", "/unlink fake:ben")


@pytest.mark.parametrize("name", ["fake:carl", "ben", "fake:ada fake:ben"])
async def test_only_ones_own_identities_part(core: Core, name: str) -> None:
    await core.say("carl", "hello")
    await linked(core)
    assert "Usage: `/unlink [PLATFORM:ID]`" in await core.say("ben", f"/unlink {name}")


async def test_whoever_is_one_has_nothing_to_part(core: Core) -> None:
    assert "but this one identity" in await core.say("ada", "/unlink")


class TestRoles:
    """Joining lets nobody rise."""

    @pytest.fixture
    def joint(self) -> Joint:
        access = Access(AccessPolicy())
        return lambda one, other: joint_role(access, account(role=one), account(role=other))

    @pytest.mark.parametrize(
        ("one", "other", "both"),
        [
            (None, None, None),
            (Role.ADMIN, None, Role.MEMBER),
            (Role.GUEST, None, Role.GUEST),
            (Role.ADMIN, Role.SUPPORT, Role.SUPPORT),
            (Role.ADMIN, Role.ADMIN, Role.ADMIN),
            (Role.MEMBER, Role.GUEST, Role.GUEST),
        ],
    )
    def test_the_lower_role_counts(
        self,
        joint: Callable[[Role | None, Role | None], Role | None],
        *,
        one: Role | None,
        other: Role | None,
        both: Role | None,
    ) -> None:
        assert joint(one, other) is both
        assert joint(other, one) is both

    def test_an_owners_other_identity_is_no_owner(self) -> None:
        owner = account(user="root")
        access = Access(AccessPolicy(owners={owner.identity}))
        assert joint_role(access, owner, account()) is Role.MEMBER
        assert access.rank(account(role=Role.MEMBER)) is Role.MEMBER

    def test_a_newcomer_becomes_a_member_at_most(self) -> None:
        access = Access(AccessPolicy(entry="invitation"))
        assert joint_role(access, account(role=Role.ADMIN), account()) is Role.MEMBER
        assert joint_role(access, account(role=Role.GUEST), account()) is Role.GUEST


async def asked(core: Core, user: str, code: str) -> str:
    """Somebody sends the other's code; what the button says that they are shown."""
    await core.say(user, f"/link {code}")
    return f"/{core.platform.buttons[-1][0]}"


@on("postgresql")
@pytest.mark.parametrize("pair", range(5))
async def test_two_who_link_each_other_at_once_in_two_processes_become_one_and_lose_nothing(
    storage: Storage, database_url: str, pair: int
) -> None:
    ada, ben = f"ada{pair}", f"ben{pair}"
    elsewhere = Storage.open(database_url)
    here, there = make_core(storage), make_core(elsewhere)
    for user in (ada, ben):
        await here.say(user, "hello")
    codes = await offered(here, ada), await offered(here, ben)
    clicks = await asked(here, ada, codes[1]), await asked(here, ben, codes[0])
    for user, click in zip((ada, ben), clicks, strict=True):
        await here.hear(user, click, clicked=True)
    ((first,), (second,)) = await here.inbox.claim(1), await there.inbox.claim(1)
    here.dispatcher.start(first)
    there.dispatcher.start(second)
    await asyncio.gather(here.dispatcher.drain(60), there.dispatcher.drain(60))
    await here.work()

    (one, same) = await accounts(here, ada, ben)
    assert one == same
    for table in (turn, charge, account_table):
        column = table.c.id if table is account_table else table.c.account_id
        async with storage.begin() as work:
            query = sa.select(column, sa.func.count()).group_by(column)
            owned = [tuple(row) for row in await work.people._connection.execute(query)]
        assert owned == [(one, 1 if table is account_table else 2)]
    await elsewhere.close()
    said = [text for _, text in [*here.platform.sent, *there.platform.sent]]
    assert sum(text.startswith("Joined") for text in said) == 1
    assert "echo: again" in await here.say(ben, "again")
