"""Who is let in, as what, and where they have their rights."""

import pytest

from bot.domain.access import AccessPolicy, Entry
from bot.domain.people import Belonging, Identity, Role
from bot.domain.updates import Place

ADA = Identity(platform="slack", user="T1/U1")
ALONE = Place(platform="slack", chat="T1/D1", private=True)
TEAM = Place(platform="slack", chat="T1/C1", thread="17.5", private=False)
TELEGRAM_GROUP = Place(platform="telegram", chat="-1001", private=False)


def role(
    policy: AccessPolicy,
    *,
    belonging: Belonging | None = "full",
    given: Role | None = None,
    blocked: bool = False,
    place: Place = ALONE,
) -> Role:
    return policy.role(ADA, belonging, given=given, blocked=blocked, place=place)


def test_an_open_bot_lets_everybody_in_as_a_member() -> None:
    assert role(AccessPolicy()) is Role.MEMBER


@pytest.mark.parametrize("entry", ["list", "invitation", "approval"])
def test_behind_a_door_a_stranger_is_a_newcomer(entry: Entry) -> None:
    assert role(AccessPolicy(entry=entry)) is Role.NEWCOMER


@pytest.mark.parametrize("name", ["slack:T1/U1", "slack:T1", "slack:T1/C1"])
def test_the_list_takes_people_workspaces_and_chats(name: str) -> None:
    policy = AccessPolicy(entry="list", allowed={Identity.parse(name)})
    assert role(policy, place=TEAM) is Role.MEMBER


def test_a_chat_on_the_list_opens_no_other_chat() -> None:
    policy = AccessPolicy(entry="list", allowed={Identity.parse("slack:T1/C1")})
    assert role(policy, place=ALONE) is Role.NEWCOMER


def test_an_id_on_the_list_counts_on_its_own_platform_only() -> None:
    policy = AccessPolicy(entry="list", allowed={Identity.parse("telegram:T1/U1"), Identity.parse("telegram:T1")})
    assert role(policy) is Role.NEWCOMER


@pytest.mark.parametrize("belonging", ["guest", "external", None])
def test_guests_strangers_and_those_nobody_knows_stay_outside_of_an_open_bot(belonging: Belonging | None) -> None:
    assert role(AccessPolicy(), belonging=belonging) is Role.BLOCKED


def test_guests_and_people_of_other_organisations_are_let_in_separately() -> None:
    assert role(AccessPolicy(guests=True), belonging="guest") is Role.GUEST
    assert role(AccessPolicy(guests=True), belonging="external") is Role.BLOCKED
    assert role(AccessPolicy(external=True), belonging="external") is Role.GUEST
    assert role(AccessPolicy(external=True), belonging="guest") is Role.BLOCKED


def test_a_role_that_an_admin_gave_stands_above_the_policy() -> None:
    assert role(AccessPolicy(entry="list"), given=Role.SUPPORT, belonging="external") is Role.SUPPORT


def test_nobody_becomes_an_owner_but_by_the_setting() -> None:
    assert role(AccessPolicy(), given=Role.OWNER) is Role.ADMIN
    assert role(AccessPolicy(owners={ADA})) is Role.OWNER


def test_a_block_takes_everything_from_everybody_but_an_owner() -> None:
    assert role(AccessPolicy(), given=Role.ADMIN, blocked=True) is Role.BLOCKED
    assert role(AccessPolicy(owners={ADA}), blocked=True) is Role.OWNER


def test_where_others_read_along_nobody_is_more_than_a_member() -> None:
    assert AccessPolicy().here(Role.OWNER, TEAM) is Role.MEMBER
    assert AccessPolicy().here(Role.OWNER, ALONE) is Role.OWNER
    assert AccessPolicy().here(Role.BLOCKED, TEAM) is Role.BLOCKED


def test_an_admin_chat_is_as_good_as_a_direct_message_in_each_of_its_threads() -> None:
    policy = AccessPolicy(admin_chats={Identity.parse("slack:T1/C1")})
    assert policy.here(Role.ADMIN, TEAM) is Role.ADMIN
    assert policy.here(Role.ADMIN, TELEGRAM_GROUP) is Role.MEMBER


@pytest.mark.parametrize("given", [None, Role.ADMIN])
def test_a_group_that_speaks_itself_is_a_guest_whatever_anybody_says(given: Role | None) -> None:
    assert role(AccessPolicy(), belonging="group", given=given) is Role.GUEST
    assert role(AccessPolicy(owners={ADA}), belonging="group") is Role.GUEST
    assert role(AccessPolicy(), belonging="group", blocked=True) is Role.BLOCKED
    assert role(AccessPolicy(entry="list"), belonging="group") is Role.NEWCOMER
