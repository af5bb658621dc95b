"""One turn, from what was said to what is delivered, with every way it can fail."""

import asyncio

import pytest

from bot.domain.completions import Usage
from bot.errors import (
    CompletionRefused,
    ContextOverflow,
    ModelError,
    StreamInterrupted,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)
from bot.storage import Storage
from tests.books import used
from tests.conftest import Core, make_core


def roles_and_texts(core: Core) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in core.model.prompts[-1].messages]


async def test_a_message_is_answered(core: Core) -> None:
    assert await core.say("ada", "hello") == "echo: hello"
    assert core.platform.sent == [("ada", "echo: hello")]


async def test_the_next_request_holds_the_history_in_order(core: Core) -> None:
    await core.say("ada", "one")
    await core.say("ada", "two")
    assert roles_and_texts(core) == [
        ("system", "be kind"),
        ("user", "one"),
        ("assistant", "echo: one"),
        ("user", "two"),
    ]


async def test_two_messages_sent_at_once_are_answered_in_order(core: Core) -> None:
    await core.hear("ada", "one")
    await core.hear("ada", "two")
    await core.work()
    assert [text for _, text in core.platform.sent] == ["echo: one", "echo: two"]
    assert ("assistant", "echo: one") in roles_and_texts(core)


async def test_people_do_not_see_each_others_history(core: Core) -> None:
    await core.say("ada", "secret")
    await core.say("ben", "hello")
    assert roles_and_texts(core) == [("system", "be kind"), ("user", "hello")]


async def test_a_redelivered_event_is_answered_once(core: Core) -> None:
    await core.hear("ada", "hello", event="7")
    await core.hear("ada", "hello", event="7")
    await core.work()
    assert core.platform.sent == [("ada", "echo: hello")]


async def test_the_preview_grows_and_the_reply_is_closed(core: Core) -> None:
    await core.say("ada", "hello")
    (reply,) = core.platform.replies
    assert reply.shown[0] == ""
    assert reply.closed


async def test_usage_is_settled_as_the_server_reported_it(core: Core) -> None:
    core.model.usage = Usage(input=30, output=12)
    await core.say("ada", "hello")
    assert await used(core, "ada") == (1, 42)


async def test_missing_usage_is_estimated_from_what_was_said(core: Core) -> None:
    core.model.usage = None
    await core.say("ada", "hello")
    _, tokens = await used(core, "ada")
    assert tokens == core.model.prompts[-1].tokens + len(["echo:", "hello"])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UpstreamDown("503"), "cannot be reached"),
        (UpstreamBusy("429", retry_after=7), "try again in 7 s"),
        (UpstreamBusy("429"), "overloaded"),
        (CompletionRefused("400"), "refused this request"),
        (UpstreamMisconfigured("401", hint="key"), "operator"),
    ],
)
async def test_a_fault_before_the_first_word_ends_in_a_sentence_and_costs_nothing(
    core: Core, error: ModelError, sentence: str
) -> None:
    core.model.script = [(error,)]
    assert sentence in await core.say("ada", "hello")
    assert await used(core, "ada") == (0, 0)


async def test_a_failed_turn_leaves_no_half_of_it_in_the_history(core: Core) -> None:
    core.model.script = [(UpstreamDown("503"),)]
    await core.say("ada", "lost")
    await core.say("ada", "hello")
    assert roles_and_texts(core) == [("system", "be kind"), ("user", "hello")]


async def test_a_broken_stream_keeps_what_arrived_and_says_so(core: Core) -> None:
    core.model.script = [("half ", "an answer", StreamInterrupted("cut"))]
    answer = await core.say("ada", "hello")
    assert answer.startswith("half an answer\n\n")
    assert "broke off" in answer
    await core.say("ada", "go on")
    assert ("assistant", "half an answer") in roles_and_texts(core)


@pytest.mark.parametrize("pieces", [(), (" ",), ("\u200b", "\n\ufeff")])
async def test_an_answer_without_a_word_is_a_fault(core: Core, pieces: tuple[str, ...]) -> None:
    core.model.script = [pieces]
    assert "cannot be reached" in await core.say("ada", "hello")
    assert await used(core, "ada") == (0, 0)


