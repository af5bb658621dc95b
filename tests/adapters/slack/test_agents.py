"""What apps that are declared as agents show besides: sessions with a Stop button, and the cards of slow steps."""

from collections.abc import Callable

import pytest

from adapters.slack.emulator import Message, SlackEmulator, Tiers, Timing
from adapters.slack.outbound import SlackReply
from adapters.slack.platform import SlackPlatform
from bot.domain.people import Identity, Sender
from bot.domain.updates import Invocation, Place, Update
from tests.adapters.slack.conftest import QUICK, Inbox, Listen, Make
from tests.fakes import FakeClock

Ask = Callable[[], Update]
QUEUED = "⏳ Queued, about {} s …"


@pytest.fixture
async def ask(slack: SlackEmulator) -> Ask:
    """Somebody writes to the agent, which opens a thread."""
    ada = slack.person("U1", name="ada")
    root = await ada.says("why is the sky blue?", slack.dm(ada))
    sender = Sender(identity=Identity(platform="slack", user="T1/U1"), name="ada")
    place = Place(platform="slack", chat="T1/DU1", thread=root, private=True)
    return lambda: Update(sender=sender, place=place, text="why is the sky blue?", message=root)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def agent(make: Make, clock: FakeClock) -> SlackPlatform:
    return make(agent=True, clock=clock)


async def end(platform: SlackPlatform, reply: SlackReply, text: str) -> None:
    parts = reply.parts(text)
    await reply.close()
    for part in parts:
        await platform.deliver(part)


def status(slack: SlackEmulator, update: Update) -> str | None:
    session = slack.session("DU1", update.place.thread)
    return session.status if session else None


def answers(slack: SlackEmulator) -> list[Message]:
    return [message for message in slack.messages("DU1") if message.from_bot]


def cards(message: Message) -> list[tuple[str, str]]:
    return [(task["title"], task["status"]) for task in message.tasks.values()]


async def test_a_session_is_at_work_until_the_answer_is_over(
    slack: SlackEmulator, agent: SlackPlatform, ask: Ask
) -> None:
    reply = agent.reply(ask())
    await reply.show("")
    session = slack.session("DU1", ask().place.thread)
    assert session
    assert (session.status, session.title, session.initiator) == ("processing", "why is the sky blue?", "U1")
    await reply.show("Because of")
    await end(agent, reply, "Because of Rayleigh.")
    assert status(slack, ask()) == "active"
    assert [one.visible for one in answers(slack)] == ["Because of Rayleigh."]


async def test_a_session_rests_even_if_nothing_was_said(slack: SlackEmulator, agent: SlackPlatform, ask: Ask) -> None:
    reply = agent.reply(ask())
    await reply.show("")
    await reply.close()
    assert status(slack, ask()) == "active"


async def test_an_app_that_is_no_agent_is_told_so_once(make: Make, ask: Ask) -> None:
    async with SlackEmulator(agent=False, limits=Tiers.off()) as plain:
        ada = plain.person("U1", name="ada")
        root = await ada.says("why?", plain.dm(ada))
        sender = Sender(identity=Identity(platform="slack", user="T1/U1"), name="ada")
        place = Place(platform="slack", chat="T1/DU1", thread=root, private=True)
        platform = make(agent=True, api_url=plain.url)
        for _ in range(2):
            reply = platform.reply(Update(sender=sender, place=place, text="why?", message=root))
            await reply.show("")
            await end(platform, reply, "so")
    assert sum(call.method == "agents.sessions.setStatus" for call in plain.calls) == 1


async def test_a_press_on_stop_is_confirmed_and_ends_the_session_s_work(
    slack: SlackEmulator, make: Make, inbox: Inbox, listening: Listen, ask: Ask
) -> None:
    platform, update = make(agent=True), ask()
    await platform.reply(update).show("")
    async with listening(platform):
        await inbox.next()  # the question
        await slack.person("U1", name="ada").stops("DU1", update.message)
        pressed = platform.parse((await inbox.next()).payload)
    assert pressed
    assert (pressed.invocation, pressed.place) == (Invocation(name="stop"), update.place)
    for part in platform.parts(pressed.place, "Stopped.", answer_by=pressed.answer_by):
        await platform.deliver(part)
    assert status(slack, update) == "active"
    assert [(one.visible, one.thread_ts) for one in answers(slack)] == [("Stopped.", update.message)]


