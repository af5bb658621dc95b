"""What people may not say and models may not answer: words, an API, strikes, and the way back."""

from collections.abc import AsyncIterator, Sequence

import pytest

from bot.clock import SystemClock
from bot.domain.models import Endpoint, Key
from bot.domain.moderation import ModerationPolicy, WordList
from bot.errors import ModelError, UpstreamDown
from bot.llm.emulator import ModelEmulator, refusals
from bot.llm.moderation import ModerationApi
from bot.moderation import Judge, Moderation
from bot.storage import Storage
from tests.calls import answered
from tests.conftest import ADMIN, Core, make_core
from tests.fakes import FakeClock

HOUR = 3_600_000


class Fake:
    """Finds one word in one category."""

    def __init__(self, word: str = "vile", error: ModelError | None = None) -> None:
        self.asked: list[str] = []
        self._word = word
        self._error = error

    async def categories(self, text: str) -> Sequence[str]:
        self.asked.append(text)
        if self._error:
            raise self._error
        return ["hate/threatening"] if self._word in text else []


def moderated(storage: Storage, judge: Judge | None = None, **policy: object) -> Core:
    chosen = ModerationPolicy(**{"base": "block", "words": WordList(words=("forbidden",))} | policy)  # type: ignore[arg-type]
    core = make_core(storage)
    moderation = Moderation(chosen, core.clock, judge)
    chat = core.dispatcher._questions._chat
    chat._moderation = chat._opening._moderation = chat._receiving._moderation = moderation
    return core


async def test_a_word_on_the_list_is_not_answered_and_costs_nothing(storage: Storage) -> None:
    core = moderated(storage)
    assert "a word that is not allowed here" in await core.say("ada", "a ForBidden\u200b thing")
    assert "Messages today: 0 of 5" in await core.say("ada", "/usage")
    assert await core.say("ada", "forbiddenness") == "echo: forbiddenness"


async def test_what_was_blocked_is_no_part_of_the_next_prompt(storage: Storage) -> None:
    core = moderated(storage)
    await core.say("ada", "a forbidden thing")
    await core.say("ada", "hello")
    assert "forbidden" not in str(core.model.prompts[-1])


async def test_what_the_api_finds_is_named_in_words(storage: Storage) -> None:
    core = moderated(storage, Fake())
    assert "it is hateful" in await core.say("ada", "something vile")
    assert core.model.prompts == []


