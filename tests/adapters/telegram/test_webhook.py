"""The webhook: nobody but Telegram gets in, nothing is acknowledged before it is stored, nothing is said."""

import gzip
import json
import socket
import zlib
from collections.abc import AsyncIterator
from random import Random

import aiohttp
import pytest
from aiohttp import web

from adapters.telegram.emulator import Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from adapters.telegram.webhook import SECRET_HEADER, secret_of
from bot.clock import SystemClock
from bot.commands.declaration import CommandBook
from tests.adapters.telegram.conftest import TOKEN, short_backoff
from tests.adapters.telegram.test_polling import Inbox, listening, until
from tests.fuzz.harnesses import seeds as seeds_of
from tests.fuzz.mutation import mutated

SECRET = {SECRET_HEADER: secret_of(TOKEN)}


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def hooked(tg: TelegramEmulator, book: CommandBook) -> AsyncIterator[TelegramPlatform]:
    """A platform whose webhook is served."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}/telegram"
        platform = TelegramPlatform(
            TOKEN, api_url=tg.url, commands=book, clock=SystemClock(), backoff=short_backoff, webhook_url=url
        )
        application = web.Application(client_max_size=10_000)
        application.add_routes(platform.routes())
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.SockSite(runner, door).start()
        yield platform
        await runner.cleanup()
        await platform.close()


async def post(platform: TelegramPlatform, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Whoever knows the address calls it."""
    assert platform._webhook
    async with (
        aiohttp.ClientSession() as session,
        session.post(platform._webhook._url, data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.read()


async def test_what_was_said_is_accepted(
    tg: TelegramEmulator, ada: Person, hooked: TelegramPlatform, inbox: Inbox
) -> None:
    async with listening(hooked, inbox.accept):
        ada.says("hello")
        await until(lambda: inbox.arrivals)
        assert hooked.connected
    update = hooked.parse(inbox.arrivals[0].payload)
    assert update
    assert update.text == "hello"
    assert [call for call in tg.calls if call.method == "getUpdates"] == []


async def test_what_could_not_be_stored_comes_again_and_in_order(
    ada: Person, hooked: TelegramPlatform, inbox: Inbox
) -> None:
    inbox.refusals = 2
    async with listening(hooked, inbox.accept):
        for text in ("one", "two", "three"):
            ada.says(text)
        await until(lambda: len(inbox.arrivals) == 3)
    assert len(inbox.refused) == 2
    assert [arrival.payload["message"]["text"] for arrival in inbox.arrivals] == ["one", "two", "three"]


async def test_what_is_said_while_nobody_listens_waits(ada: Person, hooked: TelegramPlatform, inbox: Inbox) -> None:
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
    ada.says("is anybody there?")
    async with listening(hooked, inbox.accept):
        await until(lambda: inbox.arrivals)


async def test_going_back_to_polling_loses_nothing(
    ada: Person, hooked: TelegramPlatform, listener: TelegramPlatform, inbox: Inbox
) -> None:
    async with listening(hooked, inbox.accept):
        ada.says("one")
        await until(lambda: len(inbox.arrivals) == 1)
    ada.says("two")
    async with listening(listener, inbox.accept):
        await until(lambda: len(inbox.arrivals) == 2)
        ada.says("three")
        await until(lambda: len(inbox.arrivals) == 3)
    async with listening(hooked, inbox.accept):
        ada.says("four")
        await until(lambda: len(inbox.arrivals) == 4)
    assert [arrival.payload["message"]["text"] for arrival in inbox.arrivals] == ["one", "two", "three", "four"]


@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: "x" * 64}, {SECRET_HEADER: "ü"}])
async def test_without_the_secret_nothing_is_read(
    hooked: TelegramPlatform, inbox: Inbox, headers: dict[str, str]
) -> None:
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        assert await post(hooked, b'{"update_id": 1}', headers) == (401, b"")
    assert inbox.batches == []


async def test_the_answer_is_empty_whatever_was_said(ada: Person, hooked: TelegramPlatform, inbox: Inbox) -> None:
    ada.says('{"method": "sendMessage"}')
    async with listening(hooked, inbox.accept):
        await until(lambda: inbox.arrivals)
        again = inbox.arrivals[0].payload
        body = json.dumps({"update_id": 999, "message": again["message"]}).encode()
        assert await post(hooked, body, SECRET) == (200, b"")


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"x" * 20_000, 413)])
async def test_what_is_no_update_is_refused(hooked: TelegramPlatform, inbox: Inbox, body: bytes, status: int) -> None:
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        assert (await post(hooked, body, SECRET))[0] == status


