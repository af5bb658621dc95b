"""Slack's Home tab, forms and suggestions: the real adapter against the emulator, with the real core and database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.slack.emulator import Channel, Person
from adapters.slack.emulator.values import block_texts
from bot.domain.access import AccessPolicy
from bot.domain.people import Identity
from bot.storage import Storage
from tests.conftest import Core, make_core
from tests.scenarios.office import Office, office_of

ROOT = Identity(platform="slack", user="T1/U2")


@pytest.fixture
def ada(office: Office) -> Person:
    return office.slack.person("U1", name="ada")


@pytest.fixture
def root(office: Office) -> Person:
    return office.slack.person("U2", name="root")


@pytest.fixture
def core(storage: Storage, office: Office) -> Core:
    return make_core(storage, others=[office.platform], more_admins=[ROOT])


def text_of(view: Any) -> str:
    """What a person reads; the pieces of a line of rich text stand side by side."""
    return "\n".join("".join(block_texts(block)) for block in view["blocks"]) if view else ""


def button(view: Any, label: str) -> tuple[str, str]:
    elements = [one for block in view["blocks"] if block["type"] == "actions" for one in block["elements"]]
    found = next(one for one in elements if one["text"]["text"] == label)
    return found["action_id"], found.get("value", "")


async def home(office: Office, who: Person, *words: str) -> Any:
    """The Home tab of somebody, once all of these words stand in it."""
    await office.until(lambda: all(word in text_of(office.slack.home(who)) for word in words))
    return office.slack.home(who)


async def clicks(office: Office, who: Person, label: str, *words: str) -> Any:
    """Press a button of one's Home tab; returns the tab when these words stand in it."""
    await who.clicks_home(*button(office.slack.home(who), label))
    return await home(office, who, *words)


async def form(office: Office) -> Any:
    await office.until(lambda: office.slack.modals)
    return office.slack.modals[-1]