async def test_an_answer_cut_for_length_says_so(core: Core) -> None:
    core.model.finish_reason = "length"
    assert "longest size" in await core.say("ada", "hello")


async def test_a_context_overflow_is_repeated_once_with_less_of_the_past(core: Core) -> None:
    words = "word " * 60
    for _ in range(4):
        await core.say("ada", words)
    core.model.script = [(ContextOverflow("too long", window=400),)]
    await core.say("ada", "hello")
    before, after = core.model.prompts[-2:]
    assert len(after.messages) < len(before.messages)
    assert core.platform.sent[-1][1].startswith("echo: hello")


async def test_a_second_context_overflow_is_told_to_the_person(core: Core) -> None:
    core.model.script = [(ContextOverflow("too long"),), (ContextOverflow("too long"),)]
    assert "/new" in await core.say("ada", "hello")


async def test_a_message_larger_than_the_window_is_refused_with_its_limit(core: Core) -> None:
    answer = await core.say("ada", "word " * 2000)
    assert "2,000 tokens" in answer
    assert core.model.prompts == []


async def test_oldest_turns_are_dropped_whole_when_the_window_is_full(storage: Storage) -> None:
    core = make_core(storage, window=400)
    for number in range(6):
        await core.say("ada", f"{number} " + "word " * 40)
        core.clock.pass_(days=1)
    said = roles_and_texts(core)
    assert said[0][0] == "system"
    assert [role for role, _ in said[1:]] == ["user", "assistant"] * ((len(said) - 2) // 2) + ["user"]
    assert not any(text.startswith("0 ") for _, text in said)
    assert core.model.prompts[-1].tokens <= 400


async def test_stop_ends_the_answer_that_is_being_written(core: Core) -> None:
    never = asyncio.Event()
    core.model.script = [("so far ", never)]
    await core.hear("ada", "talk")
    (lease,) = await core.inbox.claim(1)
    core.dispatcher.start(lease)
    await core.platform.shown("so far ")
    await core.hear("ada", "/stop")
    await core.work()
    texts = [text for _, text in core.platform.sent]
    assert "Stopped." in texts
    assert any(text.startswith("so far\n\n⏹") for text in texts)
    assert core.model.closed == 1


async def test_stop_drops_what_waits_behind_it(core: Core) -> None:
    never = asyncio.Event()
    core.model.script = [("so far ", never)]
    await core.hear("ada", "talk")
    (lease,) = await core.inbox.claim(1)
    core.dispatcher.start(lease)
    await core.hear("ada", "and then")
    await core.hear("ada", "/stop")
    await core.hear("ada", "after")
    await core.work()
    texts = [text for _, text in core.platform.sent]
    assert "Stopped, and dropped 1 message that was waiting." in texts
    assert "echo: after" in texts
    assert "echo: and then" not in texts


async def test_an_update_without_text_gets_an_answer(core: Core) -> None:
    assert "nothing in your message" in await core.say("ada", "")


async def test_a_person_is_answered_in_their_language(core: Core) -> None:
    core.model.script = [(UpstreamDown("503"),)]
    answer = await core.say("ada", "你好", language="zh-hans")
    assert "模型" in answer


async def test_an_unexpected_crash_ends_in_a_sentence_and_frees_the_lane(core: Core) -> None:
    core.model.script = [(RuntimeError("bug"),)]
    assert "Something went wrong" in await core.say("ada", "hello")
    assert await used(core, "ada") == (0, 0)
    assert await core.say("ada", "again") == "echo: again"


@pytest.mark.parametrize(
    ("pieces", "answer"), [(("a \ud83d", "\ude00 b"), "a 😀 b"), (("a \ud83d b",), "a � b"), (("\udc00",), "�")]
)
async def test_half_a_character_is_made_whole_or_marked(core: Core, pieces: tuple[str, ...], answer: str) -> None:
    core.model.script = [pieces]
    assert await core.say("ada", "hello") == answer


async def test_an_answer_speaks_the_language_its_reader_chose(core: Core) -> None:
    await core.say("ada", "/language ja")
    await core.say("ada", "hello", language="de")
    assert core.platform.replies[-1]._update.sender.reads == "ja"
