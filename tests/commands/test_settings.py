"""What somebody chooses for themselves: one page, and every choice takes effect at once."""

from typing import Any

import pytest

from bot.domain.models import Catalog, Chain, Endpoint, Key, ModelCard
from bot.domain.personas import Persona
from bot.errors import UpstreamDown
from bot.storage import Storage
from bot.texts.catalogues import languages
from tests.conftest import ADMIN, Core, make_core

AREAS = ["🌐 Language", "🤖 Model", "🎭 Persona", "⏳ While I answer", "🔔 Notices", "🔒 Privacy"]


async def test_one_page_shows_everything_that_was_chosen(core: Core) -> None:
    said = await core.say("ada", "/settings")
    assert "Language: the language of your platform" in said
    assert "Model: the best suited one" in said
    assert "Persona: `default`" in said
    assert "The new message waits" in said
    assert "🔔 You get messages to everybody." in said
    assert core.platform.labels[-1] == AREAS


@pytest.mark.parametrize("area", AREAS)
async def test_each_button_leads_to_a_page_and_back_in_the_same_message(core: Core, area: str) -> None:
    await core.say("ada", "/settings")
    await core.click("ada", area)
    assert core.platform.instead_of[-1] == "1"
    await core.click("ada", "« Settings")
    assert core.platform.labels[-1] == AREAS


class TestLanguage:
    async def test_a_choice_holds_at_once_and_from_then_on(self, core: Core) -> None:
        await core.say("ada", "/language", language="en")
        assert await core.click("ada", "中文 (简体)", language="en") == await core.say(
            "ada", "/language", language="en"
        )
        assert "命令" in await core.say("ada", "/help", language="en")

    async def test_it_can_be_chosen_in_the_settings(self, core: Core) -> None:
        await core.say("ada", "/settings", language="en")
        await core.click("ada", "🌐 Language", language="en")
        assert "中文 (繁體)" in await core.click("ada", "中文 (繁體)", language="en")
        assert "中文 (繁體)" in await core.say("ada", "/settings", language="en")

    async def test_without_a_choice_it_is_the_platforms(self, core: Core) -> None:
        await core.say("ada", "/language zh_Hans", language="en")
        assert (await core.say("ada", "/language default", language="en")).startswith("▶ I speak")
        assert "do not know" in await core.say("ada", "/dance", language="en")
        assert "do not know" not in await core.say("ada", "/dance", language="zh-hant")

    async def test_what_the_platform_said_before_is_remembered_when_it_says_nothing(self, core: Core) -> None:
        await core.say("ada", "/language", language="zh-hans")
        assert "▶ I speak" not in await core.say("ada", "/language")

    async def test_every_language_has_a_button_with_its_own_name(self, core: Core) -> None:
        await core.say("ada", "/language")
        assert core.platform.buttons[-1] == [f"language {one}" for one in languages()]
        assert core.platform.labels[-1][0] == "English"

    @pytest.mark.parametrize("name", ["zh-hant", "ZH_HANT", "zh_Hant"])
    async def test_a_language_may_be_written_as_people_write_it(self, core: Core, name: str) -> None:
        assert "中文 (繁體)" in await core.say("ada", f"/language {name}")

    @pytest.mark.parametrize("name", ["tlh", "../../etc", "en en", "x" * 200])
    async def test_a_language_that_there_is_not_changes_nothing(self, core: Core, name: str) -> None:
        assert "Usage: `/language" in await core.say("ada", f"/language {name}")
        assert "the language of your platform" in await core.say("ada", "/settings")

    async def test_answers_and_what_fails_are_told_in_it(self, core: Core) -> None:
        await core.say("ada", "/language zh_Hans", language="en")
        core.model.finish_reason = "length"
        answer, note = (await core.say("ada", "hello", language="en")).split("\n\n")
        assert (answer, note.isascii()) == ("echo: hello", False)
        core.model.script.append([UpstreamDown()])
        assert "无法连接到模型" in await core.say("ada", "again", language="en")

    async def test_notices_are_told_in_it(self, core: Core) -> None:
        await core.say(ADMIN, "/language zh_Hans", language="en")
        await core.say("ada", "/quota request more", language="en")
        (asked,) = [said for chat, said in core.platform.sent if chat == ADMIN and "ada" in said.lower()]
        assert not asked.isascii()

    async def test_one_person_speaks_it_everywhere(self, core: Core) -> None:
        await core.say("ada", "/language zh_Hans", language="en")
        assert "命令" in await core.say("ada", "/help", chat="team", language="en")
        assert "Commands do the rest" in await core.say("ben", "/help", chat="team", language="en")