async def test_an_update_nobody_can_read_is_kept_and_acknowledged(hooked: TelegramPlatform, inbox: Inbox) -> None:
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        broken = {"message_id": "x", "from": {"id": 7}, "chat": {"type": "private"}, "text": [1]}
        body = json.dumps({"update_id": 5, "message": broken}).encode()
        assert await post(hooked, body, SECRET) == (200, b"")
    assert [arrival.poison for arrival in inbox.arrivals] == [True]


def said(number: int, text: str = "hello") -> bytes:
    ada = {"id": 11, "is_bot": False, "first_name": "Ada"}
    message = {"message_id": number, "date": 1, "from": ada, "chat": {"id": 11, "type": "private"}, "text": text}
    return json.dumps({"update_id": number, "message": message}).encode()


async def test_what_comes_twice_or_late_is_one_update_with_its_place(hooked: TelegramPlatform, inbox: Inbox) -> None:
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        for body in (said(8), said(8, "forged later"), said(7), said(8)):
            assert await post(hooked, body, SECRET) == (200, b"")
    assert [arrival.event for arrival in inbox.arrivals] == ["8", "8", "7", "8"]
    assert [arrival.order for arrival in inbox.arrivals] == [8, 8, 7, 8]
    assert len({(arrival.source, arrival.lane) for arrival in inbox.arrivals}) == 1


@pytest.mark.parametrize(
    "text", ["／help", "/ｈｅｌｐ", "/h\u0435lp", "\u200b/help", "\u202e/help", "/\u200bhelp", "/help\u2024"]
)
async def test_what_only_looks_like_a_command_is_a_message(hooked: TelegramPlatform, inbox: Inbox, text: str) -> None:
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        assert await post(hooked, said(5, text), SECRET) == (200, b"")
    update = hooked.parse(inbox.arrivals[0].payload)
    assert update
    assert (update.invocation, inbox.arrivals[0].lane) == (None, "telegram:11")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense"])
async def test_a_body_that_unpacks_to_more_than_it_may_is_refused(
    hooked: TelegramPlatform, inbox: Inbox, encoding: str
) -> None:
    blanks = b" " * 5_000_000
    packed = {"gzip": gzip.compress(blanks), "deflate": zlib.compress(blanks)}.get(encoding, blanks[:9000])
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        status, body = await post(hooked, packed, {**SECRET, "Content-Encoding": encoding})
    assert (status in {400, 413, 415}, body) == (True, body)
    assert inbox.batches == []


async def test_a_compressed_update_is_one_like_any_other(hooked: TelegramPlatform, inbox: Inbox) -> None:
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        assert await post(hooked, gzip.compress(said(5)), {**SECRET, "Content-Encoding": "gzip"}) == (200, b"")
    assert [arrival.event for arrival in inbox.arrivals] == ["5"]


async def test_brackets_without_end_are_refused_and_not_sent_again(hooked: TelegramPlatform, inbox: Inbox) -> None:
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        assert (await post(hooked, b"[" * 9000, SECRET))[0] == 400
        assert await post(hooked, b'{"update_id": 5, "message": ' + b"[" * 90 + b"]" * 90 + b"}", SECRET) == (200, b"")
    assert [arrival.poison for arrival in inbox.arrivals] == [True]


async def test_made_up_updates_get_an_empty_answer_whatever_they_hold(hooked: TelegramPlatform, inbox: Inbox) -> None:
    random, seeds = Random(7), seeds_of("telegram_update")
    async with listening(hooked, inbox.accept):
        await until(lambda: hooked.connected)
        for _ in range(150):
            status, body = await post(hooked, mutated(random.choice(seeds), random)[:9000], SECRET)
            assert status in {200, 400}
            assert body == b"" or status == 400


def test_the_secret_follows_from_the_token_and_does_not_show_it() -> None:
    assert secret_of(TOKEN) == secret_of(TOKEN) != secret_of("100:OTHER")
    assert TOKEN not in secret_of(TOKEN)
    assert len(secret_of(TOKEN)) == 64


async def test_any_number_of_processes_may_listen(hooked: TelegramPlatform, listener: TelegramPlatform) -> None:
    assert (hooked.one_listener, listener.one_listener) == ("", "telegram:100")
