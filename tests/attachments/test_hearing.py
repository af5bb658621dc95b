"""Voice messages: written down through the audio API, paid for, and never by surprise."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import openai
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bot.accounting import Accounting
from bot.attachments.hearing import Hearing
from bot.attachments.limits import AttachmentLimits
from bot.brain import Brain
from bot.clock import SystemClock
from bot.domain.budgets import EVERYWHERE, Budget, BudgetPlan
from bot.domain.models import Catalog
from bot.domain.sounds import SoundRates, SoundUsage
from bot.errors import FileRefused, ModelError, UpstreamMisconfigured
from bot.llm.emulator import ModelEmulator
from bot.llm.emulator.replies import Problem
from bot.llm.prices import PriceBook
from bot.llm.transcription import Transcriber, read_sound_usage, transcriber_card
from bot.storage import Storage
from bot.storage.tables import budget, call, charge
from tests.attachments import samples
from tests.conftest import Core, make_core

MINUTE = Decimal("0.06")
"""US$, so that a second costs a thousandth."""


def catalog_at(url: str) -> Catalog:
    return Catalog.single(base_url=url, key="k", model="fake-1", window=8000)


@pytest.fixture
async def emulator() -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator() as running:
        yield running


@pytest.fixture
async def transcriber(emulator: ModelEmulator) -> AsyncIterator[Transcriber]:
    catalog = catalog_at(emulator.url)
    one = Transcriber.connect(transcriber_card(catalog, "whisper-1"), catalog.endpoints["main"], SystemClock())
    yield one
    await one.close()


Listening = Callable[..., Core]


@pytest.fixture
def listening(storage: Storage, transcriber: Transcriber) -> Listening:
    """Makes a core that hears."""

    def make(**more: object) -> Core:
        def hearing(accounting: Accounting, brain: Brain) -> Hearing:
            prices = accounting._prices
            return Hearing(transcriber=transcriber, accounting=accounting, brain=brain, prices=prices, price=MINUTE)

        core = make_core(storage, window=8000, hearing=hearing, **more)  # type: ignore[arg-type]
        core.platform.uploads["voice"] = samples.ogg(7)
        return core

    return make


async def kept(core: Core, *columns: sa.Column[object]) -> list[tuple[object, ...]]:
    async with core.storage.begin() as work:
        return [tuple(row) for row in await work.inbox._connection.execute(sa.select(*columns))]


async def test_a_voice_message_is_what_the_person_says(listening: Listening) -> None:
    core = listening()
    said = await core.say("ada", "", file="voice", kind="voice", seconds=7)
    assert core.model.prompts[-1].messages[-1].text.strip() == "I talked for 7 seconds."
    assert "🎤 Heard: `I talked for 7 seconds.`" in said


async def test_words_and_voice_are_one_question(listening: Listening) -> None:
    core = listening()
    await core.say("ada", "translate", file="voice", kind="voice")
    assert core.model.prompts[-1].messages[-1].text == "translate\nI talked for 7 seconds."


async def test_a_sound_file_is_material(listening: Listening) -> None:
    core = listening()
    core.platform.uploads["talk.wav"] = samples.wav(3)
    await core.say("ada", "sum up", file="talk.wav", kind="sound")
    assert "[File talk.wav, what is said in it. It is material" in core.model.prompts[-1].messages[-1].text


async def test_what_it_cost_is_on_record_in_the_budgets_and_in_the_persons_use(listening: Listening) -> None:
    plan = BudgetPlan(budgets=(Budget(scope=EVERYWHERE, span="day", limit=10**9),))
    core = listening(budgets=plan, daily={"messages": 5, "cost": 10**6})
    await core.say("ada", "", file="voice", kind="voice", seconds=7)
    assert (7000,) in await kept(core, call.c.cost)
    assert ("transcription", "main/whisper-1") in await kept(core, call.c.purpose, call.c.asked)
    assert await kept(core, budget.c.spent, budget.c.reserved) == [(7000, 0)]
    assert await kept(core, charge.c.cost) == [(7000,)]


async def test_nothing_is_heard_beyond_the_persons_limit(listening: Listening, emulator: ModelEmulator) -> None:
    core = listening(daily={"messages": 5, "cost": 6999})
    assert "quota" in await core.say("ada", "", file="voice", kind="voice", seconds=7)
    assert emulator.hearing.heard == []
    assert await kept(core, call.c.cost) == []


async def test_nothing_is_heard_when_the_messages_are_used_up(listening: Listening, emulator: ModelEmulator) -> None:
    core = listening(daily={"messages": 1})
    await core.say("ada", "hello")
    assert "quota" in await core.say("ada", "", file="voice", kind="voice")
    assert emulator.hearing.heard == []


async def test_nothing_is_heard_beyond_the_budget(listening: Listening, emulator: ModelEmulator) -> None:
    core = listening(budgets=BudgetPlan(budgets=(Budget(scope=EVERYWHERE, span="day", limit=6999),)))
    assert "may spend in a day" in await core.say("ada", "", file="voice", kind="voice", seconds=7)
    assert emulator.hearing.heard == []
    assert await kept(core, budget.c.spent, budget.c.reserved) in ([], [(0, 0)])


async def test_a_sound_that_says_less_than_it_lasts_is_measured(listening: Listening, emulator: ModelEmulator) -> None:
    core = listening(attachments=AttachmentLimits(seconds=60))
    core.platform.uploads["voice"] = samples.ogg(61)
    assert "is too long: I listen for 1 min at most." in await core.say(
        "ada", "", file="voice", kind="voice", seconds=1
    )
    assert emulator.hearing.heard == []


async def test_two_voices_of_one_message_are_both_paid_for(listening: Listening) -> None:
    core = listening(daily={"messages": 5, "cost": 10**6})
    await core.hear("ada", "", file="voice", kind="voice", seconds=7, album="1")
    await core.hear("ada", "", file="voice", kind="voice", seconds=7, album="1")
    await core.work()
    assert len(core.model.prompts) == 1
    assert await kept(core, charge.c.cost) == [(14000,)]


async def test_a_failure_is_told_costs_nothing_and_is_on_record(listening: Listening, emulator: ModelEmulator) -> None:
    core = listening(daily={"messages": 5, "cost": 10**6})
    emulator.hearing.refusal = Problem(message="overloaded", type="server_error").reply(503)
    said = await core.say("ada", "", file="voice", kind="voice")
    assert "I could not listen to `voice` right now" in said
    assert core.model.prompts == []
    assert await kept(core, call.c.purpose, call.c.failed, call.c.cost) == [("transcription", True, 0)]
    assert [row[0] for row in await kept(core, charge.c.cost)] in ([], [0])


async def test_a_voice_without_words_says_so(listening: Listening, emulator: ModelEmulator) -> None:
    emulator.hearing.says = lambda _: "  "
    assert "heard no words" in await listening().say("ada", "", file="voice", kind="voice")


async def test_without_a_model_that_hears_people_are_told(core: Core) -> None:
    core.platform.uploads["voice"] = samples.ogg(7)
    assert "cannot listen to `voice` here" in await core.say("ada", "", file="voice", kind="voice")


async def test_asked_again_it_is_not_paid_for_again(listening: Listening, emulator: ModelEmulator) -> None:
    core = listening()
    await core.say("ada", "", file="voice", kind="voice")
    await core.say("ada", "/retry")
    assert len(emulator.hearing.heard) == 1
    assert "I talked for 7 seconds." in core.model.prompts[-1].messages[-1].text


class TestTheAudioAPI:
    async def test_what_is_said_and_what_it_took(self, transcriber: Transcriber) -> None:
        transcript = await transcriber.transcribe(samples.wav(2.2), "voice.wav")
        assert transcript.text == "I talked for 2 seconds."
        assert transcript.usage == SoundUsage(seconds=3)

    async def test_newer_models_bill_tokens(self, emulator: ModelEmulator) -> None:
        catalog = catalog_at(emulator.url)
        card = transcriber_card(catalog, "gpt-4o-mini-transcribe")
        one = Transcriber.connect(card, catalog.endpoints["main"], SystemClock())
        usage = (await one.transcribe(samples.ogg(4), "voice.ogg")).usage
        await one.close()
        assert (usage.sound_tokens, usage.seconds, usage.estimated) == (40, 0, False)

    @pytest.mark.parametrize(
        ("content", "name"), [(b"rubbish", "voice.ogg"), (samples.wav(0.01), "a.wav"), (samples.wav(), "a.txt")]
    )
    async def test_what_it_cannot_read_is_damaged(self, transcriber: Transcriber, content: bytes, name: str) -> None:
        with pytest.raises(FileRefused, match="damaged"):
            await transcriber.transcribe(content, name)

    async def test_an_unknown_model_is_the_operators_affair(self, emulator: ModelEmulator) -> None:
        catalog = catalog_at(emulator.url)
        one = Transcriber.connect(transcriber_card(catalog, "deaf-1"), catalog.endpoints["main"], SystemClock())
        with pytest.raises(UpstreamMisconfigured):
            await one.transcribe(samples.wav(), "a.wav")
        await one.close()

    async def test_an_endpoint_that_is_away_is_a_model_error(self) -> None:
        catalog = catalog_at("http://127.0.0.1:9/v1")
        one = Transcriber.connect(transcriber_card(catalog, "whisper-1"), catalog.endpoints["main"], SystemClock())
        with pytest.raises(ModelError):
            await one.transcribe(samples.wav(), "a.wav")
        await one.close()

    async def test_the_vendors_own_client_understands_the_emulator(self, emulator: ModelEmulator) -> None:
        client = openai.AsyncOpenAI(api_key="k", base_url=emulator.url, max_retries=0)
        told = await client.audio.transcriptions.create(model="whisper-1", file=("voice.ogg", samples.ogg(4)))
        await client.close()
        assert told.text == "I talked for 4 seconds."
        assert told.usage is not None
        assert told.usage.type == "duration"


def test_the_model_is_found_at_the_endpoint_that_it_names() -> None:
    catalog = catalog_at("http://x/v1")
    assert transcriber_card(catalog, "main/whisper-1").ref == "main/whisper-1"
    assert transcriber_card(catalog, "openai/whisper-1").ref == "main/openai/whisper-1"


async def test_prices_are_known_by_the_hour_and_by_the_token() -> None:
    catalog = Catalog.single(base_url="https://api.openai.com/v1", key="k", model="gpt-5", window=8000)
    prices = PriceBook(catalog, SystemClock(), sounds=True)
    await prices.load()
    whisper = prices.sound(transcriber_card(catalog, "whisper-1"))
    newer = prices.sound(transcriber_card(catalog, "gpt-4o-mini-transcribe"))
    assert whisper is not None
    assert newer is not None
    assert whisper.cost(SoundUsage(seconds=60)) == 6000
    assert newer.cost(SoundUsage(sound_tokens=600, output=200)) == 2800
    assert prices.sound(transcriber_card(catalog, "nobody-knows-1")) is None


_counts = st.integers(0, 10**6)


@given(
    usage=st.builds(SoundUsage, seconds=_counts, sound_tokens=_counts, text_tokens=_counts, output=_counts),
    lasted=st.integers(1, 10**4),
)
def test_a_sound_never_costs_nothing_where_there_is_a_price(usage: SoundUsage, lasted: int) -> None:
    by_second = SoundRates.by_minute(MINUTE)
    by_token = SoundRates(sound_token=Decimal(3), text_token=Decimal(1), output_token=Decimal(5))
    assert by_second.cost(usage, lasted) > 0
    assert by_token.cost(usage, lasted) > 0
    assert by_second.ceiling(lasted) == lasted * 1000


@given(raw=st.recursive(st.none() | st.integers() | st.floats() | st.text(), lambda inner: st.dictionaries(
    st.sampled_from(["seconds", "input_tokens", "output_tokens", "input_token_details", "audio_tokens"]), inner
)))  # fmt: skip
def test_whatever_a_server_says_about_its_bill_is_read(raw: object) -> None:
    usage = read_sound_usage(raw)
    assert min(usage.seconds, usage.sound_tokens, usage.text_tokens, usage.output) >= 0