class TestModel:
    @pytest.fixture
    def core(self, storage: Storage) -> Core:
        names = ("big", "small", "x" * 60)
        cards = [ModelCard(name=name, known_as=name, endpoint="e", window=1000) for name in names]
        endpoint = Endpoint(name="e", base_url="http://fake/v1", keys=(Key.none(),))
        catalog = Catalog(
            endpoints={"e": endpoint},
            models={card.ref: card for card in cards},
            chains={"default": Chain(name="default", cards=(cards[0],))},
        )
        return make_core(storage, catalog=catalog)

    async def test_a_model_is_chosen_by_a_tap_and_answers_at_once(self, core: Core) -> None:
        await core.say("ada", "/settings model")
        assert "Model: `e/small`" in await core.click("ada", "e/small")
        await core.say("ada", "hello")
        assert core.model.prompts[-1].card.name == "small"
        assert "the best suited one" in await core.click("ada", "The best suited one")
        await core.say("ada", "again")
        assert core.model.prompts[-1].card.name == "big"

    async def test_a_name_too_long_for_a_button_has_none(self, core: Core) -> None:
        await core.say("ada", "/settings model")
        assert core.platform.labels[-1] == ["e/big", "e/small", "« Settings"]

    async def test_a_model_that_there_is_not_is_refused(self, core: Core) -> None:
        assert "There is no model `nothing`" in await core.say("ada", "/settings model nothing")


class TestPersona:
    @pytest.fixture
    def core(self, storage: Storage) -> Core:
        return make_core(storage, files={"poet": Persona(name="poet", prompt="be a poet")})

    async def system(self, core: Core, **more: Any) -> str:
        await core.say("ada", "hello", **more)
        return core.model.prompts[-1].messages[0].text

    async def test_a_persona_is_chosen_by_a_tap_and_answers_at_once(self, core: Core) -> None:
        assert await self.system(core) == "be kind"
        await core.say("ada", "/settings persona")
        assert "`poet` answers you here" in await core.click("ada", "poet")
        assert await self.system(core) == "be a poet"

    async def test_it_takes_the_place_of_what_was_chosen_for_this_conversation(self, core: Core) -> None:
        await core.say("ada", "/persona set poet")
        assert "`default` answers you here" in await core.say("ada", "/settings persona default")
        assert await self.system(core) == "be kind"

    async def test_it_holds_in_new_conversations_too(self, core: Core) -> None:
        await core.say("ada", "/settings persona poet")
        await core.say("ada", "/new")
        assert await self.system(core) == "be a poet"

    async def test_in_a_group_what_the_group_has_stays(self, core: Core) -> None:
        await core.say(ADMIN, "/persona set default chat", chat="team")
        await core.say("ada", "/settings persona poet", chat="team")
        assert await self.system(core, chat="team") == "be kind"
        assert await self.system(core) == "be a poet"

    async def test_a_persona_that_there_is_not_is_refused(self, core: Core) -> None:
        assert "There is no persona `nobody`" in await core.say("ada", "/settings persona nobody")


async def test_messages_to_everybody_are_switched_off_by_a_tap(core: Core) -> None:
    await core.say("ada", "/settings notices")
    assert "You get no messages to everybody" in await core.click("ada", "🔕 Get none")
    assert "🔕" in await core.say("ada", "/settings")
    async with core.storage.begin() as work:
        (ada,) = await work.people.named("fake", "ada")
    assert ada.quiet
    await core.say("ada", "/settings notices")
    assert "🔔 You get messages" in await core.click("ada", "🔔 Get them")


async def test_privacy_says_what_is_stored_and_leads_to_a_copy_and_to_forgetting(core: Core) -> None:
    said = await core.say("ada", "/settings privacy")
    assert "your messages and my answers" in said
    assert "/forget deletes for good" in said
    assert core.platform.buttons[-1] == ["export", "export everything", "forget", "settings"]


@pytest.mark.parametrize("words", ["busy maybe", "notices perhaps", "privacy off", "nothing", "busy steer now"])
async def test_anything_else_gets_the_usage(core: Core, words: str) -> None:
    assert "Usage: `/settings" in await core.say("ada", f"/settings {words}")
