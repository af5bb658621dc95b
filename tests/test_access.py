"""Who is answered, and who has which commands where, as people see it."""

import pytest

from bot.commands import Role
from bot.domain.access import AccessPolicy, Entry
from bot.domain.people import Identity
from bot.storage import Storage
from tests.conftest import ADMIN, Core, make_core

TEAM = "team"


async def give(core: Core, user: str, role: Role | None) -> None:
    """Make somebody something, as if an admin had done so."""
    await core.say(user, "/start")
    async with core.storage.begin() as work:
        account = await work.people.find(Identity(platform="fake", user=user))
        assert account is not None
        await work.people.set_role(account.id, role)


async def said_to(core: Core, user: str, text: str) -> str:
    """What somebody is answered, whatever others are told at the same time."""
    await core.say(user, text)
    return next(said for chat, said in reversed(core.platform.sent) if chat == user)


async def refusals(core: Core) -> list[tuple[str, str]]:
    """Who was refused what, the oldest first."""
    async with core.storage.begin() as work:
        records = await work.audit.last(20)
    return [(one.actor, one.facts["command"]) for one in reversed(records) if one.action == "refused"]


async def test_an_admins_command_does_not_exist_where_others_read_along(core: Core) -> None:
    typed = await core.say(ADMIN, "/users ada", chat=TEAM)
    unknown = await core.say(ADMIN, "/dance ada", chat=TEAM)
    assert typed == unknown.replace("dance", "users")
    assert await refusals(core) == [("fake:root", "users ada")]


async def test_an_admin_chat_has_the_admins_commands(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(admin_chats={Identity(platform="fake", user=TEAM)}))
    assert "fake:root" in await core.say(ADMIN, "/users", chat=TEAM)
    assert "do not know the command" in await core.say("ada", "/users", chat=TEAM)


async def test_an_admin_made_in_a_chat_is_one(core: Core) -> None:
    await give(core, "ada", Role.ADMIN)
    assert "5 → 9" in await core.say("ada", "/quota set @ada messages 9")


async def test_support_sees_and_changes_nothing(core: Core) -> None:
    await give(core, "ada", Role.SUPPORT)
    assert "plan `free`" in await core.say("ada", "/quota show @ada")
    assert "do not know the command `quota set`" in await core.say("ada", "/quota set @ada messages 9")
    assert "do not know the command `block`" in await core.say("ada", "/block @ada")
    assert await refusals(core) == [("fake:ada", "quota set"), ("fake:ada", "block @ada")]


async def test_help_lists_what_somebody_may_use_where_they_ask(core: Core) -> None:
    await give(core, "ada", Role.SUPPORT)
    alone, among_others = await core.say("ada", "/help"), await core.say("ada", "/help", chat=TEAM)
    assert "/users" in alone
    assert "/block" not in alone
    assert "/users" not in among_others


@pytest.mark.parametrize(
    ("entry", "told"),
    [("list", "your id is `fake:ada`"), ("invitation", "invited people"), ("approval", "admins")],
)
async def test_behind_a_door_newcomers_are_not_answered_and_cost_nothing(
    storage: Storage, entry: Entry, told: str
) -> None:
    core = make_core(storage, policy=AccessPolicy(entry=entry))
    for said in ("hello", "/usage", "/quota show", "/dance", "/start", "/help"):
        assert told in await said_to(core, "ada", said)
    assert core.model.prompts == []
    assert await refusals(core) == []


async def test_whoever_is_on_the_list_is_answered(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(entry="list", allowed={Identity(platform="fake", user="ada")}))
    assert await core.say("ada", "hello") == "echo: hello"


async def test_owners_need_nobody_to_let_them_in(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(entry="list"))
    assert await core.say(ADMIN, "hello") == "echo: hello"


async def test_a_guest_talks_and_has_no_members_commands(core: Core) -> None:
    await give(core, "ada", Role.GUEST)
    assert await core.say("ada", "hello") == "echo: hello"


async def test_a_guest_of_a_workspace_is_turned_away(core: Core) -> None:
    assert "cannot use this bot" in await core.say("ada", "hello", belonging="guest")
    assert "cannot use this bot" in await core.say("ada", "/usage", belonging="external")


async def test_a_guest_is_let_in_by_the_setting_or_by_a_role(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(guests=True))
    assert await core.say("ada", "hello", belonging="guest") == "echo: hello"
    assert "cannot use this bot" in await core.say("ben", "hello", belonging="external")
    await core.say(ADMIN, "/role @ben guest")
    assert await core.say("ben", "hello again", belonging="external") == "echo: hello again"


async def test_whether_somebody_is_a_guest_is_asked_once_and_remembered(storage: Storage) -> None:
    core = make_core(storage)
    core.platform.belongings = {"ada": "full"}
    assert await core.say("ada", "one", belonging=None) == "echo: one"
    core = make_core(storage)
    assert await core.say("ada", "two", belonging=None) == "echo: two"
    assert core.platform.asked_about == []


async def test_whoever_the_platform_does_not_know_is_no_member(core: Core) -> None:
    assert "cannot use this bot" in await core.say("ada", "hello", belonging=None)
    assert core.platform.asked_about == ["fake:ada"]


async def test_somebody_of_a_workspace_who_was_named_before_they_wrote_is_asked_about_all_the_same(
    core: Core,
) -> None:
    await core.say(ADMIN, "/quota set fake:T1/ada messages 5")
    assert "cannot use this bot" in await core.say("T1/ada", "hello", belonging=None)


async def test_wordless_messages_are_for_those_who_are_in(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(entry="list"))
    assert "cannot use this bot yet" in await core.say("ada", " ")
    assert "nothing in your message that I can read" in await core.say(ADMIN, " ")


async def test_whoever_goes_on_and_on_does_not_fill_the_log(core: Core) -> None:
    for _ in range(25):
        await core.say("ada", "/block @root")
    async with core.storage.begin() as work:
        assert len(await work.audit.last(100)) == 20
