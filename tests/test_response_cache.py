"""The response cache as people meet it: what they read, what they are charged, what is on record."""

import pytest
import sqlalchemy as sa

from bot.accounting import CachedCharge
from bot.domain.completions import Prompt, PromptMessage
from bot.errors import UpstreamDown
from bot.llm.cache import CachedModel, DatabaseShelf, MemoryShelf, Scope, Shelves
from bot.llm.cache.shared import RedisShelf
from bot.models import open_shelves, remembered
from bot.settings import Settings
from bot.storage import KeptAnswer, Storage
from tests.books import used
from tests.calls import card, catalog
from tests.conftest import Core, make_core
from tests.databases import on
from tests.scenarios.servers import RedisServer

CATALOG = catalog(card("gpt-test"))
REDIS = "redis://127.0.0.1:9/0"

NOTICE = "\n\n♻️ Answered from the cache."


def remembering(storage: Storage, scope: Scope = "everyone") -> Core:
    """A core whose chats go through the cache."""
    core = make_core(storage)
    shelf = Shelves(MemoryShelf(), DatabaseShelf(storage.begin, seconds=3600))
    core.dispatcher._questions._chat._model = CachedModel(core.model, shelf, core.clock, scope=scope, seconds=3600)
    return core


async def calls(storage: Storage) -> list[tuple[int, int, int]]:
    query = sa.text("SELECT attempts, input_tokens + output_tokens, cost FROM call ORDER BY id")
    async with storage.begin() as work:
        return [tuple(row) for row in await work.calls._connection.execute(query)]


async def test_an_answer_from_the_cache_says_so_and_takes_a_message_but_no_tokens(
    storage: Storage,
) -> None:
    core = remembering(storage)
    assert await core.say("ada", "hello") == "echo: hello"
    assert await core.say("ben", "hello") == f"echo: hello{NOTICE}"
    assert (await used(core, "ada"), await used(core, "ben")) == ((1, 15), (1, 0))
    assert await calls(storage) == [(1, 15, None), (0, 0, 0)]


async def test_the_conversation_goes_on_without_the_notice(storage: Storage) -> None:
    core = remembering(storage)
    await core.say("ada", "hello")
    await core.say("ben", "hello")
    await core.say("ben", "and now?")
    said = [message.text for message in core.model.prompts[-1].messages]
    assert said == ["be kind", "hello", "echo: hello", "and now?"]


async def test_answers_of_an_account_are_not_given_to_others(storage: Storage) -> None:
    core = remembering(storage, scope="account")
    await core.say("ada", "hello")
    assert await core.say("ben", "hello") == "echo: hello"
    await core.say("ada", "/new")
    assert await core.say("ada", "hello") == f"echo: hello{NOTICE}"


async def test_a_retry_is_not_answered_with_what_it_is_to_replace(storage: Storage) -> None:
    core = remembering(storage)
    core.model.script = [("an answer",), ("another answer",)]
    await core.say("ada", "hello")
    assert await core.say("ada", "/retry") == "another answer"


async def test_a_restart_forgets_nothing(storage: Storage) -> None:
    await remembering(storage).say("ada", "hello")
    again = remembering(storage)
    assert await again.say("ben", "hello") == f"echo: hello{NOTICE}"
    assert again.model.prompts == []


async def test_when_no_endpoint_can_be_reached_an_old_answer_is_given(storage: Storage) -> None:
    core = remembering(storage)
    await core.say("ada", "hello")
    core.clock.pass_(days=1)
    core.model.script.append([UpstreamDown("gone")])
    assert await core.say("ben", "hello") == f"echo: hello{NOTICE}"


@pytest.mark.parametrize(("charge", "messages", "words"), [("nothing", 0, None), ("message", 1, None), ("full", 1, 2)])
async def test_a_cached_answer_takes_of_a_person_s_limits_what_the_operator_says(
    storage: Storage, charge: CachedCharge, messages: int, words: int | None
) -> None:
    """In full: the prompt and the words of the answer."""
    core = remembering(storage)
    core.dispatcher._accounting._cached = charge
    await core.say("ada", "hello")
    await core.say("ben", "hello")
    tokens = 0 if words is None else core.model.prompts[0].tokens + words
    assert await used(core, "ben") == (messages, tokens)
    assert [cost for _, _, cost in await calls(storage)][1] == 0


@pytest.mark.parametrize("wanted", ["off", "account", "everyone"])
async def test_there_is_a_cache_only_if_it_is_wanted(core: Core, wanted: str) -> None:
    settings = Settings.load(_env_file=None, response_cache=wanted)
    async with remembered(core.model, settings, core.storage, core.clock) as model:
        assert isinstance(model, CachedModel) is (wanted != "off")


@pytest.mark.parametrize(("url", "kinds"), [(None, [DatabaseShelf]), (REDIS, [RedisShelf, DatabaseShelf])])
async def test_redis_stands_before_the_database_if_there_is_one_and_memory_where_a_process_is_alone(
    core: Core, url: str | None, kinds: list[type]
) -> None:
    alone = [MemoryShelf] if core.storage.embedded else []
    settings = Settings.load(_env_file=None, response_cache="everyone", redis_url=url)
    async with open_shelves(settings, core.storage) as shelves:
        assert [type(shelf) for shelf in shelves] == [*alone, *kinds]


@on("postgresql")
@pytest.mark.parametrize("shared", [False, True])
async def test_what_one_process_forgets_none_of_the_others_answers_with(storage: Storage, *, shared: bool) -> None:
    """Whichever of them had given the answer, and whether they share a Redis or only the database."""
    async with RedisServer() as server:
        url = server.url if shared else None
        wanted = Settings.load(_env_file=None, response_cache="everyone", redis_url=url)
        kept = KeptAnswer(text="her secret", model="m", at=0)
        async with open_shelves(wanted, storage) as mine, open_shelves(wanted, storage) as theirs:
            await Shelves(*theirs).put("key", kept)
            assert await Shelves(*mine).get("key") == kept
            await Shelves(*mine).clear()
            assert await Shelves(*theirs).get("key") is None


async def test_what_is_asked_beside_the_turns_is_never_answered_from_the_cache(storage: Storage) -> None:
    core = remembering(storage)
    model = core.dispatcher._questions._chat._model
    prompt = Prompt(
        chain=CATALOG.default,
        messages=(PromptMessage(role="user", text="name this talk"),),
        tokens=5,
        answer_room=9,
        purpose="title",
    )
    for _ in range(2):
        assert [piece async for piece in model.complete(prompt)]
    assert len(core.model.prompts) == 2


def test_no_cache_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RESPONSE_CACHE", raising=False)
    assert Settings.load(_env_file=None).response_cache == "off"
