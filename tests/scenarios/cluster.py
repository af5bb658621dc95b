"""Several `parley serve` on one PostgreSQL database, between the emulators of Telegram and of a model."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters.telegram.emulator import Limits, Person, TelegramEmulator
from bot.llm.emulator import Exchange, ModelEmulator, Pace
from tests.scenarios.process import SERVE, BotProcess, settings

LEASE = 2.0
WORDS = 60


@dataclass(slots=True, kw_only=True)
class Cluster:
    """The processes, and the servers they live between."""

    telegram: TelegramEmulator
    model: ModelEmulator
    bots: list[BotProcess] = field(default_factory=list)

    def people(self, count: int) -> list[Person]:
        return [self.telegram.person(id=number, first_name=f"Person {number}") for number in range(1, count + 1)]

    def said_by_bot(self, person: Person) -> list[str]:
        return [message.text for message in self.telegram.messages(person.chat) if message.sender.is_bot]

    def streaming(self, words: int = 5) -> list[Exchange]:
        """Answers under way."""
        return [one for one in self.model.requests if one.state == "streaming" and len(one.pieces) >= words]

    async def all_streaming(self, count: int) -> None:
        await self.model.until(lambda: len(self.streaming()) >= count, 20)

    async def answered(self, people: Sequence[Person], messages: int = 1, *, limit: float = 60) -> None:
        def done() -> bool:
            return all(len(self.said_by_bot(one)) >= messages for one in people)

        await self.telegram.until(done, limit)

    async def end(self) -> list[int]:
        """Stop every process; their exit statuses."""
        return list(await asyncio.gather(*(bot.stop() for bot in self.bots)))


def question(person: Person, number: int = 1) -> str:
    return f"Question {number} of {person.user.first_name}?"


def answer(asked: str) -> str:
    return " ".join(["To", asked, *(f"word{number}" for number in range(WORDS))])


@asynccontextmanager
async def cluster(
    folder: Path, database_url: str, roles: Sequence[str], *, limits: Limits | None = None, **more: str
) -> AsyncIterator[Cluster]:
    """Start one process for each role; wait until one polls and all of them serve."""
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramEmulator(limits=limits))
        model = await stack.enter_async_context(ModelEmulator(pace=Pace(words_per_second=40)))
        model.answer = lambda request: answer(request.said)
        scene = Cluster(telegram=telegram, model=model)
        environment = settings(telegram, model) | {"DATABASE_URL": database_url, "LEASE_SECONDS": str(LEASE)}
        environment |= {"BURST_SECONDS": "0"} | more
        for number, role in enumerate(roles):
            home = folder / f"{number}-{role}"
            home.mkdir()
            bot = BotProcess(home, environment, [*SERVE, "--role", role])
            scene.bots.append(await stack.enter_async_context(bot))
        await telegram.until(lambda: telegram.world.updates.polled, 90)
        for bot in scene.bots:
            await bot.serving()
        yield scene
