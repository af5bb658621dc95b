"""/group without topics; with topics see tests/scenarios/test_telegram_groups.py."""

from bot.domain.quotas import Rule
from bot.domain.windows import Window
from tests.conftest import ADMIN, Core


async def test_it_is_about_a_group(core: Core) -> None:
    assert await core.say("ada", "/group") == "Send that in the group it is about."


async def test_it_tells_how_the_bot_is_called_and_who_pays(core: Core) -> None:
    told = await core.say("ada", "/group", chat="team")
    assert "▶ I answer everywhere in it." in told
    assert "Who asks pays, from their own limits.\n" in told


async def test_it_tells_that_the_pool_pays_when_there_is_one(core: Core) -> None:
    async with core.storage.begin() as work:
        await work.limits.set("pool:fake:team", Rule(meter="messages", window=Window(span="day"), limit=5))
    assert "when these are used up, the group's pool does." in await core.say("ada", "/group", chat="team")


async def test_where_there_is_no_topic_nothing_can_be_narrowed(core: Core) -> None:
    assert (await core.say("ada", "/group only here", chat="team")).startswith("There is no topic here.")
    assert core.platform.labels[-1] == []


async def test_only_those_who_run_the_group_decide(core: Core) -> None:
    assert await core.say("ada", "/group everywhere", chat="team") == "Only admins of this group can change that."
    core.platform.presidents.add(("ada", "team"))
    assert "▶ I answer everywhere in it." in await core.say("ada", "/group everywhere", chat="team")


async def test_admins_of_the_bot_decide_everywhere_and_it_is_on_record(core: Core) -> None:
    assert "▶ I answer everywhere in it." in await core.say(ADMIN, "/group everywhere", chat="team")
    async with core.storage.begin() as work:
        (record,) = await work.audit.last(1)
    assert (record.action, record.subject, record.actor) == ("group-only", "chat:fake:team", "fake:root")


async def test_a_question_elsewhere_is_told_where_and_costs_nothing(core: Core) -> None:
    async with core.storage.begin() as work:
        await work.conversations.start("fake:team#7", title="Ask Parley")
        await work.groups.answer_only_in("fake:team", "7")
    assert await core.say("ada", "hello", chat="team") == "In this group I answer in the topic `Ask Parley` only."
    assert await core.say("ada", "hello") == "echo: hello"
    assert len(core.model.prompts) == 1
