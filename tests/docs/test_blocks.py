"""Every block of the documents is read by what it is written for."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import yaml

from bot.domain.personas import Persona
from bot.errors import ConfigError
from bot.health import Health
from bot.intake import Intake
from bot.llm.batch.lines import read_lines
from bot.llm.catalog import parse_catalog
from bot.masking import masking_of
from bot.needs import check_serving
from bot.settings import Settings
from bot.storage import Storage
from tests.databases import on
from tests.docs.blocks import Block, blocks, everything, only
from tests.house.generated import GENERATED

READ = {
    "ini": "here",
    "json": "here",
    "jsonl": "here",
    "md": "here",
    "text": "here",
    "yaml": "here",
    "csv": "tests/docs/test_shell.py",
    "sh": "tests/docs/test_shell.py",
    "sql": "tests/docs/test_sql.py",
    "python": "tests/examples",
    "toml": "tests/llm/test_catalog.py and tests/examples",
}
"""What reads the blocks of each language."""

TEXTS = {"docs/models.md", "docs/privacy.md", *(document for document, part in GENERATED if part == "transcript")}
"""Documents with blocks of plain text, which tests below compare, or write anew."""

MISTAKES = """
[[endpoints]]
name = "openai"
base_url = "https://api.openai.com/v1"
keys = [{ env = "OPENAI_API_KEY" }]
[[endpoints.models]]
name = "gpt-6-luna"
windw = 1000
[[endpoints]]
name = "ollama"
base_url = "http://localhost:11434/v1"
[[endpoints.models]]
name = "llama3.2"
window = 8192
[chains]
default = ["openai/gpt-6-luna", "openai/gpt-6"]
"""


def test_there_is_no_block_that_nothing_reads() -> None:
    """If there is: name its language, or add to a test here what reads it."""
    assert [str(one) for one in everything() if one.language not in READ] == []
    assert {one.document for one in blocks("text")} <= TEXTS


@pytest.mark.parametrize("block", blocks("ini"), ids=str)
def test_settings_are_taken_as_they_stand(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(block.text.replace("…", "x"), "utf-8")
    settings = Settings.load()
    named = {line.partition("=")[0].lower() for line in block.lines}
    assert named <= settings.model_fields_set
    if "model" in named:
        check_serving(settings)


@on("sqlite")
async def test_what_is_missing_is_told_as_it_is_shown(storage: Storage) -> None:
    intake = cast("Intake", SimpleNamespace(connected=True))
    told = await Health(storage, intake, models_answer=lambda: False).checks()
    assert told == json.loads(only("json", "docs/operations.md").text)


def test_prompts_of_a_batch_are_read_as_they_are_shown() -> None:
    content = only("jsonl", "docs/operations.md").text.encode()
    assert len(read_lines(content, room=10_000, longest=1000)) == 2


def test_prometheus_is_told_where_numbers_are() -> None:
    (job,) = yaml.safe_load(only("yaml", "docs/monitoring.md").text)["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]
    assert target.endswith(f":{Settings.model_fields['http_port'].default}")


@pytest.mark.parametrize("block", blocks("md"), ids=str)
def test_a_persona_is_read_as_it_is_shown(block: Block) -> None:
    persona = Persona.read("poet", block.text)
    assert persona.prompt


def test_mistakes_in_a_models_file_are_told_as_they_are_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_catalog(MISTAKES, Path("models.toml"), {})
    assert list(caught.value.problems) == only("text", "docs/models.md").lines


def test_patterns_of_what_is_hidden_are_read_as_they_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "patterns.txt"
    file.write_text(only("text", "docs/privacy.md").text, "utf-8")
    masks = masking_of(Settings.load(masking=True, masking_patterns=file)).masks()
    assert masks.mask("KD-123456 and Blue Moon") == "[CUSTOMER_1] and [PROJECT_1]"
