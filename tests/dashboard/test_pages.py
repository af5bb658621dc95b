"""What pages show, and what they do not."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr

from adapters.web.dashboard.rendering import fact, said
from bot.dashboard.facts import facts_of
from bot.dashboard.office import _key
from bot.dashboard.values import Asked, Listing, Page, Picture, Reveal, Tiles, UnknownPage
from bot.disclosure import Disclosure, Recipient
from bot.errors import ConfigError
from bot.masking import Masking
from bot.needs import check_serving
from bot.settings import Settings
from bot.storage import Storage
from bot.texts import text
from bot.texts.limits import kept_for
from tests.conftest import ADMIN, Core, make_core
from tests.dashboard.test_doors import acts, signed_in
from tests.test_retention import keep

SECRET = "a question that nobody else may read"


async def seen(core: Core, page: str, about: str = "", *, who: str = ADMIN, revealed: bool = False) -> Page:
    """A page as somebody sees it who signs in for it."""
    guest = await core.office.guest(await signed_in(core, who))
    assert guest
    return await core.office.page(guest, Asked(page=page, about=about), revealed=revealed)


def told(page: Page) -> str:
    """All that stands on it."""
    return repr(page)


def values(page: Page) -> dict[str, object]:
    """What its tiles say."""
    tiles = [tile for section in page.sections if isinstance(section, Tiles) for tile in section.tiles]
    return {tile.label.message: tile.value for tile in tiles}


async def test_what_waits_is_counted_and_named(core: Core) -> None:
    guest = await core.office.guest(await signed_in(core))
    assert guest
    await core.hear("ada", "one")
    await core.hear("ada", "two")
    page = await core.office.page(guest, Asked(page=""))
    assert values(page)["Waiting"] == 1
    (lanes,) = [one for one in page.sections if isinstance(one, Listing) and one.name == "lanes"]
    ((key, _, state, _, pending, _),) = lanes.table.rows
    assert (key, state, pending) == ("fake:ada", text("waits"), 2)


async def test_conversations_are_shown_without_a_word_of_them(core: Core) -> None:
    await core.say("ada", SECRET)
    for page in (await seen(core, "conversations"), await seen(core, "conversations", "1", revealed=True)):
        assert SECRET not in told(page)
        assert not any(isinstance(one, Reveal) for one in page.sections)


async def test_messages_are_shown_to_whoever_asks_and_that_is_on_record(storage: Storage) -> None:
    core = make_core(storage, shows_messages=True)
    await core.say("ada", SECRET)
    before = await seen(core, "conversations", "1")
    assert (SECRET in told(before), any(isinstance(one, Reveal) for one in before.sections)) == (False, True)
    assert "conversation.read" not in await acts(storage)
    for _ in range(2):
        assert SECRET in told(await seen(core, "conversations", "1", revealed=True))
    assert (await acts(storage)).count("conversation.read") == 2


async def test_support_reads_no_messages(storage: Storage) -> None:
    core = make_core(storage, shows_messages=True)
    await core.say("ada", SECRET)
    await core.say(ADMIN, "/role ada support")
    assert SECRET not in told(await seen(core, "conversations", "1", who="ada", revealed=True))


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30])
async def test_what_is_not_there_is_no_page(core: Core, number: str) -> None:
    for page in ("people", "conversations"):
        with pytest.raises(UnknownPage):
            await seen(core, page, number)


async def test_who_gets_what_people_say_and_what_each_plan_means_for_it(storage: Storage) -> None:
    masking = Masking(plans={"vip": True})
    server = Recipient(host="api.example.com", use="answers", models=["a", "b"])
    core = make_core(storage, masking=masking, disclosure=Disclosure(masking=masking, recipients=[server]))
    await keep(core, "free", 90)
    servers, plans = (one for one in (await seen(core, "privacy")).sections if isinstance(one, Listing))
    assert servers.table.rows == [("api.example.com", text("answers it"), "a, b")]
    assert [(name, hidden) for name, _, hidden in plans.table.rows] == [
        ("free", text("no")),
        ("plus", text("no")),
        ("vip", text("yes")),
    ]
    assert plans.table.rows[0][1] == kept_for(90)


def test_no_secret_is_among_the_settings() -> None:
    settings = Settings.load(
        _env_file=None,
        telegram_bot_token="100:hunter2",
        dashboard_oidc_client_secret="hunter2",
        database_url="postgresql://parley:hunter2@host/parley?password=hunter2",
        openai_base_url="https://user:hunter2@host/v1",
        redis_url="redis://:hunter2@host",
    )
    facts = facts_of(settings)
    assert {name for name, _, _ in facts} == {name.upper() for name in Settings.model_fields}
    assert "hunter2" not in repr(facts)
    assert ("DATABASE_URL", "postgresql+psycopg://••••••@host/parley?••••••", True) in facts
    assert all(value != repr(SecretStr("x")) for _, value, _ in facts)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dashboard_url", "http://bot.example.org/dashboard"),
        ("dashboard_url", "https://bot.example.org"),
        ("dashboard_oidc_issuer", "http://login.example.org"),
        ("dashboard_oidc_people", "ada@example.org"),
    ],
)
def test_a_setting_that_would_be_unsafe_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.load(_env_file=None, **{name: value})
    assert refused.value.problems[0].startswith(name.upper())


def test_a_provider_needs_to_know_who_is_who() -> None:
    with pytest.raises(ConfigError) as refused:
        check_serving(Settings.load(_env_file=None, dashboard_oidc_issuer="https://login.example.org"))
    assert any("DASHBOARD_OIDC_PEOPLE" in one for one in refused.value.problems)


def test_words_are_never_markup() -> None:
    assert said("a `<b>` <i>\n```\n<u>\n```") == ("a <code>&lt;b&gt;</code> &lt;i&gt;<br><pre>&lt;u&gt;</pre>")


def test_amounts_keep_their_zeros() -> None:
    shown = {"0.5": "0,5", "0.20": "0,2", "7": "7", "1.00": "1"}
    assert [fact(Decimal(one), lambda value: shown[str(value)]) for one in ("0.20", "7", "1.00")] == [
        "0,20",
        "7",
        "1,00",
    ]


async def test_people_are_counted_by_account_and_named(storage: Storage) -> None:
    core = make_core(storage)
    for who in ("ada", "ben", "ben"):
        await core.say(who, "hello")
    async with storage.begin() as work:
        spent = await work.calls.spent(0, "person", order="calls")
        days = await work.calls.by_day(core.clock.now() - timedelta(days=1), by="person")
    assert [(one.group, one.calls) for one in spent] == [("ben", 2), ("ada", 1)]
    assert {(one.group, one.calls) for one in days} == {("ben", 2), ("ada", 1)}


async def test_charts_show_what_their_page_was_made_of(core: Core) -> None:
    await core.say("ada", "hello")
    guest = await core.office.guest(await signed_in(core))
    assert guest
    asked, album = Asked(page="usage", words={"days": "7"}), core.office._album
    page = await core.office.page(guest, asked)
    kept = album.kept(_key(guest, asked))
    assert [one.name for one in kept] == [one.name for one in page.sections if isinstance(one, Picture)]
    assert album.kept(_key(guest, Asked(page="usage"))) == ()
    core.clock.pass_(minutes=1)
    assert album.kept(_key(guest, asked)) == ()


async def test_nobody_below_support_is_let_in(core: Core) -> None:
    await core.say("ada", "hello")
    async with core.storage.begin() as work:
        (ada,) = await work.people.named("fake", "ada")
        assert await core.office.doors.vouched(work, ada.identity) is None
