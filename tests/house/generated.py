"""The parts of documents that follow from the code. `python -m tests.house.generated` writes them anew."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import Metric

from bot.commands import Command, Role, all_commands
from bot.domain.budgets import Budget, BudgetStanding
from bot.domain.windows import Period
from bot.storage import Backlog
from bot.telemetry import configure
from bot.telemetry.metrics import Metrics
from bot.vitals import Vitals
from tests.house.reference import command_line_page, settings_page
from tests.house.repository import ROOT, docstring, product, read, tracked
from tests.transcript import transcript

_WHOLE = "/emulator/"
"""Emulators are listed as one line: whoever looks into one begins with its own package."""

_MIGRATIONS = "bot/storage/migrations/versions/0*.py"

_WHO = {
    Role.NEWCOMER: "everybody",
    Role.GUEST: "everybody",
    Role.MEMBER: "members",
    Role.SUPPORT: "support",
    Role.ADMIN: "admins",
    Role.OWNER: "owners",
}
"""A role, and with it every higher one."""


def code_map() -> str:
    """One line for every module and package: its path and the first line of its docstring."""
    return "\n".join(f"- `{_shown(name)}` — {docstring(name)}" for name in sorted(_mapped(), key=_shown))


def command_table() -> str:
    """A row for every command: how it is called, what it does and who may use it."""
    head = ["| Command | What it does | Who |", "|---|---|---|"]
    return "\n".join([*head, *(_row(command) for command in all_commands())])


def migration_table() -> str:
    """A row for every migration after the first: its revision and what it is for."""
    head = ["| Revision | What for |", "|---|---|"]
    return "\n".join([*head, *(f"| {Path(name).name[:4]} | {docstring(name)} |" for name in tracked(_MIGRATIONS)[1:])])


def metric_table() -> str:
    """A row for every metric: its name as Prometheus stores it, its labels and what it says."""
    head = ["| Metric | Kind | Labels | What it says |", "|---|---|---|---|"]
    return "\n".join([*head, *(_metric(family) for family in metric_families())])


def metric_families() -> Iterable[Metric]:
    """Every metric, each with a sample."""
    metrics, period = Metrics(), Period.of("day", datetime.now(UTC), UTC)
    numbers = ("input", "cached", "output", "reasoning", "cost", "first_piece_ms", "lasted_ms", "waited_ms")
    call = {"model": "main/gpt", "purpose": "chat", "ending": "stop"} | dict.fromkeys(numbers, 1)
    metrics.observe({"event": "model_called", **call})
    metrics.observe({"event": "turn_done", "platform": "slack", "ending": "stop", "seconds": 1.0})
    vitals = Vitals(
        there={"database": True},
        leases=0,
        breakers={"main/gpt": "closed"},
        backlog=Backlog(ready=0, running=0, parked=0, unsent=0, oldest=0),
        budgets=[BudgetStanding(budget=Budget(scope="", span="day", limit=1), period=period)],
    )
    return metrics.families(vitals)


def _metric(family: Metric) -> str:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(f"`{label}`" for label in family.samples[0].labels if label != "le")
    return f"| `{name}` | {family.type} | {labels} | {family.documentation} |"


def verbatim(file: str) -> Callable[[], str]:
    """A file as a fenced block."""
    language = {"py": "python"}.get(file.rpartition(".")[2], file.rpartition(".")[2])
    return lambda: f"```{language}\n{read(file).strip()}\n```"


GENERATED: Mapping[tuple[str, str], Callable[[], str]] = {
    ("ARCHITECTURE.md", "code map"): code_map,
    ("docs/reference/settings.md", "settings"): settings_page,
    ("docs/reference/commands.md", "commands"): command_table,
    ("docs/reference/command-line.md", "commands"): command_line_page,
    ("docs/upgrading.md", "migrations"): migration_table,
    ("docs/quotas.md", "transcript"): transcript,
    ("docs/reference/metrics.md", "metrics"): metric_table,
    ("docs/extending.md", "dice package"): verbatim("examples/dice/pyproject.toml"),
    ("docs/extending.md", "dice"): verbatim("examples/dice/parley_dice/__init__.py"),
    ("docs/extending.md", "lines package"): verbatim("examples/lines/pyproject.toml"),
    ("docs/extending.md", "lines"): verbatim("examples/lines/parley_lines/__init__.py"),
    ("docs/extending.md", "endpoint"): verbatim("examples/endpoint/server.py"),
    ("docs/extending.md", "endpoint models"): verbatim("examples/endpoint/models.toml"),
}
"""Which document has which part, between two comments with its name."""


def between(text: str, part: str) -> str:
    """What stands in a document between `<!-- part -->` and `<!-- /part -->`."""
    found = _marked(part).search(text)
    return found[2].strip() if found else ""


def main() -> None:
    """Write every generated part into its document."""
    configure("WARNING", "console")
    for (document, part), make in GENERATED.items():
        written = (ROOT / document).read_text("utf-8")  # with the parts before this one
        text = _marked(part).sub(lambda found, make=make: f"{found[1]}\n{make()}\n{found[3]}", written)  # type: ignore[misc]
        (ROOT / document).write_text(text, "utf-8")


def _marked(part: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {part} -->)(.*?)(<!-- /{part} -->)", re.DOTALL)


def _mapped() -> Iterable[str]:
    return (name for name in product() if _WHOLE not in name or name.endswith("/emulator/__init__.py"))


def _shown(name: str) -> str:
    """A package goes by its folder."""
    return name.removesuffix("__init__.py")


def _row(command: Command) -> str:
    call = f"/{command.name} {command.usage}".strip().replace("|", "\\|")
    who = ", ".join(_WHO[role] for role in sorted({command.role, command.least}))
    return f"| `{call}` | {command.summary.message} | {who} |"


if __name__ == "__main__":
    main()
