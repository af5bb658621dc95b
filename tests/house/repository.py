"""The files under version control, and what can be read in them without running them."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked(*patterns: str) -> tuple[str, ...]:
    """Paths from the root of what git tracks and is there, in the order of the alphabet; `patterns` as git has them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file()))


def product() -> tuple[str, ...]:
    """The modules that people run. Migrations are history: they are written once and follow Alembic's form."""
    return tuple(name for name in tracked("bot/*.py", "adapters/*.py") if "/migrations/" not in name)


@cache
def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(read(name), name)


def docstring(name: str) -> str:
    """The first line of a module's docstring, "" if it has none."""
    return (ast.get_docstring(tree(name)) or "").partition("\n")[0].strip()


def functions(name: str) -> list[Function]:
    """Every function and method of a module, nested ones too."""
    return [node for node in ast.walk(tree(name)) if isinstance(node, Function)]


def classes(name: str) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree(name)) if isinstance(node, ast.ClassDef)]
