import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from adapters.slack.emulator import Message, SlackEmulator, Tiers, Timing
from adapters.slack.outbound import SlackReply
from adapters.slack.platform import SlackPlatform
from bot.domain.people import Identity, Sender
from bot.domain.updates import Button, Invocation, Place, Update
from bot.errors import PlatformBusy, PlatformDown, RecipientGone
from tests.adapters.slack.conftest import Hear, Make

Question = Callable[..., Update]

CHANNEL = Place(platform="slack", chat="T1/C1", private=False)
AGAIN = Button(label="🔁 Retry", command="retry 7")


@pytest.fixture
async def question(slack: SlackEmulator) -> Question:
    """Somebody asks in a thread of #general, or directly."""
    ada = slack.person("U1", name="ada")
    room = slack.channel("C1", "general", members=[ada])
    root = await ada.says("<@UBOT> why?", room)
    alone = await ada.says("why?", slack.dm(ada))
    sender = Sender(identity=Identity(platform="slack", user="T1/U1"), name="ada")

    def ask(*, direct: bool = False) -> Update:
        if direct:
            place = Place(platform="slack", chat="T1/DU1", private=True)
            return Update(sender=sender, place=place, text="why?", message=alone)
        place = Place(platform="slack", chat="T1/C1", thread=root, private=False)
        return Update(sender=sender, place=place, text="why?", message=root)

    return ask


async def end(platform: SlackPlatform, reply: SlackReply, text: str) -> None:
    """As the core does it: what is to be sent is stored first."""
    parts = reply.parts(text)
    await reply.close()
    for part in parts:
        await platform.deliver(part)


async def interrupt(doing: Awaitable[None]) -> None:
    """Begin, and give up while the call is on its way."""
    task = asyncio.ensure_future(doing)
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])


def answers(slack: SlackEmulator, channel: str = "C1") -> list[Message]:
    return [message for message in slack.messages(channel) if message.from_bot]


def actions(message: Message) -> list[tuple[str, str | None]]:
    """What the buttons of a message send."""
    elements = [element for block in message.blocks for element in block.get("elements", [])]
    return [(element["action_id"], element.get("value")) for element in elements]


def made(slack: SlackEmulator, method: str) -> int:
    return sum(1 for call in slack.calls if call.method == method)


