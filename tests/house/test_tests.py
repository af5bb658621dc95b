"""Every test can fail."""

import ast
from collections.abc import Iterable

from tests.house.repository import Function, functions, tracked

OUTRIGHT = {"raises", "warns", "fail", "until"}
"""Calls that fail a test by themselves: pytest's own, and the emulators' waiting for something to become true."""


def called(function: Function) -> set[str]:
    """The last names of everything called in a function."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def asserts(function: Function) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(function))


def checking(known: Iterable[Function]) -> set[str]:
    """Names of functions that assert, or call one that does."""
    known = list(known)
    names = OUTRIGHT | {one.name for one in known if asserts(one)}
    while more := {one.name for one in known if called(one) & names} - names:
        names |= more
    return names


def test_every_test_asserts_something() -> None:
    everything = {name: functions(name) for name in tracked("tests/*.py")}
    names = checking(one for found in everything.values() for one in found)
    tests = [(name, one) for name, found in everything.items() for one in found if one.name.startswith("test_")]
    assert len(tests) > 100
    assert [f"{name}::{one.name}" for name, one in tests if one.name not in names] == []


def test_a_test_without_an_assertion_is_noticed() -> None:
    (bare,) = ast.parse("def test_nothing(core):\n    core.say('hello')").body
    assert isinstance(bare, ast.FunctionDef)
    assert "test_nothing" not in checking([bare])
