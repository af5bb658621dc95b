"""What no source file may have, and what every one must."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.repository import Function, classes, docstring, functions, product, read, tracked, tree

LONGEST_FUNCTION = 50
LONGEST_MODULE = 300
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
SOURCE = ("*.py", "*.js", "*.css", "*.html", "*.mako", "*.yaml", "Makefile", ".ci/*")
BANNED_SUFFIX = re.compile(r"(?:Manager|Helper|Utils?|Processor|Data|Info|Impl)$")

OUTSIDERS = {"clock", "completion", "courier", "model", "platform", "preview", "reply", "sleep"}
"""Names of whom a transaction must not wait for."""


def lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def transactions(name: str) -> Iterator[ast.AsyncWith]:
    """Every `async with ….begin()` of a module."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.AsyncWith) and any(_begins(item.context_expr) for item in node.items):
            yield node


def _begins(entered: ast.expr) -> bool:
    return isinstance(entered, ast.Call) and isinstance(entered.func, ast.Attribute) and entered.func.attr == "begin"


def awaited(block: ast.AST) -> Iterator[str]:
    """What is waited for inside a block, as it is written."""
    for node in ast.walk(block):
        if isinstance(node, ast.Await):
            yield ast.unparse(node.value.func if isinstance(node.value, ast.Call) else node.value)
        if isinstance(node, ast.AsyncFor):
            yield ast.unparse(node.iter)


def is_outsider(expression: str) -> bool:
    return any(word.lstrip("_") in OUTSIDERS for word in re.findall(r"\w+", expression))


def test_nothing_is_left_unfinished() -> None:
    assert [name for name in tracked(*SOURCE) if UNFINISHED.search(read(name))] == []


def test_no_class_is_named_after_nothing() -> None:
    named = [(name, one.name) for name in tracked("*.py") for one in classes(name)]
    assert [(name, one) for name, one in named if BANNED_SUFFIX.search(one)] == []


def test_functions_stay_short() -> None:
    long = {f"{name}:{one.name}": lines(one) for name in product() for one in functions(name)}
    assert {name: length for name, length in long.items() if length > LONGEST_FUNCTION} == {}


def test_modules_stay_short() -> None:
    lengths = {name: len(read(name).splitlines()) for name in product()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_module_says_what_it_is() -> None:
    assert [name for name in product() if not docstring(name)] == []


def test_nobody_prints() -> None:
    calls = [(name, node) for name in product() for node in ast.walk(tree(name)) if isinstance(node, ast.Call)]
    assert [(name, call.lineno) for name, call in calls if ast.unparse(call.func) == "print"] == []


def test_no_transaction_waits_for_a_model_a_platform_or_time() -> None:
    blocks = [(name, block) for name in product() for block in transactions(name)]
    assert len(blocks) > 10
    assert [(name, one) for name, block in blocks for one in awaited(block) if is_outsider(one)] == []


def test_nothing_but_forgetting_deletes_what_was_said() -> None:
    """A conversation that was left stays; so does a turn that failed."""
    deletes = re.compile(r"(?:\.delete\(|DELETE FROM )(?:turn|conversation)\b")
    found = [name for name in tracked("bot/*.py") if deletes.search(read(name))]
    assert found == ["bot/storage/forgetting.py"]


@pytest.mark.parametrize("waiting", ["await platform.deliver(part)", "await self._clock.sleep(1)"])
def test_a_wait_inside_a_transaction_is_noticed(waiting: str) -> None:
    block = ast.parse(f"async def f():\n async with lease.begin() as work:\n  {waiting}")
    assert any(is_outsider(one) for one in awaited(block))
