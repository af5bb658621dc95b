"""What people and operators type: commands, limits, people, tables of them, prompts, lists of words."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from bot.admin.sheet import read_sheet
from bot.commands import all_commands, confirmation
from bot.commands.phrases import phrase
from bot.domain.codes import letters
from bot.domain.masks import Masks
from bot.domain.models import Catalog
from bot.domain.moderation import WordList
from bot.domain.names import folded, shown, skeleton
from bot.domain.people import Identity
from bot.domain.personas import Persona
from bot.domain.terms import dates_in, terms
from bot.domain.updates import safe_name
from bot.domain.windows import Window
from bot.errors import BadArgument, ButtonExpired, ButtonOfAnother, ConfigError, UnknownModel
from bot.llm.batch.answers import in_order
from bot.llm.batch.lines import read_lines
from bot.llm.batch.trouble import BatchTrouble
from bot.llm.catalog.reader import parse_catalog
from bot.settings import Settings
from bot.setup.envfile import EnvFile

BOOK = all_commands()
CATALOG = Catalog.single(base_url="http://fake/v1", key=None, model="fake-1", window=1000)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def text_of(data: bytes) -> str:
    """Any text that JSON can bring, halves of characters included."""
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")


def typed(data: bytes) -> None:
    """A command with its arguments, as `/quota set @ada messages 5 per 3h` after the name."""
    with suppress(UnicodeDecodeError):
        said = text_of(data)
        BOOK.spoken(said)
        words = said.split()
        with suppress(BadArgument, UnknownModel):
            phrase(_call(), words)
        with suppress(ButtonExpired, ButtonOfAnother):
            confirmation.taken(words, account_id=1, now=NOW)
        for word in words[:5]:
            with suppress(ValueError):
                Window.parse(word)
            with suppress(ValueError):
                Identity.parse(word)
            letters(word)


def names(data: bytes) -> None:
    """What people call themselves and their files."""
    with suppress(UnicodeDecodeError):
        name = text_of(data)
        assert shown(name).isprintable()
        folded(name)
        skeleton(name)
        assert len(safe_name(name)) <= 101


def words_of_messages(data: bytes) -> None:
    """What is looked for in a message: words, dates, words that are forbidden, personal data."""
    with suppress(UnicodeDecodeError):
        said = text_of(data)
        terms(said)
        dates_in(said)
        WordList(words=(said[:20], "spam")).found_in(said)
        masks = Masks()
        masks.mask(said)


def sheet(data: bytes) -> None:
    read_sheet(data, ["telegram", "slack"])


def batch_prompts(data: bytes) -> None:
    with suppress(BatchTrouble):
        read_lines(data, room=100, longest=1000)


def batch_answers(data: bytes) -> None:
    with suppress(BatchTrouble):
        lines = read_lines(b'{"custom_id": "q1", "prompt": "?"}', room=100, longest=1000)
        assert len(in_order(lines, [data], lambda usage: None)) == 1


def persona(data: bytes) -> None:
    with suppress(UnicodeDecodeError, ValueError):
        Persona.read("kind", data.decode()).note({"user": "Ada"})


def models_file(data: bytes) -> None:
    with suppress(UnicodeDecodeError, ConfigError):
        parse_catalog(data.decode(), Path("/nowhere/models.toml"), {"OPENAI_API_KEY": "key"})


def env_file(data: bytes) -> None:
    """A `.env` as it is read at start and by `parley setup`."""
    with suppress(UnicodeDecodeError, ConfigError):
        file = EnvFile(path=Path(".env"), text=data.decode())
        values = file.values()
        assert EnvFile(path=Path(".env"), text=file.changed({"MODEL": "m"})).values()["MODEL"] == "m"
        known = {name.lower(): value for name, value in values.items() if name.lower() in Settings.model_fields}
        Settings.load(_env_file=None, **known)


def _call() -> Any:
    """As much of a call as limits are read with."""

    def bad_argument() -> BadArgument:
        return BadArgument(usage="quota", example="quota")

    return SimpleNamespace(catalog=CATALOG, now=NOW, zone=ZoneInfo("Europe/Berlin"), bad_argument=bad_argument)
