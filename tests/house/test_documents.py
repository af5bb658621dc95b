"""What documents say, held against the code."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import EXIT_CONFIG, main
from bot.admin.asking import EXIT_REFUSED, EXIT_UNCONFIRMED
from bot.batch import INTERRUPTED
from bot.commands import all_commands
from bot.settings import Settings
from tests.house.generated import GENERATED, between
from tests.house.repository import ROOT, classes, read, tracked, tree

DOCUMENTS = tracked("*.md")
FOREIGN = {"newbot", "setjoingroups", "setprivacy", "invite", "hello", "healthz", "readyz", "roll"}
"""What is said to @BotFather, to Slack and to Parley in the guides, paths of HTTP, an example: no commands of ours."""
LOG_METHODS = {"debug", "info", "warning", "error", "exception"}


def prose(document: str) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", read(document), flags=re.DOTALL | re.MULTILINE)


def fenced(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", read(document), re.DOTALL | re.MULTILINE)


def quoted(document: str) -> list[str]:
    """Everything in single backticks."""
    return re.findall(r"`([^`\n]+)`", prose(document))


def links(document: str) -> list[str]:
    """Where a document leads inside of the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(document))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(document: Path) -> set[str]:
    """Headings as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def leads_somewhere(document: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / document).parent / path if path else ROOT / document
    return target.exists() and (not anchor or anchor in anchors(target))


def project() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))


def everywhere(pattern: str) -> Iterator[tuple[str, str]]:
    """Documents and what they say that looks like `pattern`, in backticks or fenced blocks for the shell."""
    for document in DOCUMENTS:
        for said in [*quoted(document), *fenced(document, "sh"), *fenced(document, "ini")]:
            yield from ((document, found) for found in re.findall(pattern, said))


def is_name(dotted: str) -> bool:
    """Whether there is a module `bot.inbox`, in it a `bot.inbox.Inbox`, or in that a `bot.inbox.Inbox.accept`."""
    if module_of(dotted):
        return True
    folder, _, name = dotted.rpartition(".")
    if module := module_of(folder):
        return name in defined(tree(module).body)
    return "." in folder and any(name in defined(one.body) for one in found_class(folder))


def found_class(dotted: str) -> list[ast.ClassDef]:
    folder, _, name = dotted.rpartition(".")
    module = module_of(folder)
    return [one for one in classes(module) if one.name == name] if module else []


def module_of(dotted: str) -> str | None:
    path = dotted.replace(".", "/")
    return next((one for one in (f"{path}.py", f"{path}/__init__.py") if (ROOT / one).is_file()), None)


def defined(body: Iterable[ast.stmt]) -> set[str]:
    names = set()
    for node in body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


def logged() -> set[str]:
    """Every event that the core writes into the log."""
    calls = (
        node
        for name in tracked("bot/*.py")
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS
    )
    return {
        str(call.args[0].value)
        for call in calls
        if ast.unparse(call.func).startswith("_log.") and isinstance(call.args[0], ast.Constant)
    }


@pytest.mark.parametrize(("document", "part"), GENERATED)
def test_what_follows_from_the_code_is_up_to_date(document: str, part: str) -> None:
    """If not: `.venv/bin/python -m tests.house.generated` writes it anew."""
    assert between(read(document), part) == GENERATED[document, part]()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    assert [link for link in links(document) if not leads_somewhere(document, link)] == []


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = set(everywhere(r"(?:^|\n)make ([a-z]+)"))
    assert len(named) > 5
    assert [one for one in named if one[1] not in targets] == []


def test_every_command_of_parley_exists() -> None:
    named = set(everywhere(r"(?:^|\n|bin/)parley ([a-z]+)"))
    assert len(named) > 2
    assert [one for one in named if one[1] not in main.commands] == []


def test_every_command_of_the_chat_exists() -> None:
    known = {command.name for command in all_commands()}
    named = set(everywhere(r"^(?:/parley |@Parley |/(?!parley))([a-z]+)(?: |$)"))
    assert len(named) > 5
    assert [one for one in named if one[1] not in known | FOREIGN] == []


def test_every_name_of_the_code_exists() -> None:
    named = set(everywhere(r"^((?:bot|adapters)(?:\.\w+)+)$"))
    assert len(named) > 30
    assert [one for one in named if not is_name(one[1])] == []


def test_every_path_exists() -> None:
    """In ADRs too: whoever moves something says so in a new one."""
    named = set(everywhere(r"^((?:\.ci|adapters|benchmarks|bot|docs|tests)/[\w./-]+?)(?:::\w+)?$"))
    assert len(named) > 20
    assert [one for one in named if not ((ROOT / one[1]).exists() or "/de/" in one[1])] == []


def test_every_test_that_is_named_exists() -> None:
    named = set(everywhere(r"^(tests/[\w/]+\.py::\w+)$"))
    assert len(named) > 10
    assert [one for one in named if f"def {one[1].partition('::')[2]}(" not in read(one[1].partition("::")[0])] == []


def test_every_import_contract_is_told_and_told_right() -> None:
    contracts = {contract["name"] for contract in project()["tool"]["importlinter"]["contracts"]}
    assert set(re.findall(r"contract “([^”]+)”", read("ARCHITECTURE.md"))) == contracts


def test_the_readme_tells_defaults_as_they_are() -> None:
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", read(".env.example"), re.MULTILINE))
    rows = re.findall(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|(.*?)\|", read("README.md"), re.MULTILINE)
    told = [(re.findall(r"`([A-Z_]+)`", names), re.findall(r"`([^`]+)`", defaults)) for names, defaults in rows]
    assert len(told) > 8
    assert [defaults for _, defaults in told] == [[example[one] for one in names if example[one]] for names, _ in told]


def test_every_setting_in_a_document_exists() -> None:
    known = {name.upper() for name in Settings.model_fields}
    named = set(everywhere(r"^((?:TELEGRAM|SLACK|OPENAI|DAILY|HTTP|LOG|DATABASE)_[A-Z_]+)"))
    assert [one for one in named if one[1] not in known] == []


def test_every_line_of_the_log_is_explained_and_no_other() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", between(read("docs/reference/log.md"), "log lines"), re.MULTILINE)
    assert sorted(explained) == sorted(logged())


def test_every_exit_status_is_told() -> None:
    told = re.findall(r"^\| (\d+) \|", read("docs/reference/command-line.md"), re.MULTILINE)
    known = {0, EXIT_CONFIG, EXIT_REFUSED, EXIT_UNCONFIRMED, INTERRUPTED}
    assert sorted(map(int, told)) == sorted(known)


def test_the_changelog_has_this_version() -> None:
    headings = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", project()["project"]["version"]]


def test_decisions_are_numbered_and_short() -> None:
    decisions = tracked("docs/adr/*.md")
    numbers = [int(Path(name).name[:4]) for name in decisions]
    assert numbers == sorted(set(numbers))
    assert [name for name in decisions if len(read(name).splitlines()) > 40] == []


@pytest.mark.parametrize("decision", tracked("docs/adr/*.md"))
def test_a_decision_has_its_three_parts(decision: str) -> None:
    number = int(Path(decision).name[:4])
    assert read(decision).startswith(f"# {number}. ")
    assert re.findall(r"^## (.+)$", read(decision), re.MULTILINE) == ["Context", "Decision", "Consequences"]
