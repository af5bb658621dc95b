"""The statements that operators are given run on both databases, and do what is said of them."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.databases import EmptiedDatabase, plain
from tests.docs.blocks import Block, blocks

TWO_PEOPLE = """
    INSERT INTO account (id, created_at) VALUES (1, 0), (2, 0);
    INSERT INTO identity (platform, user, account_id, name) VALUES
        ('telegram', '123', 1, 'A'), ('telegram', '456', 2, 'B');
    INSERT INTO conversation (id, place, started_at) VALUES (1, 'telegram:-9', 0);
    INSERT INTO inbox (id, source, event, lane, order_key, state, attempts, received_at, payload) VALUES
        (1, 'telegram:1', '1', 'telegram:-9', 1, 1, 1, 0, '{"text": "mine"}'),
        (2, 'telegram:1', '2', 'telegram:-9', 2, 1, 1, 0, '{"text": "theirs"}');
    INSERT INTO turn (inbox_id, conversation_id, account_id, state, question, question_tokens, started_at) VALUES
        (1, 1, 1, 1, 'mine', 1, 0), (2, 1, 2, 1, 'theirs', 1, 0);
"""

STATEMENTS = blocks("sql")
SAID_OF_POSTGRESQL = {
    r"datetime\((.+?), 'unixepoch'\)": r"to_timestamp(\1)",
    r"strftime\('%s', 'now'\)": "extract(epoch FROM now())",
    r"PRAGMA .+?;": "",
}
"""As docs/operations.md says."""


@pytest.mark.parametrize("block", STATEMENTS, ids=str)
def test_every_statement_runs_on_sqlite(block: Block, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(block.text)
    assert sqlite3.complete_statement(block.text)


@pytest.mark.postgresql
@pytest.mark.parametrize("block", STATEMENTS, ids=str)
def test_every_statement_runs_on_postgresql_as_it_is_said(block: Block, emptied_database: EmptiedDatabase) -> None:
    text = block.text
    for here, there in SAID_OF_POSTGRESQL.items():
        text = re.sub(here, there, text)
    with psycopg.connect(plain(emptied_database.url)) as connection:
        done = connection.execute(text.encode())
    assert done.statusmessage


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> Path:
    return Path(shutil.copy(empty_database, tmp_path / "parley.db"))


def test_forgetting_a_person_takes_their_words_and_nobody_elses(database: Path) -> None:
    (forget,) = (block.text for block in STATEMENTS if "DELETE FROM account" in block.text)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(TWO_PEOPLE)
        connection.executescript(forget)
        assert connection.execute("SELECT user FROM identity").fetchall() == [("456",)]
        assert connection.execute("SELECT question FROM turn").fetchall() == [("theirs",)]
        assert connection.execute("SELECT payload FROM inbox").fetchall() == [("{}",), ('{"text": "theirs"}',)]
