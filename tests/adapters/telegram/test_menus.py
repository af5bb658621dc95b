"""Who finds which commands in their menu, and in which language."""

from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs
from telegram import Bot

from adapters.telegram.emulator import Fault, Person, TelegramEmulator
from adapters.telegram.menus import Menus
from adapters.telegram.platform import TelegramPlatform
from adapters.telegram.request import AiohttpRequest
from bot.commands import all_commands
from bot.commands.declaration import CommandBook, Role
from bot.texts import Text
from tests.adapters.telegram.conftest import TOKEN, ManualClock
from tests.adapters.telegram.test_polling import Inbox, listening, until


def described(text: Text, language: str | None) -> str:
    return f"{language}: {text.message}"


async def published(
    tg: TelegramEmulator, book: CommandBook, *, languages: Sequence[str] = (), admins: Sequence[int] = ()
) -> ManualClock:
    clock = ManualClock()
    async with Bot(TOKEN, base_url=f"{tg.url}/bot", request=AiohttpRequest()) as bot:
        menus = Menus(bot, book, describe=described, languages=languages, admins=admins, clock=clock)
        await menus.publish()
    return clock


def names(tg: TelegramEmulator, scope: str, language: str = "") -> list[str]:
    return [one["command"] for one in tg.world.commands[scope, language]]


def told(tg: TelegramEmulator) -> list[Any]:
    """The scopes and languages that have a menu."""
    return sorted(tg.world.commands)


async def test_people_find_what_everybody_may_use(tg: TelegramEmulator, book: CommandBook) -> None:
    await published(tg, book)
    assert names(tg, "default") == ["help", "new", "stop"]
    assert tg.world.commands["default", ""][0]["description"] == "None: Show what I can do"


async def test_groups_find_what_is_about_all_of_them(tg: TelegramEmulator) -> None:
    await published(tg, all_commands())
    in_groups, alone = names(tg, "all_group_chats"), names(tg, "default")
    assert set(in_groups) < set(alone)
    assert {"help", "new", "chats", "stop", "model"} <= set(in_groups)
    assert not {"settings", "language", "link", "forget"} & set(in_groups)


async def test_admins_find_their_commands_where_they_have_them(
    tg: TelegramEmulator, ada: Person, book: CommandBook
) -> None:
    office = tg.group(id=-1009, title="Office", members=[ada])
    await published(tg, book, admins=[ada.id, office.id])
    for chat in (ada.id, office.id):
        assert names(tg, f"chat:{chat}:") == ["help", "new", "stop", "quota"]


async def test_no_menu_has_what_only_buttons_call_nor_too_much(tg: TelegramEmulator, ada: Person) -> None:
    book = all_commands()
    await published(tg, book, admins=[ada.id])
    for scope in ("default", "all_group_chats", f"chat:{ada.id}:"):
        assert 0 < len(names(tg, scope)) <= 100
        assert not {"thumb", "bill"} & set(names(tg, scope))
    assert len(names(tg, f"chat:{ada.id}:")) == len(book.menu(Role.ADMIN))


async def test_every_menu_speaks_every_language_that_telegram_tells_apart(
    tg: TelegramEmulator, ada: Person, book: CommandBook
) -> None:
    await published(tg, book, languages=("en", "de", "zh_Hans", "zh_Hant"), admins=[ada.id])
    scopes = ("all_group_chats", f"chat:{ada.id}:", "default")
    assert told(tg) == [(scope, code) for scope in scopes for code in ("", "de", "en", "zh")]
    assert tg.world.commands["default", "zh"][0]["description"].startswith("zh_Hans: ")


async def test_an_admin_who_has_not_written_yet_costs_the_others_nothing(
    tg: TelegramEmulator, ada: Person, book: CommandBook
) -> None:
    with capture_logs() as logs:
        await published(tg, book, languages=("en", "de"), admins=[404, ada.id])
    assert names(tg, f"chat:{ada.id}:", "de")
    assert sum("was not set" in line["event"] for line in logs) == 1


async def test_a_429_is_waited_for(tg: TelegramEmulator, book: CommandBook) -> None:
    tg.faults.next("setMyCommands", Fault(retry_after=7))
    clock = await published(tg, book)
    assert clock.seconds == 1007
    assert names(tg, "default")


@pytest.mark.parametrize("status", [400, 500])
async def test_a_menu_that_is_refused_leaves_the_others(tg: TelegramEmulator, book: CommandBook, status: int) -> None:
    tg.faults.next("setMyCommands", Fault(status=status))
    await published(tg, book, languages=("de",))
    assert ("default", "") not in tg.world.commands
    assert names(tg, "default", "de")


async def test_messages_do_not_wait_for_the_menus(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform
) -> None:
    inbox = Inbox()
    tg.faults.next("setMyCommands", Fault(hang=60))
    ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
    assert tg.world.commands == {}
