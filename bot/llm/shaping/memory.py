"""Buckets in this process's memory."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.llm.shaping.buckets import CLOSED, SLOTS, Ask, Denied, Grant, wait_for
from bot.ports import Clock

HOME = "memory"


@dataclass(slots=True)
class Account:
    """One route: when each meter is full again, which calls are under way, until when the server wants silence."""

    full: dict[str, float] = field(default_factory=dict)
    slots: set[str] = field(default_factory=set)
    closed: float = 0.0

    def idle(self, now: float) -> bool:
        """Whether forgetting it changes nothing."""
        return not self.slots and self.closed <= now and all(moment <= now for moment in self.full.values())

    def debts(self, ask: Ask, now: float) -> tuple[float, ...]:
        return tuple(max(0.0, self.full.get(meter.name, 0.0) - now) for meter in ask.meters)


class MemoryBuckets:
    """Routes with full buckets are forgotten once there are more than `size`; others never are."""

    def __init__(self, clock: Clock, size: int = 1000) -> None:
        self._clock = clock
        self._size = size
        self._sweep_at = size
        self._accounts: dict[str, Account] = {}
        self._numbers = itertools.count(1)

    async def take(self, route: str, ask: Ask) -> Grant | Denied:
        now = self._clock.monotonic()
        account = self._account(route, now)
        return _denial(account, ask, now) or self._charge(account, route, ask, now)

    async def settle(self, grant: Grant, *, tokens: float, requests: float = 1.0) -> None:
        now = self._clock.monotonic()
        account = self._account(grant.route, now)
        account.slots.discard(grant.id)
        changes = grant.changes(requests, tokens)
        for meter, change, until in zip(grant.ask.meters, changes, grant.until, strict=True):
            full = account.full.get(meter.name, 0.0)
            if change > 0:
                account.full[meter.name] = max(full, now) + change
            elif change < 0:
                account.full[meter.name] = full - min(-change, max(0.0, until - now))

    async def release(self, grant: Grant) -> None:
        self._account(grant.route, self._clock.monotonic()).slots.discard(grant.id)

    async def correct(self, grant: Grant, remaining: Mapping[str, float]) -> None:
        account = self._account(grant.route, self._clock.monotonic())
        for meter, floor in zip(grant.ask.meters, grant.floors(remaining), strict=True):
            account.full[meter.name] = max(floor, account.full.get(meter.name, 0.0))

    async def close(self, route: str, seconds: float) -> None:
        now = self._clock.monotonic()
        account = self._account(route, now)
        account.closed = max(account.closed, now + seconds)

    async def watch(self, freed: Callable[[str], None]) -> None:
        """Nobody else gives anything back."""

    def _account(self, route: str, now: float) -> Account:
        account = self._accounts.get(route)
        if account is None:
            self._forget(now)
            account = self._accounts[route] = Account()
        return account

    def _forget(self, now: float) -> None:
        """Sweep when the number of routes has doubled since the last time, so that sweeping costs next to nothing."""
        if len(self._accounts) < self._sweep_at:
            return
        self._accounts = {route: account for route, account in self._accounts.items() if not account.idle(now)}
        self._sweep_at = max(self._size, 2 * len(self._accounts))

    def _charge(self, account: Account, route: str, ask: Ask, now: float) -> Grant:
        for meter, debt, cost in zip(ask.meters, account.debts(ask, now), ask.costs, strict=True):
            account.full[meter.name] = now + debt + cost * meter.pace
        name = str(next(self._numbers))
        if ask.concurrent is not None:
            account.slots.add(name)
        until = tuple(account.full[meter.name] for meter in ask.meters)
        return Grant(id=name, route=route, ask=ask, at=now, until=until, home=HOME)


def _denial(account: Account, ask: Ask, now: float) -> Denied | None:
    debts = account.debts(ask, now)
    waits = [(account.closed - now, CLOSED)]
    if ask.concurrent is not None and len(account.slots) >= ask.concurrent:
        waits.append((float("inf"), SLOTS))
    for meter, debt, cost in zip(ask.meters, debts, ask.costs, strict=True):
        waits.append((wait_for(meter, debt, cost), meter.name))
    wait, meter_name = max(waits)
    return Denied(wait=wait, meter=meter_name, debts=debts) if wait > 0 else None
