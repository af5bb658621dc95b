"""How many statements a turn costs: on a network each is a round trip, and every one needs a reason."""

import sqlalchemy as sa
from sqlalchemy import event

from bot.storage import Storage
from tests.conftest import make_core

ACCEPTED = {"sqlite": 2, "postgresql": 3}
"""The arrival and its lane; on PostgreSQL others are woken."""

ANSWERED = 36
"""Everything else, the look for more at the end included. Whoever makes it more says what for."""

TRANSACTIONS = 5
"""Claimed, begun, finished, delivered, nothing more found."""


class Counted:
    """Statements and transactions of a database, as they are sent."""

    def __init__(self, storage: Storage) -> None:
        self.statements: list[str] = []
        self.transactions = 0
        engine = storage._engine.sync_engine
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)

    def _statement(self, _c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            self.statements.append(statement)

    def _commit(self, _connection: sa.Connection) -> None:
        self.transactions += 1

    def clear(self) -> None:
        self.statements.clear()
        self.transactions = 0


async def test_a_turn_costs_no_more_statements_than_it_needs(storage: Storage) -> None:
    core = make_core(storage)
    for text in ("one", "two"):  # what is done once for each person and conversation is done
        await core.say("ada", text)
    counted = Counted(storage)
    await core.hear("ada", "three")
    dialect = storage._engine.dialect.name
    assert (len(counted.statements), counted.transactions) == (ACCEPTED[dialect], 1)
    counted.clear()
    await core.work()
    assert len(counted.statements) <= ANSWERED, "\n".join(counted.statements)
    assert counted.transactions == TRANSACTIONS


async def test_looking_for_work_that_is_not_there_costs_one_statement(storage: Storage) -> None:
    core = make_core(storage)
    counted = Counted(storage)
    assert await core.inbox.claim(10) == []
    assert (len(counted.statements), counted.transactions) == (1, 1)
