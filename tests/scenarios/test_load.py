"""A hundred people talk to `parley serve` at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from adapters.telegram.emulator import Event, Person, TelegramEmulator
from bot.llm.emulator import ChatRequest, ModelEmulator, Pace
from tests.scenarios.process import BotProcess, settings

PEOPLE = 100
WORDS = 150
PACE = Pace(words_per_second=40)
RAMP = 4.0
"""Seconds in which they begin: Telegram takes 30 messages a second from a bot, and their answers take equally long."""


def answer(question: str) -> str:
    head = f"You asked: {question} Here is what I know."
    return " ".join([head, *(f"word{number}" for number in range(WORDS - len(head.split())))])


def question(person: int, number: int) -> str:
    return f"Question {number} of person {person}."


class Crowd:
    """People who ask once, and a second time as soon as the first answer begins to grow."""

    def __init__(self, telegram: TelegramEmulator) -> None:
        numbers = range(1001, 1001 + PEOPLE)
        self.people = {number: telegram.person(id=number, first_name=f"Person {number}") for number in numbers}
        self._telegram = telegram
        self._asked_again: set[int] = set()
        self._answers = 0

    async def talk(self) -> None:
        async with aclosing(self._telegram.watch()) as events, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._arrive())
            await self._react(events)

    async def _arrive(self) -> None:
        for number, person in self.people.items():
            person.says(question(number, 1))
            await asyncio.sleep(RAMP / PEOPLE)

    async def _react(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            if event.kind == "draft" and event.body["text"] and event.chat_id not in self._asked_again:
                self._asked_again.add(event.chat_id)
                self.people[event.chat_id].says(question(event.chat_id, 2))
            self._answers += event.kind == "message" and event.body["from"]["is_bot"]
            if self._answers == 2 * PEOPLE:
                return


def said_by_bot(telegram: TelegramEmulator, person: Person) -> list[str]:
    return [message.text for message in telegram.messages(person.chat) if message.sender.is_bot]


def conversation(request: ChatRequest) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in request.messages if message["role"] != "system"]


@pytest.mark.slow
async def test_a_hundred_people_at_once_are_each_answered_in_order_once_and_exactly(tmp_path: Path) -> None:
    async with TelegramEmulator() as telegram, ModelEmulator(pace=PACE) as model:
        model.answer = lambda request: answer(request.said)
        async with BotProcess(tmp_path, settings(telegram, model)) as bot:
            await bot.ready(telegram)
            crowd = Crowd(telegram)
            async with asyncio.timeout(25):
                await crowd.talk()
            assert await bot.stop() == 0

        for number, person in crowd.people.items():
            expected = [answer(question(number, 1)), answer(question(number, 2))]
            assert said_by_bot(telegram, person) == expected
        assert {call.status for call in telegram.calls if call.method != "getUpdates"} == {200}
        assert len(model.requests) == 2 * PEOPLE
        for exchange in model.requests:
            asked = exchange.request.said
            first = asked.replace("Question 2", "Question 1")
            before = [("user", first), ("assistant", answer(first))] if asked != first else []
            assert conversation(exchange.request) == [*before, ("user", asked)]