async def test_a_step_that_is_over_soon_has_no_card(slack: SlackEmulator, agent: SlackPlatform, ask: Ask) -> None:
    reply = agent.reply(ask())
    await reply.show("", waiting=QUEUED.format(1))
    assert slack.status("DU1", ask().place.thread) == QUEUED.format(1)
    await reply.show("Because")
    await end(agent, reply, "Because.")
    (answer,) = answers(slack)
    assert cards(answer) == []
    assert answer.visible == "Because."


async def test_slow_steps_are_cards_of_the_answer_s_stream(
    slack: SlackEmulator, agent: SlackPlatform, ask: Ask, clock: FakeClock
) -> None:
    reply = agent.reply(ask())
    await reply.show("", waiting="📎 Reading `a.pdf` …")
    clock.pass_(seconds=3)
    await reply.show("", waiting="📎 Reading `a.pdf` …")
    (answer,) = answers(slack)
    assert cards(answer) == [("📎 Reading `a.pdf` …", "in_progress")]
    for left in (9, 7):
        clock.pass_(seconds=2)
        await reply.show("", waiting=QUEUED.format(left))
    (answer,) = answers(slack)
    assert cards(answer) == [("📎 Reading `a.pdf` …", "complete"), (QUEUED.format(7), "in_progress")]
    clock.pass_(seconds=2)
    await reply.show("Because of")
    (answer,) = answers(slack)
    assert [how for _, how in cards(answer)] == ["complete", "complete"]
    await end(agent, reply, "Because of Rayleigh.")
    (answer,) = answers(slack)
    assert (answer.markdown, answer.streaming) == ("Because of Rayleigh.", False)


async def test_an_answer_without_previews_ends_its_steps(
    slack: SlackEmulator, agent: SlackPlatform, ask: Ask, clock: FakeClock
) -> None:
    reply = agent.reply(ask())
    for _ in range(2):
        await reply.show("", waiting=QUEUED.format(9))
        clock.pass_(seconds=3)
    await end(agent, reply, "Sorry.")
    (answer,) = answers(slack)
    assert cards(answer) == [(QUEUED.format(9), "complete")]
    assert answer.markdown == "Sorry."


class TestAWaitThatOutlivesItsStream:
    @pytest.fixture
    def timing(self) -> Timing:
        return Timing(ack_timeout=QUICK.ack_timeout, stream_life=0.1)

    async def test_the_answer_takes_its_place(
        self, slack: SlackEmulator, agent: SlackPlatform, ask: Ask, clock: FakeClock
    ) -> None:
        reply = agent.reply(ask())
        for _ in range(2):
            await reply.show("", waiting=QUEUED.format(400))
            clock.pass_(seconds=3)
        await slack.until(lambda: not answers(slack)[0].streaming)
        await reply.show("", waiting=QUEUED.format(300))
        await end(agent, reply, "At last.")
        (answer,) = answers(slack)
        assert answer.visible == "At last."


async def test_a_step_without_a_stream_to_be_had_leaves_the_stream_to_the_answer(
    slack: SlackEmulator, agent: SlackPlatform, ask: Ask, clock: FakeClock
) -> None:
    slack.faults.next("chat.startStream", retry_after=1)
    reply = agent.reply(ask())
    for _ in range(2):
        await reply.show("", waiting=QUEUED.format(9))
        clock.pass_(seconds=3)
    assert answers(slack) == []
    await reply.show("Because of")
    await end(agent, reply, "Because of Rayleigh.")
    (answer,) = answers(slack)
    assert answer.markdown == "Because of Rayleigh."