class TestHome:
    async def test_it_shows_use_conversations_and_settings(self, core: Core, office: Office, ada: Person) -> None:
        room = office.slack.dm(ada)
        async with office.open(core):
            await office.asks(ada, "soup", room)
            await core.dispatcher.settle()  # the page is drawn once, as things stand
            await ada.opens_home()
            view = await home(office, ada, "👋 ada", "▰▰", "Messages today: 1 of 5", "soup", "⚙️ What you chose")
        assert "For admins" not in text_of(view)
        assert all(block["type"] != "markdown" for block in view["blocks"])

    async def test_a_choice_is_made_there_and_shown_there(self, core: Core, office: Office, ada: Person) -> None:
        async with office.open(core):
            await ada.opens_home()
            await home(office, ada, "⏳ While I answer")
            await clicks(office, ada, "⏳ While I answer", "Leave it out")
            view = await clicks(office, ada, "Leave it out", "▶ I leave the new message out.\n", "Messages today")
        assert office.by_bot(office.slack.dm(ada)) == []
        assert text_of(view).count("I leave the new message out") == 2  # the page that was asked for, and the overview

    async def test_a_conversation_goes_on_from_there(self, core: Core, office: Office, ada: Person) -> None:
        room = office.slack.dm(ada)
        async with office.open(core):
            await office.asks(ada, "soup", room)
            await office.asks(ada, "new", room)
            await office.asks(ada, "rain", room)
            await ada.opens_home()
            await home(office, ada, "▶ soup")
            await clicks(office, ada, "▶ soup", "soup goes on here from now.")
            await office.asks(ada, "salt?", room)
        assert [one.text for one in core.model.prompts[-1].messages[1:]] == ["soup", "echo: soup", "salt?"]

    async def test_what_takes_a_chat_is_answered_in_the_chat(self, core: Core, office: Office, ada: Person) -> None:
        room = office.slack.dm(ada)
        async with office.open(core):
            await office.asks(ada, "soup", room)
            await core.dispatcher.settle()
            await ada.opens_home()
            await home(office, ada, "📈 As a picture")
            await ada.clicks_home(*button(office.slack.home(ada), "📈 As a picture"))
            await office.until(lambda: any(one.files for one in office.slack.messages(room)))
        assert "soup" in text_of(office.slack.home(ada))

    async def test_an_admin_decides_a_request_there(
        self, core: Core, office: Office, ada: Person, root: Person
    ) -> None:
        async with office.open(core):
            await ada.runs("/parley", "usage", office.slack.dm(ada))
            await office.said(office.slack.dm(ada), 1)
            await ada.says("quota request for the demo", office.slack.dm(ada))
            await office.told(office.slack.dm(ada), "I have asked the admins")
            await root.opens_home()
            await home(office, root, "asks for more", "for the demo", "🛠 For admins:", "Nobody is waiting at the door.")
            await clicks(office, root, "✅ +20 today", "approved", "No request is waiting.")
            told = await office.told(office.slack.dm(ada), "An admin has granted your request")
        assert "20" in told.visible

    async def test_a_forged_click_is_worth_what_the_person_may_do(
        self, core: Core, office: Office, ada: Person
    ) -> None:
        async with office.open(core):
            await ada.opens_home()
            view = await home(office, ada, "Messages today")
            body = {
                "type": "block_actions",
                "team": {"id": "T1"},
                "user": {"id": "U1", "username": "ada", "team_id": "T1"},
                "container": {"type": "view", "view_id": view["id"]},
                "view": {"private_metadata": '{"channel": "DU1"}'},
                "actions": [{"action_id": "parley.quota.0", "value": "set @ada messages 99", "action_ts": "1.5"}],
                "trigger_id": "1.2.3",
            }
            office.slack.inject(body, "interactive")
            view = await home(office, ada, "do not know the command")
        assert "Messages today: 0 of 5" in text_of(view)

    @pytest.mark.parametrize(
        ("policy", "told"),
        [(AccessPolicy(entry="approval"), "Nobody has let you in yet"), (AccessPolicy(), "You cannot use this bot")],
    )
    async def test_whoever_is_not_in_learns_just_that(
        self, storage: Storage, office: Office, policy: AccessPolicy, told: str
    ) -> None:
        guest = office.slack.person("U9", name="guest", is_guest=policy.entry == "open")
        core = make_core(storage, others=[office.platform], policy=policy, more_admins=[ROOT])
        async with office.open(core):
            await guest.opens_home()
            view = await home(office, guest, told)
        assert "today" not in text_of(view)
        assert office.slack.messages(office.slack.dm(guest)) == []

    async def test_the_command_says_the_same_in_a_chat(self, core: Core, office: Office, ada: Person) -> None:
        room = office.slack.dm(ada)
        async with office.open(core):
            await ada.runs("/parley", "home", room)
            said = await office.told(room, "👋")
        assert "Messages today: 0 of 5" in said.visible
        assert "⚙️ What you chose" in said.visible


