"""The dashboard over HTTP: sessions, forms, files, and what hostile words come to."""

import csv
import io
import re

import pytest

from adapters.web.dashboard.throttle import MOST, WINDOW
from bot.access import Access
from bot.dashboard.opening import doors_of
from bot.dashboard.pages import all_pages
from bot.domain.access import AccessPolicy
from bot.entrypoints import dashboard_routes
from bot.ground import ground_of
from bot.settings import Settings
from tests.conftest import ADMIN
from tests.dashboard.conftest import House
from tests.dashboard.stage import furnish, link

PAGES = list(all_pages())


async def test_strangers_see_how_to_get_in_and_nothing_else(house: House) -> None:
    for path in ("/", "/people", "/audit?csv=audit", "/nothing"):
        status, page = await house.get(path)
        assert (status, "Write /dashboard to the bot" in page) == (200, True)
        assert "<nav" not in page


async def test_a_link_asks_before_it_is_used(house: House) -> None:
    """What previews links must not use them up."""
    there = await link(house.core)
    for _ in range(2):
        async with house.http.get(there) as answer:
            assert "Somebody with this link signs in as you" in await answer.text()
    await house.post("/enter", {"code": there.partition("code=")[2]})
    assert "<nav" in (await house.get())[1]


async def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    code = (await link(house.core)).partition("code=")[2]
    async with house.http.post(f"{house.url}/enter", data={"code": code}, allow_redirects=False) as answer:
        (cookie,) = answer.headers.getall("Set-Cookie")
    assert {"HttpOnly", "Path=/dashboard", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize("name", PAGES)
async def test_every_page_is_there(house: House, name: str) -> None:
    await furnish(house.core)
    await house.sign_in()
    status, page = await house.get(f"/{name}")
    assert status == 200
    assert f'<a href="/dashboard/{name}" aria-current="page">' in page
    assert "<img src=x" not in page
    assert "<b>conference" not in page


@pytest.mark.parametrize("name", PAGES)
async def test_every_table_is_a_file_too(house: House, name: str) -> None:
    await furnish(house.core)
    await house.sign_in()
    _, page = await house.get(f"/{name}")
    files = re.findall(r'href="/dashboard(/[^"]*csv=[a-z]+)"', page)
    assert files or name in ("delivery", "conversations", "settings")
    for file in files:
        status, sheet = await house.get(file.replace("&amp;", "&"))
        rows = list(csv.reader(io.StringIO(sheet.lstrip("\ufeff"))))
        assert (status, len(rows) > 1) == (200, True)
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t"))]


async def test_what_a_spreadsheet_would_run_is_words(house: House) -> None:
    await furnish(house.core)
    await house.sign_in()
    _, sheet = await house.get("/people?csv=people")
    assert "'=HYPERLINK" in sheet


async def test_nothing_is_allowed_but_our_own_files(house: House) -> None:
    async with house.http.get(f"{house.url}/") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


async def test_a_form_changes_what_its_command_changes(house: House) -> None:
    await house.core.say("ada", "hello")
    await house.sign_in()
    status, where, _ = await house.do("role ada {role}", "people", role="support")
    assert (status, where) == (303, "/dashboard/people?done=2")
    _, page = await house.get("/people?done=2")
    assert "as the settings say → support" in page
    assert "<code>role</code> of <code>fake:ada</code>" in page
    status, where, _ = await house.do("revert 2")
    assert status == 200
    assert "Role: member" not in page
    async with house.core.storage.begin() as work:
        (ada,) = await work.people.named("fake", "ada")
        (undone,) = await work.audit.last(1)
    assert (ada.role, undone.action, undone.actor) == (None, "revert", "fake:root")


async def test_what_hurts_is_asked_first(house: House) -> None:
    await house.core.say("ada", "hello")
    await house.sign_in()
    status, _, page = await house.do("block ada")
    assert (status, "The bot will answer them no longer" in page) == (200, True)
    command = re.findall(r'value="(block [^"]*confirmed[^"]*)"', page)[0]
    status, where, _ = await house.do(command)
    assert (status, where) == (303, "/dashboard/?done=2")


async def test_an_error_is_told_on_the_page(house: House) -> None:
    await house.sign_in()
    status, _, page = await house.do("role nobody {role}", "people", role="admin")
    assert (status, "banner bad" in page) == (422, True)


async def test_support_looks_and_changes_nothing(house: House) -> None:
    await house.core.say("ada", "hello")
    await house.core.say(ADMIN, "/role ada support")
    await house.sign_in("ada")
    assert (await house.get("/settings"))[0] == 404
    assert 'name="command"' not in (await house.get("/people/1"))[1]
    status, _, _ = await house.do("role ada {role}", role="admin")
    assert status == 422
    async with house.core.storage.begin() as work:
        (refused,) = await work.audit.last(1)
    assert refused.action == "dashboard.enter"


@pytest.mark.parametrize("command", ["", "forget", "link", "no such thing", "new"])
async def test_commands_of_chats_are_not_run_here(house: House, command: str) -> None:
    await house.sign_in()
    assert (await house.do(command))[0] == 404


@pytest.mark.parametrize("token", ["", "0" * 64, "ü"])
async def test_a_form_without_its_token_does_nothing(house: House, token: str) -> None:
    await house.core.say("ada", "hello")
    await house.sign_in()
    status, _, _ = await house.post("/do", {"token": token, "command": "quota freeze ada"})
    assert status == 403
    async with house.core.storage.begin() as work:
        (ada,) = await work.people.named("fake", "ada")
    assert not ada.frozen


@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_other_sites_send_no_forms(house: House, header: dict[str, str]) -> None:
    await house.sign_in()
    fields = {"token": await house.token(), "command": "maintenance on"}
    status, _, _ = await house.post("/do", fields, **header)
    assert status == 403


async def test_other_sites_sign_nobody_in(house: House) -> None:
    code = (await link(house.core)).partition("code=")[2]
    status, _, _ = await house.post("/enter", {"code": code}, Origin="https://evil.example")
    assert status == 403
    assert "<nav" not in (await house.get())[1]


async def test_who_tries_in_vain_has_to_wait(house: House) -> None:
    for _ in range(MOST):
        assert (await house.post("/enter", {"code": "nonsense"}))[0] == 403
    code = (await link(house.core)).partition("code=")[2]
    status, _, page = await house.post("/enter", {"code": code})
    assert (status, "Please wait for" in page) == (429, True)
    house.core.clock.pass_(seconds=WINDOW + 1)
    code = (await link(house.core)).partition("code=")[2]
    assert (await house.post("/enter", {"code": code}))[0] == 303


async def test_a_proxy_says_who_tries(house: House) -> None:
    for _ in range(MOST):
        await house.post("/enter", {"code": "nonsense"}, **{"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})
    status, _, _ = await house.post("/enter", {"code": "x"}, **{"X-Forwarded-For": "203.0.113.7"})
    assert status == 429
    status, _, _ = await house.post("/enter", {"code": "x"}, **{"X-Forwarded-For": "203.0.113.8"})
    assert status == 403


async def test_whoever_leaves_is_out(house: House) -> None:
    await house.sign_in()
    status, _, _ = await house.post("/leave", {"token": await house.token()})
    assert status == 303
    assert "<nav" not in (await house.get())[1]


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "people/../..", "people?x=\r\nSet-Cookie:a=b"]
)
async def test_a_form_leads_back_to_our_own_pages_alone(house: House, back: str) -> None:
    await house.core.say("ada", "hello")
    await house.sign_in()
    status, where, _ = await house.do("quota freeze ada", back)
    assert (status, where) == (303, "/dashboard/?done=2")


@pytest.mark.parametrize(
    "path", ["/people/0", "/people/x", "/people/99999999999999999999", "/nothing", "/conversations/7", "/static/x"]
)
async def test_what_is_not_there_is_said_to_be_not_there(house: House, path: str) -> None:
    await house.sign_in()
    assert (await house.get(path))[0] == 404


async def test_pages_speak_the_reader_s_language(house: House) -> None:
    _, page = await house.get(headers={"Accept-Language": "zh-CN"})
    assert '<html lang="zh-Hans" dir="ltr">' in page
    assert "登录" in page


async def test_a_chart_is_a_picture_for_light_and_for_dark(house: House) -> None:
    await furnish(house.core)
    await house.sign_in()
    _, light = await house.get("/usage?days=7&by=platform&svg=cost")
    _, dark = await house.get("/usage?days=7&by=platform&svg=cost&tone=dark")
    assert light.count(">telegram<") == dark.count(">telegram<") == 1
    assert light != dark
    assert (await house.get("/usage?svg=nothing"))[0] == 404


async def test_it_is_off_unless_it_is_wanted(house: House) -> None:
    settings = Settings.load(_env_file=None)
    assert dashboard_routes(settings, None) == []
    assert doors_of(settings, Access(AccessPolicy()), ground_of(house.core.storage, settings, house.core.clock)) is None


async def test_a_provider_of_the_settings_is_offered(house: House) -> None:
    settings = Settings.load(
        _env_file=None,
        dashboard_oidc_issuer="https://login.example.org/",
        dashboard_oidc_client_id="parley",
        dashboard_oidc_people="Ada@Example.org=telegram:123, 7f3c=slack:T1/U2",
    )
    assert {name: str(who) for name, who in settings.dashboard_oidc_people.items()} == {
        "ada@example.org": "telegram:123",
        "7f3c": "slack:T1/U2",
    }
    paths = [route.path for route in dashboard_routes(settings, house.core.office)]
    assert "/dashboard/oidc/back" in paths
