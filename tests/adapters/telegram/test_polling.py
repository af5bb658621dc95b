import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.telegram.emulator import Fault, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from adapters.telegram.polling import Backoff
from bot.clock import SystemClock
from bot.commands.declaration import CommandBook
from bot.domain.updates import Arrival, Button, Invocation, Place
from bot.errors import PlatformMisconfigured
from bot.ports import Accept
from tests.adapters.telegram.conftest import connect


class Inbox:
    """Keeps batches as they were accepted; refuses as many as it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[Arrival]] = []
        self.refusals = 0
        self.refused: list[list[str]] = []
        self.before: Callable[[], None] = lambda: None

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        self.before()
        if self.refusals:
            self.refusals -= 1
            self.refused.append([arrival.event for arrival in arrivals])
            raise OSError("the database is down")
        self.batches.append(list(arrivals))

    @property
    def arrivals(self) -> list[Arrival]:
        return [arrival for batch in self.batches for arrival in batch]


@asynccontextmanager
async def listening(platform: TelegramPlatform, accept: Accept) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(platform.listen(accept))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object], seconds: float = 3.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the inbox of a test has no event
            await asyncio.sleep(0.005)


def offsets(tg: TelegramEmulator) -> list[Any]:
    return [call.params.get("offset") for call in tg.calls if call.method == "getUpdates"]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


async def test_what_was_said_is_accepted(ada: Person, listener: TelegramPlatform, inbox: Inbox) -> None:
    async with listening(listener, inbox.accept):
        ada.says("hello")
        await until(lambda: inbox.arrivals)
    update = listener.parse(inbox.arrivals[0].payload)
    assert update is not None
    assert update.text == "hello"


async def test_a_batch_is_accepted_in_one_go(ada: Person, listener: TelegramPlatform, inbox: Inbox) -> None:
    for number in range(5):
        ada.says(str(number))
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
    assert [len(batch) for batch in inbox.batches] == [5]
    assert [arrival.order for arrival in inbox.arrivals] == sorted(arrival.order for arrival in inbox.arrivals)


async def test_messages_from_before_the_start_are_not_dropped(
    ada: Person, listener: TelegramPlatform, inbox: Inbox
) -> None:
    ada.says("while you were away")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
    assert len(inbox.arrivals) == 1


async def test_the_offset_advances_only_after_accept(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox
) -> None:
    acknowledged: list[bool] = []
    ada.says("hello")
    inbox.before = lambda: acknowledged.append(any(offsets(tg)))
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
        ada.says("again")
        await until(lambda: len(inbox.arrivals) == 2)
    assert acknowledged[0] is False
    assert int(inbox.arrivals[0].event) + 1 in offsets(tg)


async def test_what_could_not_be_stored_comes_again(ada: Person, listener: TelegramPlatform, inbox: Inbox) -> None:
    inbox.refusals = 2
    ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals, 6.0)
    assert inbox.refused == [[inbox.arrivals[0].event]] * 2


async def test_an_unacknowledged_update_reaches_the_next_process(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, book: CommandBook, inbox: Inbox
) -> None:
    inbox.refusals = 10_000
    ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.refused)
    inbox.refusals = 0
    heir = connect(tg, book, SystemClock())
    async with listening(heir, inbox.accept):
        await until(lambda: inbox.arrivals, 6.0)
    await heir.close()
    assert inbox.arrivals[0].event == inbox.refused[0][0]


async def test_a_poison_update_does_not_stop_the_loop(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox
) -> None:
    tg.inject({"message": {"message_id": "seven", "from": 3, "chat": []}})
    tg.inject({"message": "nonsense"})
    ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: len(inbox.arrivals) == 3)
        ada.says("still there?")
        await until(lambda: len(inbox.arrivals) == 4)
    assert [arrival.poison for arrival in inbox.arrivals] == [True, True, False, False]
    assert inbox.arrivals[0].lane == "telegram:quarantine"


async def test_chatter_is_acknowledged_without_a_row(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox
) -> None:
    team = tg.group(id=-1001, title="Team", members=[ada])
    ada.says("nice weather", chat=team)
    async with listening(listener, inbox.accept):
        await until(lambda: any(offsets(tg)))
        ada.says("hello")
        await until(lambda: inbox.arrivals)
    assert len(inbox.arrivals) == 1


class TestClicks:
    """Until a click is answered, the person's client shows that the button is at work."""

    @pytest.fixture
    async def button(self, ada: Person, listener: TelegramPlatform) -> int:
        """A message of the bot's that has one."""
        place = Place(platform="telegram", chat=str(ada.id), private=True)
        (part,) = listener.parts(place, "Sorry.", buttons=[Button(label="Again", command="new 7")])
        return int(await listener.deliver(part))

    async def test_a_click_is_stored_and_then_answered(
        self, tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox, button: int
    ) -> None:
        answered: list[bool] = []
        inbox.before = lambda: answered.append(bool(tg.answers))
        async with listening(listener, inbox.accept):
            query = ada.clicks(button, "new 7")
            await until(lambda: query in tg.answers)
        assert answered == [False]
        update = listener.parse(inbox.arrivals[0].payload)
        assert update is not None
        assert update.invocation == Invocation(name="new", arguments="7")

    async def test_a_click_that_could_not_be_stored_is_not_answered_yet(
        self, tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox, button: int
    ) -> None:
        inbox.refusals = 10_000
        async with listening(listener, inbox.accept):
            ada.clicks(button, "new 7")
            await until(lambda: inbox.refused)
        assert tg.answers == {}

    @pytest.mark.parametrize(
        "fault", [Fault(status=400, description="Bad Request: query is too old"), Fault(retry_after=9), Fault(hang=9)]
    )
    async def test_a_click_that_cannot_be_answered_holds_up_nothing(
        self, tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, button: int, *, fault: Fault
    ) -> None:
        inbox = Inbox()
        tg.faults.next("answerCallbackQuery", fault)
        async with listening(listener, inbox.accept):
            ada.clicks(button, "new 7")
            await until(lambda: inbox.arrivals)
            ada.says("hello")
            await until(lambda: len(inbox.arrivals) == 2)

    async def test_whoever_plays_with_a_button_leaves_the_line_to_others(
        self, tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox, button: int
    ) -> None:
        tg.faults.next("answerCallbackQuery", Fault(hang=9), times=3)
        cleo = tg.person(id=12, first_name="Cleo")
        async with listening(listener, inbox.accept):
            for _ in range(10):
                ada.clicks(button, "new 7")
            await until(lambda: len(inbox.arrivals) == 10)
            click = {
                "id": "77",
                "from": cleo.user.payload(),
                "message": inbox.arrivals[0].payload["callback_query"]["message"],
            }
            tg.inject({"callback_query": {**click, "data": "new 7"}})
            await until(lambda: any(call.params.get("callback_query_id") == "77" for call in tg.calls))
        assert tg.answers == {}

    async def test_a_click_on_a_strangers_button_is_answered_without_a_row(
        self, tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox, button: int
    ) -> None:
        message = {"message_id": button, "chat": {"id": ada.id, "type": "private"}, "date": 0}
        click = {"id": "77", "from": ada.user.payload(), "message": message, "data": "settings:1"}
        async with listening(listener, inbox.accept):
            tg.inject({"callback_query": click})
            await until(lambda: any(call.method == "answerCallbackQuery" for call in tg.calls))
        assert inbox.arrivals == []


