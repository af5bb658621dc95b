"""Keys of people's own: kept when their endpoint takes them, used alone, paid by them, and shown to nobody."""

import json
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from bot.domain.budgets import Budget, BudgetPlan
from bot.domain.completions import Usage
from bot.domain.models import Endpoint
from bot.errors import OwnKeyRefused, UpstreamMisconfigured
from bot.ownkeys import OwnKeys
from bot.seals import KEY, UNSEALED, Seals
from bot.storage import Storage
from bot.storage.tables import metadata
from tests.calls import PRICED, answered, card, catalog
from tests.conftest import ADMIN, Core, make_core
from tests.databases import on

SECRET = "sk-abcdefgh-1234"
MODELS = catalog(card("big", prices=PRICED), card("small", endpoint="lab", prices=PRICED))
BUDGET = BudgetPlan(budgets=(Budget(scope="", span="day", limit=100),))


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    database = Storage.open(database_url, Seals.of([bytes(KEY)]))
    yield database
    await database.close()


async def takes(endpoint: Endpoint) -> None:
    """An endpoint that knows one key."""
    if endpoint.keys[0].secret != SECRET:
        raise UpstreamMisconfigured("no such key", hint="", cause="key")


def keyed(storage: Storage, budgets: BudgetPlan | None = None) -> Core:
    core = make_core(storage, catalog=MODELS, own_keys=OwnKeys(MODELS, takes), budgets=budgets)
    core.model.usage = Usage(input=1000, output=100)
    return core


@pytest.fixture
def core(storage: Storage) -> Core:
    return keyed(storage)


async def stored(storage: Storage) -> dict[str, str]:
    """Everything in the database, opened, by column."""
    async with storage.begin() as work:
        connection = work.history._connection
        columns = [column for table in metadata.sorted_tables for column in table.columns]
        return {str(one): json.dumps((await connection.scalars(sa.select(one))).all(), default=str) for one in columns}


async def test_a_key_that_its_endpoint_takes_is_used_for_what_its_owner_asks(core: Core) -> None:
    assert await core.say("ada", f"/key set main {SECRET}") == (
        "🔑 Kept, encrypted: …1234 for main.\nIf your message with the key is still here, please delete it."
    )
    await core.say("ada", "hello")
    await core.say("ben", "hello")
    adas, bens = core.model.prompts
    assert {name: key.secret for name, key in adas.own.items()} == {"main": SECRET}
    assert [one.ref for one in adas.chain.cards] == ["main/big"], "nothing that the operator would pay for"
    assert not bens.own


async def test_a_key_is_shown_by_its_end_and_deleted(core: Core) -> None:
    assert "You have given no key." in await core.say("ada", "/key")
    await core.say("ada", f"/key set main {SECRET}")
    shown = await core.say("ada", "/key")
    assert "🔑 main: …1234, since " in shown
    assert SECRET not in shown
    assert await core.say("ada", "/key forget") == "Forgotten. From now on the bot's own key is used again."
    assert await core.say("ada", "/key forget main") == "You have given no such key."
    await core.say("ada", "hello")
    assert not core.model.prompts[-1].own


async def test_the_key_stands_nowhere_but_where_it_is_kept(core: Core, storage: Storage) -> None:
    await core.say("ada", f"/key set main {SECRET}", message="m1")
    await core.say("ada", "/key set lab sk-of-somebody-else", message="m2")
    assert core.platform.unsaid == ["m1", "m2"]
    found = await stored(storage)
    assert [name for name, values in found.items() if SECRET in values] == ["own_key.secret"]
    assert [name for name, values in found.items() if "sk-of-somebody-else" in values] == []


async def test_a_key_that_is_refused_is_not_kept(core: Core) -> None:
    refused = await core.say("ada", "/key set main sk-wrong")
    assert refused.startswith("main does not take your key")
    assert "You have given no key." in await core.say("ada", "/key")


@pytest.mark.parametrize("words", [f"set elsewhere {SECRET}", f"set {SECRET}", "set main sk-ü", "keep", "forget a b"])
async def test_there_are_no_other_endpoints_and_no_other_ways(core: Core, words: str) -> None:
    assert "Usage" in await core.say("ada", f"/key {words}")


async def test_nobody_gives_a_key_where_others_read_along(core: Core, storage: Storage) -> None:
    assert "revoke it" in await core.say("ada", f"/key set main {SECRET}", chat="team", message="m1")
    assert core.platform.unsaid == ["m1"]
    assert [name for name, values in (await stored(storage)).items() if SECRET in values] == []


@on("sqlite")
async def test_without_encryption_there_are_no_own_keys(database_url: str) -> None:
    storage = Storage.open(database_url, UNSEALED)
    assert await keyed(storage).say("ada", f"/key set main {SECRET}") == "This bot takes no keys of people's own."
    assert await make_core(storage).say("ada", "/key") == "This bot takes no keys of people's own."
    await storage.close()


async def test_it_costs_its_owner_and_nobody_else(storage: Storage) -> None:
    core = keyed(storage, BUDGET)
    await core.say(ADMIN, "/quota set ada usd 0.000001 per day")
    assert "hello" not in await core.say("ada", "hello")
    await core.say("ada", f"/key set main {SECRET}")
    assert await core.say("ada", "hello") == "echo: hello"
    (call,) = await answered(storage)
    assert (call["payer"], call["cost"], call["input_tokens"]) == ("own", 0, 1000)
    async with storage.begin() as work:
        assert [one.spent + one.reserved for one in await core.budgets.standings(work)] == [0]
        usage = {one.tokens: one.messages for one in await work.ledger._connection.execute(sa.text(USED))}
    assert usage == {1100: 1}, "messages and tokens are counted as ever"


USED = "SELECT messages, tokens FROM charge WHERE state = 1"


async def test_a_key_that_is_refused_later_is_told_and_nothing_else_is_tried(core: Core, storage: Storage) -> None:
    await core.say("ada", f"/key set main {SECRET}")
    core.model.script = [(OwnKeyRefused("main"),)]
    assert "main does not take your key for this model. Nothing was charged." in await core.say("ada", "hello")
    assert len(core.model.prompts) == 1
    assert await answered(storage) == []


async def test_a_key_goes_along_when_two_accounts_become_one(core: Core, storage: Storage) -> None:
    await core.say("ada", f"/key set main {SECRET}")
    await core.say("ben", "hello")
    async with storage.begin() as work:
        await work.merging.merge(2, 1, None)
        assert [one.secret for one in await work.own_keys.of(2)] == [SECRET]
