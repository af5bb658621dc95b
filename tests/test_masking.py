"""Masking: the vendor sees placeholders, the person reads what they stand for, and the history keeps what was said."""

from pathlib import Path

import pytest

from bot.bootstrap import open_application
from bot.commands import all_commands
from bot.domain.context import ContextPolicy
from bot.domain.masks import NOTE
from bot.errors import ConfigError
from bot.llm.cache import CachedModel, MemoryShelf, Shelves
from bot.llm.emulator import ModelEmulator
from bot.masking import MaskedJudge, MaskedModel, Masking, masking_of
from bot.settings import Settings
from bot.storage import Storage
from tests.conftest import ADMIN, Core, make_core
from tests.fakes import FakePlatform
from tests.test_memory import UNLIMITED, chatter
from tests.test_moderation import Fake

MAIL = "ada@example.org"


def masked(storage: Storage, masking: Masking | None = None, **more: object) -> Core:
    return make_core(
        storage,
        window=8000,
        daily=UNLIMITED,
        masking=masking or Masking(base=True),
        **more,  # type: ignore[arg-type]
    )


def sent(core: Core, number: int = -1) -> list[str]:
    return [message.text for message in core.model.prompts[number].messages]


async def test_the_model_sees_a_placeholder_and_the_person_the_value(storage: Storage) -> None:
    core = masked(storage)
    assert await core.say("ada", f"my address is {MAIL}") == f"echo: my address is {MAIL}"
    assert sent(core) == [f"be kind\n\n{NOTE}", "my address is [EMAIL_1]"]


async def test_a_placeholder_that_comes_in_pieces_is_whole_in_every_preview(storage: Storage) -> None:
    core = masked(storage)
    core.model.script = [("Wri", "te to [EM", "AI", "L_1", "]", " or [EMAIL_", "7] [see")]
    assert await core.say("ada", MAIL) == f"Write to {MAIL} or [EMAIL_7] [see"
    shown = {one for reply in core.platform.replies for one in reply.shown if one}
    assert shown
    assert not any(one.endswith(("[EM", "[EMAI", "[EMAIL_1")) for one in shown)


async def test_the_beginning_of_prompts_stays_the_same_from_turn_to_turn(storage: Storage) -> None:
    core = masked(storage)
    for words in (f"I am {MAIL}", "and ben@example.org?", f"no, {MAIL} and eve@example.org"):
        await core.say("ada", words)
    assert sent(core, 1)[:-1] == [*sent(core, 0), "echo: I am [EMAIL_1]"]
    assert sent(core)[: len(sent(core, 1))] == sent(core, 1)
    assert sent(core)[-1] == "no, [EMAIL_1] and [EMAIL_3]"


async def test_what_is_recalled_summed_up_and_entitled_is_masked_too(storage: Storage) -> None:
    core = masked(storage, context=ContextPolicy(budget=400, summary=40), titles=True)
    core.model.script = [("That is noted.",), ("Mail to [EMAIL_1]",)]
    core.model.summary = ("Ada is at [EMAIL_1].",)
    await core.say("ada", f"My locker key is with {MAIL}")
    core.model.always = ("That is how they have always been hanging.",)
    await chatter(core, 40)
    await core.say("ada", "Who has my locker key?")
    assert {one.purpose for one in core.model.prompts} == {"chat", "title", "summary"}
    assert not any(MAIL in message.text for one in core.model.prompts for message in one.messages)
    assert any("user: My locker key is with [EMAIL_1]" in text for text in sent(core))
    assert any("Ada is at [EMAIL_1]." in text for text in sent(core))
    assert f"Mail to {MAIL}" in await core.say("ada", "/chats")


async def test_the_text_of_a_file_is_masked(storage: Storage) -> None:
    core = masked(storage)
    core.platform.uploads["notes.txt"] = f"Ada: {MAIL}".encode()
    assert MAIL in await core.say("ada", "what does it say?", file="notes.txt")
    assert "Ada: [EMAIL_1]" in sent(core)[-1]


async def test_the_history_keeps_what_was_said(storage: Storage) -> None:
    core = masked(storage)
    await core.say("ada", f"my address is {MAIL}")
    await core.say("ada", "/export md")
    assert MAIL in core.platform.files[-1][0].content.decode()