class TestForms:
    async def test_a_limit_is_set_with_a_form(self, core: Core, office: Office, ada: Person, root: Person) -> None:
        room = office.slack.dm(root)
        async with office.open(core):
            await ada.runs("/parley", "usage", office.slack.dm(ada))
            await office.said(office.slack.dm(ada), 1)
            await root.runs("/parley", "quota set", room)
            modal = await form(office)
            assert modal["title"]["text"] == "Set a limit"
            filled = {"Person": "U1", "How many (a number, unlimited or default)": "40", "In which time": "this week"}
            await root.fills(modal["id"], filled)
            told = await office.told(room, "unlimited → 40")
        assert "Messages this week" in told.visible
        assert told.ephemeral_for == "U2"

    async def test_a_mistake_in_a_form_is_told(self, core: Core, office: Office, root: Person) -> None:
        room = office.slack.dm(root)
        async with office.open(core):
            await root.runs("/parley", "quota set", room)
            modal = await form(office)
            await root.fills(modal["id"], {"Person": "U2", "How many (a number, unlimited or default)": "many"})
            told = await office.told(room, "I cannot read that")
        assert "/parley quota show|set" in told.visible

    async def test_a_persona_is_edited_with_a_form(self, core: Core, office: Office, root: Person) -> None:
        room = office.slack.dm(root)
        async with office.open(core):
            await root.runs("/parley", "persona new pirate", room)
            modal = await form(office)
            await root.fills(modal["id"], {"What the model is told": "Talk like a pirate.\nAlways."})
            await office.told(room, "Talk like a pirate. Always.")
            await root.runs("/parley", "persona show pirate", room)
            shown = await office.told(room, "Talk like a pirate.\nAlways.")
            await office.clicks(root, room, shown, "✏️ Edit")
            await office.until(lambda: office.slack.modals and office.slack.modals[-1]["id"] != modal["id"])
            modal = office.slack.modals[-1]
            (blank,) = (block["element"] for block in modal["blocks"])
            assert blank["initial_value"] == "Talk like a pirate.\nAlways."
            await root.fills(modal["id"], {"What the model is told": "Be brief."})
            await office.told(room, "Be brief.")

    async def test_from_the_home_tab_the_outcome_stands_there(self, core: Core, office: Office, ada: Person) -> None:
        async with office.open(core):
            await ada.opens_home()
            await home(office, ada, "✋ Ask for more")
            await ada.clicks_home(*button(office.slack.home(ada), "✋ Ask for more"))
            modal = await form(office)
            await ada.fills(modal["id"], {"What do you need, and what for?": "20 for the demo"})
            await home(office, ada, "I have asked the admins", "Messages today")

    async def test_where_no_form_can_be_opened_the_command_does_what_it_always_did(
        self, core: Core, office: Office, root: Person
    ) -> None:
        room = office.slack.dm(root)
        async with office.open(core):
            said = (
                await office.asks(root, "quota set", room) if False else await office.asks(root, "quota request", room)
            )
        assert "I have asked the admins" in said.visible
        assert office.slack.modals == []

    async def test_a_form_that_comes_too_late_says_how_it_is_typed(
        self, core: Core, office: Office, root: Person
    ) -> None:
        room = office.slack.dm(root)
        office.slack.faults.next("views.open", error="expired_trigger_id")
        async with office.open(core):
            await root.runs("/parley", "quota set", room)
            told = await office.told(room, "For example:")
        assert told.ephemeral_for == "U2"
        assert office.slack.modals == []

    async def test_a_form_is_for_those_who_may_use_the_command(self, core: Core, office: Office, ada: Person) -> None:
        room = office.slack.dm(ada)
        async with office.open(core):
            await ada.runs("/parley", "quota set", room)
            await office.told(room, "do not know the command")
        assert office.slack.modals == []


class TestSuggestions:
    @pytest.fixture
    async def office(self) -> AsyncIterator[Office]:
        async with office_of(agent=True) as one:
            yield one

    async def test_an_agent_suggests_what_to_ask_in_its_empty_tab(
        self, core: Core, office: Office, ada: Person
    ) -> None:
        room: Channel = office.slack.dm(ada)
        async with office.open(core):
            await ada.opens_home("messages")
            await office.until(lambda: office.slack.prompts(room))
        prompts = office.slack.prompts(room)
        assert len(prompts) == 4
        assert all(prompt["title"] == prompt["message"] for prompt in prompts)
        assert office.by_bot(room) == []

    async def test_whoever_is_not_in_is_suggested_nothing_and_asks_nobody(
        self, storage: Storage, office: Office, ada: Person, root: Person
    ) -> None:
        core = make_core(storage, others=[office.platform], policy=AccessPolicy(entry="approval"), more_admins=[ROOT])
        async with office.open(core):
            await ada.opens_home("messages")
            await office.until(lambda: office.slack.unacknowledged == 0)
            await ada.opens_home()
            await home(office, ada, "Nobody has let you in yet")
        assert office.slack.prompts(office.slack.dm(ada)) == []
        assert office.by_bot(office.slack.dm(root)) == []
