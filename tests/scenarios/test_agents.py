"""An app that is declared as an agent: threads as conversations, with titles, a Stop button and cards of slow steps."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.slack.emulator import Channel, Person
from bot.storage import Storage
from tests.conftest import Core, make_core
from tests.scenarios.office import Office, office_of

SO_FAR = "There is a long story to be told, and it begins in a small town by the sea, a hundred years ago."


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with office_of(agent=True) as one:
        yield one


@pytest.fixture
def ada(office: Office) -> Person:
    return office.slack.person("U1", name="ada")


@pytest.fixture
def room(office: Office, ada: Person) -> Channel:
    return office.slack.dm(ada)


@pytest.fixture
def core(storage: Storage, office: Office) -> Core:
    return make_core(storage, others=[office.platform])


def status(office: Office, room: Channel, root: str) -> str | None:
    session = office.slack.session(room, root)
    return session.status if session else None


async def test_each_message_is_a_conversation_of_its_own(
    core: Core, office: Office, ada: Person, room: Channel
) -> None:
    async with office.open(core):
        one = await ada.says("one", room)
        await office.said(room, 1)
        two = await ada.says("two", room)
        await office.said(room, 2)
        await ada.says("more of one", room, one)
        answers = await office.said(room, 3)
    assert [(answer.visible, answer.thread_ts) for answer in answers] == [
        ("echo: one", one),
        ("echo: two", two),
        ("echo: more of one", one),
    ]
    assert [message.text for message in core.model.prompts[-1].messages[1:]] == ["one", "echo: one", "more of one"]


async def test_slack_s_stop_button_ends_the_answer(core: Core, office: Office, ada: Person, room: Channel) -> None:
    core.model.script = [(SO_FAR, asyncio.Event())]
    async with office.open(core):
        root = await ada.says("tell me", room)
        await office.until(
            lambda: any(one.streaming and "story" in one.markdown for one in office.slack.messages(room))
        )
        assert status(office, room, root) == "processing"
        await ada.stops(room, root)
        (answer,) = await office.said(room, 1)
        await office.until(lambda: status(office, room, root) == "active")
    assert answer.visible.startswith(SO_FAR)
    assert len(office.by_bot(room)) == 1


async def test_stop_after_the_end_is_answered_and_takes_the_button_away(
    core: Core, office: Office, ada: Person, room: Channel
) -> None:
    async with office.open(core):
        root = await ada.says("hello", room)
        await office.said(room, 1)
        # As after a crash: Slack still shows the button.
        await office.platform._calls.ask(
            "agents.sessions.setStatus", channel_id=room.id, thread_ts=root, status="processing"
        )
        await ada.stops(room, root)
        told = await office.told(room, "Nothing is running here.")
        await office.until(lambda: status(office, room, root) == "active")
    assert told.thread_ts == root


async def test_a_thread_is_called_what_its_conversation_is_called(
    storage: Storage, office: Office, ada: Person, room: Channel
) -> None:
    core = make_core(storage, others=[office.platform], titles=True)
    core.model.script = [("about soup",), ("Soup recipes",)]
    async with office.open(core):
        root = await ada.says("how do I cook soup?", room)
        await office.until(lambda: (one := office.slack.session(room, root)) and one.title == "Soup recipes")
        session = office.slack.session(room, root)
    assert session
    assert session.initiator == "U1"
