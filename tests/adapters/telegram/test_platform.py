import asyncio
import json
import logging
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from adapters.telegram.emulator import Fault, Limits, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands.declaration import CommandBook
from bot.domain.updates import Arrival, Place
from bot.errors import PlatformDown, PlatformMisconfigured
from bot.ports import Platform
from tests.adapters.telegram.conftest import TOKEN, connect
from tests.adapters.telegram.test_polling import Inbox, listening, until


def called(tg: TelegramEmulator, method: str) -> bool:
    return any(call.method == method for call in tg.calls)


def test_it_is_a_platform(platform: TelegramPlatform) -> None:
    port: Platform = platform
    assert port.name == "telegram"


async def test_the_start_waits_for_the_network(tg: TelegramEmulator, ada: Person, listener: TelegramPlatform) -> None:
    inbox = Inbox()
    tg.faults.next("getMe", Fault(drop="before"), times=3)
    ada.says("hello")
    with capture_logs() as logs:
        async with listening(listener, inbox.accept):
            await until(lambda: inbox.arrivals)
    assert sum(line["event"] == "Waiting for Telegram" for line in logs) == 3


async def test_a_wrong_token_is_the_operators_matter(tg: TelegramEmulator, book: CommandBook) -> None:
    platform = connect(tg, book, SystemClock(), token="100:SECRET")

    async def accept(arrivals: Sequence[Arrival]) -> None:
        raise AssertionError(arrivals)

    with pytest.raises(PlatformMisconfigured) as caught:
        await platform.listen(accept)
    await platform.close()
    assert "BotFather" in caught.value.hint
    assert caught.value.__cause__ is None


async def test_no_log_line_and_no_error_shows_the_token(
    tg: TelegramEmulator, book: CommandBook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform = connect(tg, book, SystemClock(), token="100:SECRET")
    with capture_logs() as logs, pytest.raises(PlatformMisconfigured) as caught:
        await platform.check()
    await platform.close()
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access")]
    assert "SECRET" not in f"{ours} {logs} {caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"


async def test_waiting_messages_survive_an_old_webhook(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform
) -> None:
    inbox = Inbox()
    ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
    (call,) = [call for call in tg.calls if call.method == "deleteWebhook"]
    assert not call.params.get("drop_pending_updates")


@pytest.mark.parametrize("reads_all", [True, False])
async def test_privacy_mode_is_pointed_out(book: CommandBook, *, reads_all: bool) -> None:
    async with TelegramEmulator(token=TOKEN, limits=Limits.off(), reads_all_group_messages=reads_all) as tg:
        platform = connect(tg, book, SystemClock())
        with capture_logs() as logs:
            async with listening(platform, Inbox().accept):
                await until(lambda: called(tg, "setMyCommands"))
        await platform.close()
    assert any("Privacy mode" in line["event"] for line in logs) is not reads_all


async def test_check_says_who_we_are(platform: TelegramPlatform) -> None:
    assert await platform.check() == "@parley_bot (100), reads all messages of its groups"


async def test_check_tells_a_network_from_a_token(book: CommandBook, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    platform = TelegramPlatform(TOKEN, api_url=url, commands=book, clock=SystemClock())
    with pytest.raises(PlatformDown):
        await platform.check()
    await platform.close()


async def test_a_commands_answer_replies_in_groups(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform
) -> None:
    team = tg.group(id=-1001, title="Team", members=[ada])
    inbox = Inbox()
    asked = ada.says("/help", chat=team)
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
    update = listener.parse(inbox.arrivals[0].payload)
    assert update is not None
    for part in listener.parts(update.place, "**yes**", answer_by=update.answer_by):
        await listener.deliver(json.loads(json.dumps(part)))
    assert [message.reply_to for message in tg.messages(team)] == [None, asked]


async def test_a_whole_turn(tg: TelegramEmulator, ada: Person, listener: TelegramPlatform) -> None:
    inbox = Inbox()
    asked = ada.says("Wie heißt der höchste Berg?")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
        update = listener.parse(inbox.arrivals[0].payload)
        assert update is not None
        reply = listener.reply(update)
        await reply.show("")
        await reply.show("Der *Mount")
        assert tg.drafts(ada.chat) == "Der Mount"
        assert tg.calls[-1].params["draft_id"] == asked
        await reply.close()
        for part in reply.parts("Der *Mount Everest*."):
            await listener.deliver(part)
    assert tg.messages(ada.chat)[-1].text == "Der Mount Everest."
    assert tg.drafts(ada.chat) is None


async def test_pressing_stop_under_a_draft_arrives_as_the_command(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform
) -> None:
    inbox = Inbox()
    asked = ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
        update = listener.parse(inbox.arrivals[0].payload)
        assert update is not None
        await listener.reply(update).show("")
        ada.stops(asked)
        await until(lambda: len(inbox.arrivals) == 2)
    stop = listener.parse(inbox.arrivals[1].payload)
    assert stop is not None
    assert stop.invocation is not None
    assert stop.invocation.name == "stop"
    assert (stop.place, stop.sender.identity) == (update.place, update.sender.identity)
    assert inbox.arrivals[1].lane == "telegram:11!"


async def test_a_process_that_only_answers_needs_no_listening(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
) -> None:
    place = Place(platform="telegram", chat="11", private=True)
    (part,) = platform.parts(place, "hello")
    await asyncio.gather(platform.deliver(part), platform.deliver(part))
    assert len(tg.messages(ada.chat)) == 3


async def test_what_was_put_aside_as_unreadable_is_read_once_more(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform
) -> None:
    inbox = Inbox()
    broken = {"message_id": "x", "from": {"id": 7}, "chat": {"type": "private"}, "text": [1]}
    tg.inject({"message": broken})
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
    again = await listener.reread(inbox.arrivals[0].payload)
    assert again
    assert (again.poison, again.event) == (True, inbox.arrivals[0].event)
