"""Columns that hold what people or models said: sealed when they are written, opened when they are read.

A type learns of the keys from the engine that is at work: SQLAlchemy hands it the engine's dialect, to which `give`
has tied them. In SQL nothing can be done with such a column but to read it, copy it and ask whether it is NULL.
"""

import json
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from bot.seals import UNSEALED, Seals


def give(dialect: Dialect, seals: Seals) -> None:
    """From now on values are sealed and opened by these, wherever this dialect is used."""
    dialect.seals = seals  # type: ignore[attr-defined]


def seals_of(dialect: Dialect) -> Seals:
    found: Seals = getattr(dialect, "seals", UNSEALED)
    return found


class _Opaque(TypeEngine.Comparator[Any]):
    """Two seals of the same words differ, so that a comparison would quietly be false. It is an error instead."""

    _ALLOWED: ClassVar[frozenset[Any]] = frozenset({operators.is_, operators.is_not})

    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        if op not in self._ALLOWED:
            raise TypeError(f"{self.expr} is sealed: read it and compare what was said")
        return super().operate(op, *other, **kwargs)

    def reverse_operate(self, op: Any, other: Any, **_: Any) -> Any:
        return self.operate(op, other)


class SealedText(sa.TypeDecorator[str]):
    """Text. `about` names the column, such as `turn.question`: what was sealed for one opens in no other."""

    impl = sa.Text
    cache_ok = True
    comparator_factory = _Opaque

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else seals_of(dialect).seal_text(value, self.about)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else seals_of(dialect).open_text(value, self.about)


class SealedJson(sa.TypeDecorator[Any]):
    """JSON, which is an object or a list: where it is sealed, it is a string."""

    impl = sa.JSON
    cache_ok = True
    comparator_factory = _Opaque

    def __init__(self, about: str) -> None:
        super().__init__(none_as_null=True)
        self.about = about

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        seals = seals_of(dialect)
        return value if value is None or seals.current is None else seals.seal_text(json.dumps(value), self.about)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if not isinstance(value, str):
            return value
        return json.loads(seals_of(dialect).open_text(value, self.about))


class SealedBytes(sa.TypeDecorator[bytes]):
    """Bytes."""

    impl = sa.LargeBinary
    cache_ok = True
    comparator_factory = _Opaque

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else seals_of(dialect).seal(value, self.about)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else seals_of(dialect).open(bytes(value), self.about)


SEALED = (SealedText, SealedJson, SealedBytes)
