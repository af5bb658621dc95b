"""What `parley serve` leaves behind when it is killed, stopped or fed nonsense in the middle of its work."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.telegram.emulator import Person, TelegramEmulator
from bot.llm.emulator import Exchange, ModelEmulator, Pace
from bot.storage.tables import ChargeState, InboxState, LaneState, OutboxState, TurnState
from tests.databases import legible, rows
from tests.scenarios.process import BotProcess, settings

WORDS = 60
LEASE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The bot, and the two servers it lives between."""

    telegram: TelegramEmulator
    model: ModelEmulator
    bot: BotProcess
    database: str

    def person(self, number: int) -> Person:
        return self.telegram.person(id=number, first_name=f"Person {number}")

    def people(self, count: int) -> list[Person]:
        return [self.person(number) for number in range(1, count + 1)]

    def said_by_bot(self, person: Person) -> list[str]:
        return [message.text for message in self.telegram.messages(person.chat) if message.sender.is_bot]

    def streaming(self, words: int) -> list[Exchange]:
        """Answers under way, `words` of which at least were sent."""
        return [one for one in self.model.requests if one.state == "streaming" and len(one.pieces) >= words]

    async def all_streaming(self, count: int, words: int = 10) -> None:
        await self.model.until(lambda: len(self.streaming(words)) == count, 60)

    async def answered(self, *people: Person, messages: int = 1) -> None:
        await self.telegram.until(lambda: all(len(self.said_by_bot(one)) >= messages for one in people), 60)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        return rows(self.database, query)

    def served(self) -> dict[str, int]:
        """Tokens on the vendor's bill by question, for answers that were served whole."""
        finished = [one for one in self.model.requests if one.finished]
        return {one.request.said: one.usage.prompt + one.usage.completion for one in finished}


@pytest.fixture
async def scene(tmp_path: Path, database_url: str) -> AsyncIterator[Scene]:
    pace = Pace(words_per_second=40)
    async with TelegramEmulator() as telegram, ModelEmulator(pace=pace) as model:
        model.answer = lambda request: answer(request.said)
        # On PostgreSQL a restarted process waits for the leases of the one before: it might be alive.
        environment = settings(telegram, model) | {"DATABASE_URL": database_url, "LEASE_SECONDS": str(LEASE)}
        async with BotProcess(tmp_path, environment) as bot:
            await bot.ready(telegram)
            yield Scene(telegram=telegram, model=model, bot=bot, database=database_url)


def question(person: Person) -> str:
    return f"What does {person.user.first_name} want?"


def answer(asked: str) -> str:
    return " ".join(["To", asked, *(f"word{number}" for number in range(WORDS))])


# Chores, which turns leave behind, are done when nobody waits for them.
LANES = "SELECT DISTINCT state, pending FROM lane WHERE key LIKE 'telegram%'"
ARRIVALS = "FROM inbox WHERE source LIKE 'telegram%'"
CHARGES = "SELECT question, tokens, charge.messages, charge.state FROM charge JOIN turn USING (inbox_id)"


@legible
async def test_answers_cut_off_by_a_kill_are_each_given_and_charged_once(scene: Scene) -> None:
    people = scene.people(20)
    for person in people:
        person.says(question(person))
    await scene.all_streaming(20)
    await scene.bot.kill()
    await scene.bot.start()
    await scene.answered(*people)
    assert await scene.bot.stop() == 0

    assert [scene.said_by_bot(person) for person in people] == [[answer(question(person))] for person in people]
    assert sorted(scene.rows(CHARGES)) == sorted(
        (question(person), scene.served()[question(person)], 1, ChargeState.SETTLED) for person in people
    )
    assert scene.rows(LANES) == [(LaneState.IDLE, 0)]
    assert scene.rows(f"SELECT state, count(*) {ARRIVALS} GROUP BY 1") == [(InboxState.DONE, 20)]
    assert scene.rows("SELECT state, count(*) FROM outbox GROUP BY 1") == [(OutboxState.SENT, 20)]


async def test_a_message_from_before_the_kill_and_one_from_the_pause_are_both_answered(scene: Scene) -> None:
    ada, ben = scene.people(2)
    ada.says(question(ada))
    await scene.all_streaming(1)
    await scene.bot.kill()
    ben.says(question(ben))
    await scene.bot.start()
    await scene.answered(ada, ben)
    await scene.bot.stop()

    assert scene.said_by_bot(ada) == [answer(question(ada))]
    assert scene.said_by_bot(ben) == [answer(question(ben))]


