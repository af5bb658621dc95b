"""Where faults are played: our own emulator, and aimock. A suite that asks for a stand runs on both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp

from bot.llm.emulator import ModelEmulator
from tests.scenarios.plays import ANSWER, Play

Said = tuple[str, str]
"""The role and the words of a message."""


class Stand(Protocol):
    """A model server that meets a request with a fault when it is told to, else with the text of `plays.TEXT`."""

    @property
    def url(self) -> str: ...

    async def next(self, play: Play) -> None:
        """For the next request alone."""

    async def always(self, play: Play) -> None:
        """For every request from now on, until `calm`."""

    async def calm(self) -> None:
        """No faults any more."""

    async def asked(self) -> Sequence[Sequence[Said]]:
        """The messages of each request so far."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(kw_only=True)
class EmulatorStand:
    """Our own, alone or behind a proxy."""

    emulator: ModelEmulator
    before: str = ""
    """The address of a proxy before it, if there is one."""

    @property
    def url(self) -> str:
        return self.before or self.emulator.url

    async def next(self, play: Play) -> None:
        self.emulator.faults.next(play.emulator)

    async def always(self, play: Play) -> None:
        self.emulator.faults.when(lambda _: True, play.emulator)

    async def calm(self) -> None:
        self.emulator.faults.clear()

    async def asked(self) -> Sequence[Sequence[Said]]:
        return [_said(exchange.messages) for exchange in self.emulator.requests]

    async def __aenter__(self) -> Self:
        await self.emulator.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.emulator.__aexit__(kind, error, trace)


@dataclass(kw_only=True)
class AimockStand:
    """A running aimock, emptied at the beginning."""

    address: str
    _http: aiohttp.ClientSession = field(init=False)

    @property
    def url(self) -> str:
        return f"{self.address}/v1"

    async def next(self, play: Play) -> None:
        await self._fixtures({**_fixture(play), "match": {"model": "scripted-1", "sequenceIndex": 0}})

    async def always(self, play: Play) -> None:
        await self._fixtures({**_fixture(play), "match": {"model": "scripted-1"}})

    async def calm(self) -> None:
        await self._fixtures()

    async def asked(self) -> Sequence[Sequence[Said]]:
        async with self._http.get("/__aimock/journal", params={"path": "/chat/completions"}) as answer:
            return [_said(entry["body"]["messages"]) for entry in await answer.json()]

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(self.address)
        await self._control("POST", "reset")
        await self._fixtures()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def _fixtures(self, *first: Mapping[str, Any]) -> None:
        await self._control("DELETE", "fixtures")
        usual = {**ANSWER, "match": {"model": "scripted-1"}}
        await self._control("POST", "fixtures", {"fixtures": [*first, usual]})

    async def _control(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> None:
        async with self._http.request(method, f"/__aimock/{what}", json=body or {}) as answer:
            assert answer.status == 200, await answer.text()


def _fixture(play: Play) -> Mapping[str, Any]:
    assert not isinstance(play.aimock, str), play.aimock
    return play.aimock


def _said(messages: Sequence[Mapping[str, Any]]) -> Sequence[Said]:
    return [(message["role"], message["content"]) for message in messages]