async def test_a_plan_may_be_treated_otherwise_but_not_in_a_group_where_all_read_all(storage: Storage) -> None:
    core = masked(storage, Masking(plans={"vip": True}))
    await core.say("ada", MAIL)
    assert sent(core) == ["be kind", MAIL]
    await core.say("ada", MAIL, chat="group")
    assert sent(core)[-1] == "[EMAIL_1]"
    await core.say(ADMIN, "/plan assign @ada vip")
    await core.say("ada", MAIL)
    assert sent(core)[-1] == "[EMAIL_1]"


async def test_an_answer_from_the_cache_has_the_data_of_whoever_asked(storage: Storage) -> None:
    core = masked(storage)
    chat = core.dispatcher._questions._chat
    cached = CachedModel(core.model, Shelves(MemoryShelf()), core.clock, scope="everyone", seconds=3600)
    chat._model = MaskedModel(cached, Masking(base=True))
    assert await core.say("ada", f"greet {MAIL}") == f"echo: greet {MAIL}"
    assert "echo: greet ben@example.org" in await core.say("ben", "greet ben@example.org")
    assert len(core.model.prompts) == 1


async def test_masked_prompts_teach_nothing_about_how_a_model_counts(storage: Storage) -> None:
    core = masked(storage)
    words = "one two three " * 100
    await core.say("ada", f"{words} {MAIL}")
    brain = core.dispatcher._questions._chat._brain
    assert brain.calibration._known == {}
    await core.say("ben", words)
    assert brain.calibration._known


async def test_the_moderation_api_sees_placeholders() -> None:
    judge = Fake(word="EMAIL")
    assert await MaskedJudge(judge, Masking(base=True)).categories(MAIL) == ["hate/threatening"]
    assert judge.asked == ["[EMAIL_1]"]


async def test_an_endpoint_is_sent_placeholders_when_the_setting_says_so(tmp_path: Path) -> None:
    async with ModelEmulator(answer=lambda request: f"I mail {request.said.split()[-1]} now.") as emulator:
        settings = Settings.load(
            openai_base_url=emulator.url,
            openai_api_key="sk-test",
            model="scripted-1",
            database_url=f"sqlite:///{tmp_path}/a.db",
            masking="true",
        )
        book = all_commands()
        platform = FakePlatform(book)
        async with open_application(settings, [platform], book) as bot:
            assert bot.worker
            await bot.inbox.accept([platform.arrival("ada", f"write to {MAIL}")])
            bot.worker.dispatcher.start((await bot.inbox.claim(1))[0])
            await bot.worker.dispatcher.drain(10)
        assert (emulator.requests[0].request.said, platform.sent[-1][1]) == (
            "write to [EMAIL_1]",
            f"I mail {MAIL} now.",
        )


class TestPatterns:
    def masking(self, tmp_path: Path, lines: str) -> Masking:
        file = tmp_path / "patterns.txt"
        file.write_text(lines, "utf-8")
        return masking_of(Settings.load(masking="true", masking_patterns=str(file)))

    def test_what_an_operator_names_is_hidden_under_that_name(self, tmp_path: Path) -> None:
        masks = self.masking(tmp_path, "# ours\n\nCUSTOMER KD-[0-9]{6}\nPROJECT (?i)blue moon\n").masks()
        assert (
            masks.mask("\ud83d客户KD-123456 of Blue Moon, [PROJECT_1]")
            == "\ud83d客户[CUSTOMER_1] of [PROJECT_1], [TEXT_1]"
        )

    def test_every_line_that_cannot_be_used_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as refused:
            self.masking(tmp_path, "customer KD\nCUSTOMER\nA_B x\nCUSTOMER (?<=x)y\nCUSTOMER x*\n")
        assert [problem.partition(":")[2].split(": ")[0][-1] for problem in refused.value.problems] == list("12345")

    def test_an_evil_pattern_takes_no_longer_than_another(self, tmp_path: Path) -> None:
        masks = self.masking(tmp_path, "EVIL (a+)+b\n").masks()
        assert masks.mask("a" * 100_000) == "a" * 100_000

    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="MASKING_PATTERNS"):
            masking_of(Settings.load(masking_patterns=str(tmp_path / "none.txt")))


def test_it_is_off_unless_somebody_wants_it() -> None:
    assert not masking_of(Settings.load()).active
    some = masking_of(Settings.load(masking_plans="vip=false, plus=true"))
    assert [some.covers(plan, private=True) for plan in ("vip", "plus", "free")] == [False, True, False]
    assert some.covers("free", private=False)