async def test_every_poll_says_which_updates_it_wants(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox
) -> None:
    ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: len(offsets(tg)) >= 1)
    wanted = [call.params.get("allowed_updates") for call in tg.calls if call.method == "getUpdates"]
    assert all(kinds and {"message", "my_chat_member"} <= set(kinds) for kinds in wanted)


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(malformed=True), Fault(drop="before"), Fault(drop="after"), Fault(status=429)],
    ids=["500", "502 html", "cut before", "cut after", "429"],
)
async def test_trouble_on_the_line_loses_nothing(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox, fault: Fault
) -> None:
    tg.faults.next("getUpdates", fault, times=2)
    ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals, 6.0)
    assert [arrival.order for arrival in inbox.arrivals] == [inbox.arrivals[0].order]


async def test_retry_after_is_honoured(
    tg: TelegramEmulator, ada: Person, listener: TelegramPlatform, inbox: Inbox
) -> None:
    tg.faults.next("getUpdates", Fault(retry_after=1))
    ada.says("hello")
    async with listening(listener, inbox.accept):
        await until(lambda: inbox.arrivals)
    first, second = [call.at for call in tg.calls if call.method == "getUpdates"][:2]
    assert second - first >= 1.0


async def test_a_second_poller_is_explained(tg: TelegramEmulator, listener: TelegramPlatform, inbox: Inbox) -> None:
    conflict = Fault(status=409, description="Conflict: terminated by other getUpdates request")
    tg.faults.next("getUpdates", conflict)
    with capture_logs() as logs:
        async with listening(listener, inbox.accept):
            await until(lambda: any("Another process" in str(line["event"]) for line in logs))


async def test_a_revoked_token_ends_listening(tg: TelegramEmulator, listener: TelegramPlatform, inbox: Inbox) -> None:
    tg.faults.next("getUpdates", Fault(status=401))
    with pytest.raises(PlatformMisconfigured):
        await asyncio.wait_for(listener.listen(inbox.accept), 20)


async def test_cancelling_ends_a_long_poll_at_once(
    tg: TelegramEmulator, listener: TelegramPlatform, inbox: Inbox
) -> None:
    task = asyncio.create_task(listener.listen(inbox.accept))
    await until(lambda: any(call.method == "setMyCommands" for call in tg.calls))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await task


def test_the_backoff_grows_to_its_limit_and_starts_again() -> None:
    backoff = Backoff()
    waits = [backoff.next() for _ in range(15)]
    assert 0.8 <= waits[0] <= 1.2
    assert 1.2 <= waits[1] <= 1.8
    assert all(24.0 <= wait <= 36.0 for wait in waits[10:])
    backoff.reset()
    assert backoff.next() <= 1.2