async def test_what_is_flagged_only_is_answered(storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    core = moderated(storage, Fake(), base="flag")
    assert await core.say("ada", "something vile") == "echo: something vile"
    assert "message_flagged" in caplog.text


async def test_a_plan_may_be_treated_otherwise(storage: Storage) -> None:
    judge = Fake()
    core = moderated(storage, judge, plans={"vip": "off"})
    await core.say("ada", "hello")
    await core.say(ADMIN, "/plan assign @ada vip")
    assert await core.say("ada", "something vile") == "echo: something vile"
    assert judge.asked == ["hello"]


async def test_an_api_that_is_away_silences_nobody_and_the_words_still_hold(storage: Storage) -> None:
    core = moderated(storage, Fake(error=UpstreamDown("away")))
    assert await core.say("ada", "something vile") == "echo: something vile"
    assert "not allowed" in await core.say("ada", "forbidden")


async def test_an_answer_that_may_not_stay_is_never_shown_and_paid_by_the_budgets(storage: Storage) -> None:
    core = moderated(storage, Fake(), answers=True)
    core.model.script = [("something ", "vile")]
    assert "I do not show what the model answered: it is hateful" in await core.say("ada", "hello")
    assert not any("vile" in shown for reply in core.platform.replies for shown in reply.shown)
    assert "Messages today: 0 of 5" in await core.say("ada", "/usage")
    (row,) = await answered(storage)
    assert (row["ending"], row["failed"]) == ("AnswerFlagged", True)
    assert row["output_tokens"] > 0


async def test_an_answer_that_is_fine_is_shown_at_its_end(storage: Storage) -> None:
    core = moderated(storage, Fake(), answers=True)
    assert await core.say("ada", "hello") == "echo: hello"


async def test_three_strikes_and_one_has_to_wait_longer_each_time(storage: Storage) -> None:
    core = moderated(storage)
    for _ in range(3):
        await core.say("ada", "forbidden")
    assert "I answer you again from" in await core.say("ada", "hello")
    assert await core.say("ben", "hello") == "echo: hello"
    core.clock.pass_(minutes=11)
    assert await core.say("ada", "hello") == "echo: hello"
    for _ in range(3):
        await core.say("ada", "forbidden")
    core.clock.pass_(minutes=11)
    assert "I answer you again from" in await core.say("ada", "once more")


async def test_what_comes_with_a_message_is_not_read_for_whoever_has_to_wait(storage: Storage) -> None:
    core = moderated(storage)
    for _ in range(3):
        await core.say("ada", "forbidden")
    core.platform.uploads["notes.txt"] = b"words"
    assert "I answer you again from" in await core.say("ada", "", file="notes.txt")
    assert core.platform.fetched == []


async def test_an_appeal_reaches_the_admins_whose_button_forgives(storage: Storage) -> None:
    core = moderated(storage)
    for _ in range(3):
        await core.say("ada", "forbidden")
    await core.say("ada", "/appeal it was a quotation")
    assert any("it was a quotation" in said for chat, said in core.platform.sent if chat == ADMIN)
    await core.click(ADMIN, "✅ Forgive")
    assert any("3 forgiven" in said for chat, said in core.platform.sent if chat == ADMIN)
    assert any("forgiven you" in said for chat, said in core.platform.sent if chat == "ada")
    assert await core.say("ada", "hello") == "echo: hello"
    assert "strikes.forgive" in await core.say(ADMIN, "/audit")


async def test_without_a_strike_there_is_nothing_to_appeal(storage: Storage) -> None:
    core = moderated(storage)
    assert "None of your messages was blocked" in await core.say("ada", "/appeal")


async def test_admins_see_whose_messages_were_blocked_and_members_do_not(storage: Storage) -> None:
    core = moderated(storage)
    await core.say("ada", "forbidden")
    assert "1 blocked in 30 days" in await core.say(ADMIN, "/strikes")
    assert "do not know the command" in await core.say("ada", "/strikes")


def test_words_are_found_whatever_their_form() -> None:
    words = WordList(words=("Straße", "bad phrase", "坏词"))
    assert words.found_in("in der STRASSE!")
    assert words.found_in("a bad  phrase\u200d here")
    assert words.found_in("这是坏词吗")
    assert not words.found_in("badphrase, Straßen")
    assert not WordList().found_in("anything")


def test_old_strikes_count_no_more() -> None:
    policy = ModerationPolicy(strikes=2, within=HOUR, timeouts=(1000,))
    assert policy.until([0, 1], now=500) == 1001
    assert policy.until([0, 1], now=1001) is None
    assert policy.until([0, 1], now=HOUR + 1) is None
    assert ModerationPolicy(strikes=0).until([0, 1, 2, 3], now=4) is None


@pytest.fixture
async def server() -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator() as emulator:
        yield emulator


async def test_the_api_of_an_endpoint_is_asked(server: ModelEmulator) -> None:
    endpoint = Endpoint(name="main", base_url=server.url, keys=(Key(name="k", secret="sk-test"),))
    api = ModerationApi.connect(endpoint, "omni-moderation-latest", SystemClock())
    assert await api.categories("I will murder the test") == ["violence"]
    assert await api.categories("good morning") == []
    server.moderation_faults.when(lambda _: True, refusals.status(500))
    with pytest.raises(UpstreamDown):
        await api.categories("anything")
    await api.close()


def test_nobody_is_looked_at_unless_it_was_asked_for() -> None:
    assert not ModerationPolicy().active
    assert ModerationPolicy(plans={"free": "flag"}).active
    assert Moderation(ModerationPolicy(), FakeClock()).policy.of("vip") == "off"