async def test_being_killed_again_and_again_loses_and_doubles_nothing(scene: Scene) -> None:
    people = scene.people(8)
    for round_ in range(2):
        for person in people[round_ * 4 : round_ * 4 + 4]:
            person.says(question(person))
        # Answers of the round before may still wait for a lease, or be under way again.
        await scene.model.until(lambda: len(scene.streaming(words=5)) >= 4, 10)
        await scene.bot.kill()
        await scene.bot.start()
    await scene.answered(*people)
    await scene.bot.stop()

    assert [scene.said_by_bot(person) for person in people] == [[answer(question(person))] for person in people]


async def test_a_message_that_takes_the_process_down_three_times_is_put_aside(scene: Scene) -> None:
    ada = scene.person(1)
    ada.says(question(ada))
    for deaths in range(1, 4):
        await scene.model.until(lambda: len(scene.model.requests) == deaths, 60)  # noqa: B023 - awaited here
        await scene.all_streaming(1, words=1)
        await scene.bot.kill()
        await scene.bot.start()
    await scene.answered(ada)
    await scene.bot.stop()

    # Beside it there is the notice that tells them.
    assert scene.rows(f"SELECT state {ARRIVALS} ORDER BY id") == [(InboxState.DEAD,), (InboxState.DONE,)]
    assert scene.rows("SELECT state FROM charge") == [(ChargeState.RELEASED,)]


async def test_standing_still_for_longer_than_a_lease_loses_and_doubles_nothing(scene: Scene) -> None:
    people = scene.people(5)
    for person in people:
        person.says(question(person))
    await scene.all_streaming(5)
    await scene.bot.pause(LEASE + 1)
    await scene.answered(*people)
    await scene.bot.stop()

    assert [scene.said_by_bot(person) for person in people] == [[answer(question(person))] for person in people]
    assert scene.rows("SELECT state, count(*) FROM charge GROUP BY 1") == [(ChargeState.SETTLED, 5)]


async def test_asked_to_stop_the_bot_first_ends_what_it_is_saying(scene: Scene) -> None:
    people = scene.people(5)
    for person in people:
        person.says(question(person))
    await scene.all_streaming(5)
    assert await scene.bot.stop() == 0

    assert [scene.said_by_bot(person) for person in people] == [[answer(question(person))] for person in people]
    assert scene.rows("SELECT state, count(*) FROM charge GROUP BY 1") == [(ChargeState.SETTLED, 5)]


async def test_what_is_said_to_a_stopping_bot_waits_for_the_next_start(scene: Scene) -> None:
    ada, ben = scene.people(2)
    ada.says(question(ada))
    await scene.all_streaming(1)
    stopping = asyncio.create_task(scene.bot.stop())
    await asyncio.sleep(0.2)
    ben.says(question(ben))
    assert await stopping == 0
    assert scene.said_by_bot(ben) == []
    await scene.bot.start()
    await scene.answered(ben)

    assert scene.said_by_bot(ben) == [answer(question(ben))]


async def test_an_update_nobody_can_read_is_kept_and_stops_nobody(scene: Scene) -> None:
    ada = scene.person(1)
    broken = {"message_id": "x", "from": {"id": 7}, "chat": {"type": "private"}, "text": [1]}
    scene.telegram.inject({"message": broken})
    ada.says(question(ada))
    await scene.answered(ada)
    await scene.bot.stop()

    assert scene.said_by_bot(ada) == [answer(question(ada))]
    assert scene.rows(f"SELECT state {ARRIVALS} ORDER BY id") == [(InboxState.POISON,), (InboxState.DONE,)]


async def test_stop_ends_an_answer_that_is_being_given_and_only_that(scene: Scene) -> None:
    ada, ben = scene.people(2)
    ada.says(question(ada))
    ben.says(question(ben))
    await scene.all_streaming(2)
    ada.says("/stop")
    await scene.answered(ada, messages=2)
    await scene.answered(ben)

    confirmed, stopped = sorted(scene.said_by_bot(ada), key=len)
    beginning, _, notice = stopped.rpartition("\n\n")
    assert confirmed == "Stopped."
    assert notice == "⏹ Stopped."
    assert answer(question(ada)).startswith(beginning)
    assert scene.said_by_bot(ben) == [answer(question(ben))]


@legible
async def test_a_stopped_answer_is_charged_once_for_what_was_said(scene: Scene) -> None:
    ada = scene.person(1)
    ada.says(question(ada))
    await scene.all_streaming(1)
    ada.says("/stop")
    await scene.answered(ada, messages=2)
    await scene.bot.stop()

    [(asked, tokens, messages, state)] = scene.rows(CHARGES)
    assert (asked, messages, state) == (question(ada), 1, ChargeState.SETTLED)
    assert 0 < tokens < 200
    assert scene.rows("SELECT state, ending FROM turn") == [(TurnState.ANSWERED, "stopped")]
    assert [exchange.state for exchange in scene.model.requests] == ["cancelled"]
