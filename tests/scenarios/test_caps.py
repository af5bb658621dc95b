"""Caps and fairness hold over several processes together: what one may not begin, no other begins either."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from adapters.telegram.emulator import Limits, Person
from bot.llm.emulator import ChatRequest, ModelEmulator
from tests.databases import on, rows
from tests.scenarios.cluster import Cluster, answer, cluster

pytestmark = [on("postgresql"), pytest.mark.slow, pytest.mark.timeout(180)]

THREE = ["all"] * 3


class Watched:
    """How many answers were being written at once, of all and of each person, seen from the model."""

    def __init__(self, model: ModelEmulator) -> None:
        self._model = model
        self.together = 0
        self.each: Counter[str] = Counter()
        model.answer = self._answer

    def _answer(self, request: ChatRequest) -> str:
        running = [one.request.said for one in self._model.requests if one.state in ("waiting", "streaming")]
        self.together = max(self.together, len(running))
        for person, count in Counter(said.partition(" ")[0] for said in running).items():
            self.each[person] = max(self.each[person], count)
        return answer(request.said)


def talk(scene: Cluster, person: Person, name: str, conversations: int) -> None:
    """Somebody asks in so many conversations at once."""
    for number in range(conversations):
        person.says(f"{name} asks {number}", thread_id=scene.telegram.topic(person.chat, f"Topic {number}"))


async def accepted(url: str, count: int) -> None:
    async with asyncio.timeout(60):
        while rows(url, "SELECT count(*) FROM inbox WHERE source LIKE 'telegram%'") != [(count,)]:  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.05)


async def test_no_more_turns_run_at_once_in_three_processes_than_both_caps_allow(
    tmp_path: Path, database_url: str
) -> None:
    caps = {"TURNS_AT_ONCE": "5", "TURNS_PER_PERSON": "2"}
    async with cluster(tmp_path, database_url, THREE, limits=Limits.off(), **caps) as scene:
        watched = Watched(scene.model)
        ada, *others = scene.people(5)
        talk(scene, ada, "ada", 8)
        for other in others:
            talk(scene, other, f"other-{other.id}", 2)
        await scene.answered([ada], 8, limit=100)
        await scene.answered(others, 2, limit=100)
        assert watched.together == 5, "as many as may, and no more"
        assert watched.each["ada"] == 2
        assert max(watched.each.values()) == 2
        assert len(scene.model.requests) == 16
        assert await scene.end() == [0, 0, 0]


async def test_one_persons_many_conversations_keep_nobody_waiting_in_three_processes(
    tmp_path: Path, database_url: str
) -> None:
    settings = {"TURNS_AT_ONCE": "3", "MESSAGES_PER_MINUTE": "unlimited"}
    async with cluster(tmp_path, database_url, THREE, limits=Limits.off(), **settings) as scene:
        ada, *others = scene.people(4)
        talk(scene, ada, "ada", 100)
        await accepted(database_url, 100)
        for other in others:
            other.says(f"other-{other.id} asks")
        await scene.answered(others, limit=100)
        asked = [one.request.said.partition(" ")[0] for one in scene.model.requests]
        first = {name: asked.index(name) for name in asked if name != "ada"}
        assert len(first) == 3
        assert max(first.values()) < 50, "ahead of most of the hundred, which came before"
        await asyncio.gather(*(bot.kill() for bot in scene.bots))