async def test_an_answer_in_a_thread_is_one_stream(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    for shown in ("Because", "Because it", "Because it is so"):
        await reply.show(shown)
    [growing] = answers(slack)
    assert growing.streaming
    await end(platform, reply, "Because it is so.")
    [answer] = answers(slack)
    assert (answer.visible, answer.streaming, answer.thread_ts) == ("Because it is so.", False, question().message)
    assert made(slack, "chat.update") == made(slack, "chat.postMessage") == 0
    assert made(slack, "chat.stopStream") == 1


async def test_parts_made_after_closing_still_end_the_stream(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    await reply.close()
    for part in reply.parts("Because it is so."):
        await platform.deliver(part)
    [answer] = answers(slack)
    assert (answer.visible, answer.streaming) == ("Because it is so.", False)


async def test_blanks_around_an_answer_do_no_harm(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    for shown in ("\n\n", "\n\nBecause", "\n\nBecause it\n\n"):
        await reply.show(shown)
    await end(platform, reply, "Because it is so.")
    assert [answer.visible for answer in answers(slack)] == ["Because it is so."]
    assert made(slack, "chat.update") == 0


async def test_what_a_later_process_needs_changes_only_with_the_messages(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    refs = [reply.ref]
    for shown in ("Because", "Because it", "Because it is"):
        await reply.show(shown)
        refs.append(reply.ref)
    await reply.close()
    assert refs[0] is None
    assert refs[1] is not None
    assert refs[1] == refs[2] == refs[3]


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_ending_a_stream_may_be_repeated_after_any_trouble(
    status: int, slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    [part] = reply.parts("Because it is so.")
    slack.faults.next("chat.stopStream", status=status)
    with pytest.raises(PlatformDown) as caught:
        await platform.deliver(part)
    assert not caught.value.outcome_unknown
    slack.faults.next("chat.stopStream", drop_connection="after")
    with pytest.raises(PlatformDown):
        await platform.deliver(part)
    await platform.deliver(part)
    assert [answer.visible for answer in answers(slack)] == ["Because it is so."]


async def test_a_short_answer_without_previews_is_one_post(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await end(platform, reply, "**Because.**")
    [answer] = answers(slack)
    assert (answer.visible, answer.unfurls, made(slack, "chat.startStream")) == ("**Because.**", False, 0)


async def test_thinking_is_a_status_that_ends(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("")
    assert slack.status("C1", question().message) == "is thinking…"
    await end(platform, reply, "Because.")
    assert not slack.status("C1", question().message)


async def test_thinking_about_a_direct_message_is_a_status_under_it(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    asked = question(direct=True)
    reply = platform.reply(asked)
    await reply.show("")
    assert slack.status("DU1", asked.message) == "is thinking…"
    await reply.show("Because")
    assert not slack.status("DU1", asked.message)
    await end(platform, reply, "Because it is so.")
    assert made(slack, "assistant.threads.setStatus") == 2


async def test_a_direct_answer_that_was_never_shown_ends_the_status(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    asked = question(direct=True)
    reply = platform.reply(asked)
    await reply.show("")
    await end(platform, reply, "Because.")
    assert not slack.status("DU1", asked.message)


async def test_a_status_on_its_way_at_the_end_is_taken_back(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    asked = question(direct=True)
    reply = platform.reply(asked)
    slack.faults.next("assistant.threads.setStatus", drop_connection="after")
    await reply.show("")
    assert slack.status("DU1", asked.message) == "is thinking…"
    await end(platform, reply, "Because.")
    assert not slack.status("DU1", asked.message)


async def test_direct_messages_without_status_leave_it_to_threads(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    slack.faults.next("assistant.threads.setStatus", error="method_not_supported_for_channel_type")
    direct = platform.reply(question(direct=True))
    await direct.show("")
    await end(platform, direct, "Because.")
    assert made(slack, "assistant.threads.setStatus") == 1
    await platform.reply(question()).show("")
    assert slack.status("C1", question().message) == "is thinking…"


async def test_a_workspace_without_status_is_asked_once(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    slack.faults.next("assistant.threads.setStatus", error="unknown_method")
    for _ in range(2):
        await platform.reply(question()).show("")
    assert made(slack, "assistant.threads.setStatus") == 1


async def test_a_direct_answer_is_posted_and_edited(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question(direct=True))
    await reply.show("Because")
    await reply.show("Because it")
    await end(platform, reply, "Because it is so.")
    [answer] = answers(slack, "DU1")
    assert (answer.visible, answer.thread_ts) == ("Because it is so.", None)
    assert made(slack, "chat.startStream") == 0


async def test_a_workspace_without_streams_gets_edits(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    slack.faults.next("chat.startStream", error="unknown_method")
    for _ in range(2):
        reply = platform.reply(question())
        await reply.show("Because it")
        await end(platform, reply, "Because it is so.")
    assert [answer.visible for answer in answers(slack)] == ["Because it is so."] * 2
    assert made(slack, "chat.startStream") == 1


async def test_an_old_stream_rolls_over_into_a_new_message(
    slack: SlackEmulator, make: Make, question: Question
) -> None:
    platform = make(stream_life=0.05)
    reply = platform.reply(question())
    text = "```python\nprint(1)\n"
    await reply.show(text)
    await asyncio.sleep(0.06)
    text += "print(2)\n```\nend"
    await reply.show(text)
    await end(platform, reply, text + ".")
    first, second = answers(slack)
    assert first.visible == "```python\nprint(1\n```"
    assert second.visible == "```python\n)\nprint(2)\n```\nend."
    assert not first.streaming
    assert not second.streaming


@pytest.mark.parametrize("timing", [Timing(stream_life=0.1)])
async def test_a_dead_stream_is_completed_by_an_edit(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    await slack.until(lambda: not answers(slack)[0].streaming)
    await end(platform, reply, "Because it is so.")
    [answer] = answers(slack)
    assert answer.visible == "Because it is so."
    assert made(slack, "chat.update") == 1


async def test_a_very_long_answer_arrives_whole(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    text = "\n\n".join(f"Paragraph {number} " + "word " * 60 for number in range(100)).strip()
    reply = platform.reply(question())
    for size in range(4000, len(text), 4000):
        await reply.show(text[:size])
    await end(platform, reply, text)
    shown = " ".join(message.visible for message in answers(slack))
    assert "".join(shown.split()) == "".join(text.split())
    assert not any(message.streaming for message in answers(slack))


async def test_a_final_text_that_differs_rewrites_what_was_shown(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    await end(platform, reply, "I cannot say.")
    [answer] = answers(slack)
    assert (answer.streaming, answer.visible) == (False, "I cannot say.")


async def test_a_lost_append_is_repaired_at_the_end(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    slack.faults.next("chat.appendStream", drop_connection="after")
    await reply.show("Because it is so")
    await reply.show("Because it is so and so")
    await end(platform, reply, "Because it is so and so.")
    [answer] = answers(slack)
    assert answer.visible == "Because it is so and so."
    assert made(slack, "chat.appendStream") == 1


async def test_a_person_who_presses_stop_still_gets_the_end(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    await slack.person("U1", name="ada").stops("C1", answers(slack)[0].ts)
    await reply.show("Because it is so")
    await end(platform, reply, "Because it (stopped)")
    [answer] = answers(slack)
    assert not answer.streaming
    assert answer.visible == "Because it (stopped)"


@pytest.mark.parametrize("direct", [False, True])
async def test_a_later_process_replaces_what_a_dead_one_left(
    *, direct: bool, slack: SlackEmulator, make: Make, question: Question
) -> None:
    before = make().reply(question(direct=direct))
    await before.show("Because it")
    assert before.ref is not None
    platform = make()
    after = platform.reply(question(direct=direct), before.ref)
    await end(platform, after, "It is so.")
    [answer] = answers(slack, "DU1" if direct else "C1")
    assert (answer.streaming, answer.visible) == (False, "It is so.")


@pytest.mark.parametrize("tiers", [Tiers(per_window={2: 4, 3: 10, 4: 6})])
async def test_when_the_limits_are_reached_previews_thin_out_and_ends_arrive(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    texts = [f"Answer {number} " + "word " * 20 for number in range(6)]
    replies = [platform.reply(question()) for _ in texts]
    for size in range(20, 100, 20):
        await asyncio.gather(*(reply.show(text[:size]) for reply, text in zip(replies, texts, strict=True)))
    for reply, text in zip(replies, texts, strict=True):
        for part in reply.parts(text.strip()):
            await patiently(platform, part)
        await reply.close()
    shown = {message.visible for message in answers(slack)}
    assert shown == {text.strip() for text in texts}


@pytest.mark.parametrize("tiers", [Tiers()])
async def test_within_what_slack_promises_no_call_is_ever_refused(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    replies = [platform.reply(question()) for _ in range(30)]
    for size in range(10, 200, 10):
        await asyncio.gather(*(reply.show("word " * size) for reply in replies))
    assert made(slack, "chat.startStream") > 10
    assert made(slack, "chat.appendStream") > 50
    assert {call.error for call in slack.calls} == {None}


@pytest.mark.parametrize("tiers", [Tiers()])
async def test_direct_messages_of_a_crowd_do_not_wait_for_edits(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    """A hundred at once, and fifty edits a minute: whoever can be shown no growing answer gets a whole one."""
    rooms = [slack.dm(slack.person(f"U{number}", name=f"p{number}")).id for number in range(100, 200)]
    place = question(direct=True).place
    replies = [
        platform.reply(replace(question(direct=True), place=replace(place, chat=f"T1/{room}"))) for room in rooms
    ]
    for size in range(20, 80, 20):
        await asyncio.gather(*(reply.show("word " * size) for reply in replies))
    for reply in replies:
        for part in reply.parts("The whole answer."):
            await platform.deliver(part)
        await reply.close()
    assert [[one.visible for one in answers(slack, room)] for room in rooms] == [["The whole answer."]] * 100
    assert made(slack, "chat.update") > 20


async def patiently(platform: SlackPlatform, part: object) -> None:
    """What the outbox does, with the waiting time passed by Slack's side of the clock."""
    for _ in range(20):
        try:
            await platform.deliver(part)  # type: ignore[arg-type]
        except PlatformBusy as busy:
            await asyncio.sleep(min(busy.retry_after, 0.5))
            continue
        return
    raise AssertionError("never delivered")


async def test_nothing_the_model_writes_can_ping(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    text = "Hi <!channel> <@U1> <!subteam^S1> <https://evil.example|bank> `<!here>`\n```\n<@U1>\n```"
    reply = platform.reply(question())
    for size in range(1, len(text), 3):
        await reply.show(text[:size])
    await end(platform, reply, text)
    for part in platform.parts(question().place, text):
        await platform.deliver(part)
    assert all(not message.pings and not message.links for message in answers(slack))


async def test_refused_blocks_become_plain_text(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    slack.faults.next("chat.postMessage", error="invalid_blocks")
    await end(platform, platform.reply(question()), "| a |")
    [answer] = answers(slack)
    assert (answer.text, answer.blocks) == ("| a |", ())


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("shown", ["", "Because it", "Because it is so."])
async def test_buttons_stand_under_an_answer_however_it_came(
    *, direct: bool, shown: str, slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question(direct=direct))
    await reply.show(shown)
    for part in reply.parts("Because it is so.", [AGAIN]):
        await platform.deliver(json.loads(json.dumps(part)))
    await reply.close()
    [answer] = answers(slack, "DU1" if direct else "C1")
    assert (answer.visible, answer.streaming) == ("Because it is so.\n🔁 Retry", False)
    assert actions(answer) == [("parley.retry.0", "7")]


async def test_buttons_stand_under_the_last_part_only(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    for part in platform.parts(question().place, "word " * 3000, buttons=[AGAIN]):
        await platform.deliver(part)
    assert [actions(message) for message in answers(slack)] == [[], [("parley.retry.0", "7")]]


async def test_buttons_survive_a_stream_that_has_died(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    slack.faults.next("chat.stopStream", error="message_not_in_streaming_state")
    for part in reply.parts("Because it is so.", [AGAIN]):
        await platform.deliver(part)
    [answer] = answers(slack)
    assert (answer.streaming, actions(answer)) == (False, [("parley.retry.0", "7")])


async def test_refused_buttons_cost_no_words(slack: SlackEmulator, platform: SlackPlatform, question: Question) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    slack.faults.next("chat.stopStream", error="invalid_blocks")
    slack.faults.next("chat.update", error="streaming_state_conflict")
    slack.faults.next("chat.update", error="invalid_blocks")
    for part in reply.parts("Because it is so.", [AGAIN]):
        await platform.deliver(part)
    [answer] = answers(slack)
    assert (answer.streaming, answer.text, answer.blocks) == (False, "Because it is so.", ())


async def test_a_private_answer_has_its_buttons_too(slack: SlackEmulator, platform: SlackPlatform) -> None:
    ada = slack.person("U1", name="ada")
    slack.channel("C1", "general", members=[ada])
    dead = slack.url.replace("/api/", "/response/none")
    place = Place(platform="slack", chat="T1/C1", private=False)
    for part in platform.parts(place, "Sorry.", answer_by=f"U1 {dead}", buttons=[AGAIN]):
        await platform.deliver(part)
    [answer] = answers(slack)
    assert (answer.ephemeral_for, actions(answer)) == ("U1", [("parley.retry.0", "7")])


@pytest.fixture
async def page(slack: SlackEmulator, platform: SlackPlatform) -> str:
    """A message with a button in a channel; its ts."""
    slack.channel("C1", "general", members=[slack.person("U1", name="ada")])
    (part,) = platform.parts(CHANNEL, "Page 1.", buttons=[AGAIN])
    return await platform.deliver(part)


async def turn(slack: SlackEmulator, platform: SlackPlatform, page: str, url: str = "none") -> None:
    """Turn a page by a click whose URL does not work (any more)."""
    dead = slack.url.replace("/api/", f"/response/{url}")
    for part in platform.parts(CHANNEL, "Page 2.", answer_by=f"U1 {dead}", buttons=[AGAIN], instead_of=page):
        await platform.deliver(json.loads(json.dumps(part)))


async def test_a_page_is_turned_when_the_url_of_the_click_is_used_up(
    slack: SlackEmulator, platform: SlackPlatform, page: str
) -> None:
    await turn(slack, platform, page)
    [message] = answers(slack)
    assert (message.ts, message.visible, actions(message)) == (page, "Page 2.\n🔁 Retry", [("parley.retry.0", "7")])


async def test_a_page_whose_message_is_gone_is_shown_to_who_clicked(
    slack: SlackEmulator, platform: SlackPlatform, page: str
) -> None:
    await turn(slack, platform, "1.000000")
    first, whisper = slack.messages("C1")
    assert (first.ts, whisper.ephemeral_for, whisper.visible) == (page, "U1", "Page 2.\n🔁 Retry")


async def test_a_thread_that_is_gone_costs_the_thread_only(slack: SlackEmulator, platform: SlackPlatform) -> None:
    slack.channel("C1", "general")
    place = Place(platform="slack", chat="T1/C1", thread="1.000000", private=False)
    for part in platform.parts(place, "hello"):
        await platform.deliver(part)
    assert [message.visible for message in answers(slack)] == ["hello"]


async def test_a_used_up_response_url_falls_back_to_a_whisper_and_then_to_a_direct_message(
    slack: SlackEmulator, platform: SlackPlatform
) -> None:
    ada = slack.person("U1", name="ada")
    slack.channel("C1", "general", members=[ada])
    slack.channel("C2", "other", members=[ada], bot=False)
    dead = slack.url.replace("/api/", "/response/none")
    for room in ("C1", "C2"):
        place = Place(platform="slack", chat=f"T1/{room}", private=False)
        for part in platform.parts(place, f"for {room}", answer_by=f"U1 {dead}"):
            await platform.deliver(part)
    [whisper] = slack.messages("C1")
    assert (whisper.ephemeral_for, whisper.visible) == ("U1", "for C1")
    assert [message.visible for message in answers(slack, "DU1")] == ["for C2"]


async def test_a_channel_that_is_gone_is_said_to_be_gone(platform: SlackPlatform) -> None:
    place = Place(platform="slack", chat="T1/C404", private=False)
    with pytest.raises(RecipientGone):
        await platform.deliver(platform.parts(place, "hello")[0])


async def test_a_429_holds_the_method_back(slack: SlackEmulator, platform: SlackPlatform, question: Question) -> None:
    slack.faults.next("chat.postMessage", retry_after=7)
    part = platform.parts(question().place, "hello")[0]
    for _ in range(2):
        with pytest.raises(PlatformBusy) as caught:
            await platform.deliver(part)
        assert 6 < caught.value.retry_after <= 7
    assert made(slack, "chat.postMessage") == 1


@pytest.mark.parametrize(("direct", "method"), [(False, "chat.startStream"), (True, "chat.postMessage")])
async def test_a_preview_born_after_the_parts_were_made_is_taken_back(
    *, direct: bool, method: str, slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    slack.faults.next(method, hang=0.1)
    reply = platform.reply(question(direct=direct))
    await interrupt(reply.show("Because it"))
    await end(platform, reply, "Because it is so.")
    left = answers(slack, "DU1" if direct else "C1")
    assert [(message.visible, message.streaming) for message in left] == [("Because it is so.", False)]


async def test_a_piece_that_arrives_after_the_parts_were_made_is_not_said_twice(
    slack: SlackEmulator, platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    slack.faults.next("chat.appendStream", hang=0.1)
    await interrupt(reply.show("Because it is"))
    await end(platform, reply, "Because it is so.")
    [answer] = answers(slack)
    assert (answer.visible, answer.streaming) == ("Because it is so.", False)
    assert made(slack, "chat.stopStream") == 1


async def test_an_answer_that_was_closed_no_longer_counts_as_a_stream(
    platform: SlackPlatform, question: Question
) -> None:
    reply = platform.reply(question())
    await reply.show("Because it")
    assert platform._calls.pacing.open_streams == 1
    reply.parts("Because it is so.")
    await reply.close()
    assert platform._calls.pacing.open_streams == 0


@pytest.mark.parametrize("direct", [False, True])
async def test_thumbs_are_slack_s_own_feedback_buttons(
    slack: SlackEmulator, platform: SlackPlatform, question: Question, *, direct: bool
) -> None:
    thumbs = [Button(label="👍", command="thumb up 7"), Button(label="👎", command="thumb down 7")]
    reply = platform.reply(question(direct=direct))
    await reply.show("It is so.")
    parts = reply.parts("It is so.", [AGAIN, *thumbs])
    await reply.close()
    for part in parts:
        await platform.deliver(part)
    (answer,) = answers(slack, "DU1" if direct else "C1")
    *_, buttons, feedback = answer.blocks
    assert [one["action_id"] for one in buttons["elements"]] == ["parley.retry.0"]
    (element,) = feedback["elements"]
    assert (feedback["type"], element["type"]) == ("context_actions", "feedback_buttons")
    assert [element[which]["value"] for which in ("positive_button", "negative_button")] == ["up 7", "down 7"]


async def test_a_press_on_a_thumb_is_the_command(slack: SlackEmulator, platform: SlackPlatform, hear: Hear) -> None:
    thumbs = [Button(label="👍", command="thumb up 7"), Button(label="👎", command="thumb down 7")]
    ada = slack.person("U1", name="ada")
    room = slack.dm(ada)
    here = Place(platform="slack", chat="T1/DU1", private=True)
    for part in platform.parts(here, "It is so.", buttons=thumbs):
        await platform.deliver(part)
    (answer,) = answers(slack, room.id)
    update = await hear(platform, lambda: ada.clicks(room, answer.ts, "parley.thumb", "down 7"))
    assert update.invocation == Invocation(name="thumb", arguments="down 7")
