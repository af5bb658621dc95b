import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web
from telegram import Bot, InputFile
from telegram import error as sdk

from adapters.telegram.emulator import TelegramEmulator
from adapters.telegram.request import AiohttpRequest, NotSent, environment_proxy

TOKEN = "100:SECRET-token_1"


class Server:
    """Answers every call as the test wants it, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answer = web.json_response({"ok": True, "result": True})
        self.hang = 0.0
        self.cut = False
        self.headers: list[str] = []
        self.bodies: list[object] = []
        self.port = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.headers.append(request.content_type)
        is_form = request.content_type == "multipart/form-data"
        self.bodies.append(dict(await request.post()) if is_form else json.loads(await request.read() or b"{}"))
        await asyncio.sleep(self.hang)
        if self.cut and request.transport is not None:
            request.transport.close()
        return self.answer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
async def request_() -> AsyncIterator[AiohttpRequest]:
    made = AiohttpRequest(read_timeout=0.3, write_timeout=0.1, connect_timeout=0.2)
    yield made
    await made.shutdown()


@pytest.fixture
def bot(server: Server, request_: AiohttpRequest) -> Bot:
    return Bot(TOKEN, base_url=f"http://127.0.0.1:{server.port}/bot", request=request_)


def chain(error: BaseException) -> Iterator[str]:
    """Everything a log could print of an error."""
    seen: BaseException | None = error
    while seen is not None:
        yield f"{seen!r} {seen}"
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


async def test_parameters_go_as_json_with_their_own_types(server: Server, bot: Bot) -> None:
    await bot.send_message_draft(11, 5, "Привет 🙂", api_kwargs={"can_stop": True, "list": [{"a": 1}]})
    assert server.bodies == [{"chat_id": 11, "draft_id": 5, "text": "Привет 🙂", "can_stop": True, "list": [{"a": 1}]}]


async def test_a_lone_surrogate_does_not_stop_a_message(server: Server, bot: Bot) -> None:
    await bot.send_message_draft(11, 5, "a\ud800")
    assert server.bodies == [{"chat_id": 11, "draft_id": 5, "text": "a?"}]


async def test_files_go_as_multipart(tg: TelegramEmulator, request_: AiohttpRequest) -> None:
    ada = tg.person(id=11, first_name="Ada")
    ada.says("hello")
    bot = Bot("100:TEST", base_url=f"{tg.url}/bot", request=request_)
    sent = await bot.send_document(11, InputFile(b"abc", filename="größe.txt"), caption="Größe")
    assert (sent.caption, sent.document and sent.document.file_size) == ("Größe", 3)


async def test_a_slow_answer_times_out(server: Server, bot: Bot) -> None:
    server.hang = 1.0
    with pytest.raises(sdk.TimedOut):
        await bot.send_message_draft(11, 5, "x", read_timeout=0.05)


async def test_a_cut_connection_is_a_network_error_of_unknown_outcome(server: Server, bot: Bot) -> None:
    server.cut = True
    with pytest.raises(sdk.NetworkError) as caught:
        await bot.send_message_draft(11, 5, "x")
    assert not isinstance(caught.value, NotSent)


async def test_without_a_server_nothing_was_sent(request_: AiohttpRequest, unused_tcp_port: int) -> None:
    bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{unused_tcp_port}/bot", request=request_)
    with pytest.raises(NotSent):
        await bot.send_message_draft(11, 5, "x")


@pytest.mark.parametrize("status", [502, 503])
async def test_a_proxy_without_a_server_behind_it_sent_nothing(server: Server, bot: Bot, status: int) -> None:
    server.answer = web.Response(status=status, text="<html>Bad Gateway</html>")
    with pytest.raises(NotSent):
        await bot.send_message_draft(11, 5, "x")


async def test_refusals_are_the_sdks_errors(server: Server, bot: Bot) -> None:
    server.answer = web.json_response({"ok": False, "description": "Bad Request: no"}, status=400)
    with pytest.raises(sdk.BadRequest, match="No"):
        await bot.send_message_draft(11, 5, "x")


async def test_no_error_shows_the_token(request_: AiohttpRequest, unused_tcp_port: int) -> None:
    for base in (f"http://127.0.0.1:{unused_tcp_port}/bot", "http://[broken/bot", "gopher://nowhere/bot"):
        bot = Bot(TOKEN, base_url=base, request=request_)
        with pytest.raises(sdk.TelegramError) as caught:
            await bot.send_message_draft(11, 5, "x")
        assert not any("SECRET" in line for line in chain(caught.value)), base


async def test_no_log_line_shows_the_token(
    server: Server, request_: AiohttpRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.hang = 1.0
    with pytest.raises(sdk.TimedOut):
        await request_.post(f"http://127.0.0.1:{server.port}/bot{TOKEN}/getMe", read_timeout=0.05)
    assert "SECRET" not in caplog.text


async def test_it_opens_again_after_a_shutdown(server: Server, bot: Bot, request_: AiohttpRequest) -> None:
    await request_.shutdown()
    with pytest.raises(sdk.NetworkError, match="shut down"):
        await bot.send_message_draft(11, 5, "x")
    await request_.initialize()
    assert await bot.send_message_draft(11, 5, "x")


async def test_a_cancelled_call_is_cancelled(server: Server, bot: Bot) -> None:
    server.hang = 1.0
    call = asyncio.create_task(bot.send_message_draft(11, 5, "x"))
    await asyncio.sleep(0.02)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


def test_the_environments_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:8080")
    monkeypatch.setenv("no_proxy", "internal.example")
    assert environment_proxy("https://api.telegram.org") == "http://proxy.example:8080"
    assert environment_proxy("https://internal.example") is None


def test_our_own_machine_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:8080")
    monkeypatch.delenv("no_proxy", raising=False)
    assert environment_proxy("http://127.0.0.1:8081") is None


def test_a_socks_proxy_is_not_taken_for_an_http_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://proxy.example:1080")
    monkeypatch.delenv("no_proxy", raising=False)
    assert environment_proxy("https://api.telegram.org") is None
