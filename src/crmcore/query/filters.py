"""Filters: conditions as data, built from fields with ``F``.

``(F.amount.amount >= 100) & (F.stage == "Won")``. Filters are two-valued: a comparison with a
missing value, or between values of different types, is false (and ``~`` of it true).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, NoReturn, TypeAlias, TypeGuard

from attrs import field, frozen

from crmcore.errors import QueryError
from crmcore.values.frozenmap import frozen_value
from crmcore.values.ref import Ref


class Operator(Enum):
    """How a comparison compares."""

    EQ = "=="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class _Filter:
    """What all filters can do: combine."""

    __slots__ = ()

    def __and__(self, other: Filter) -> And:
        return And(_flat(And, self, other))

    def __or__(self, other: Filter) -> Or:
        return Or(_flat(Or, self, other))

    def __invert__(self) -> Filter:
        return Not(self)  # type: ignore[arg-type]  # every subclass is one of Filter

    def __bool__(self) -> NoReturn:
        raise QueryError(
            "a filter has no truth value",
            str(self),
            "combine filters with & | ~, not with and or not",
        )


@frozen
class Always(_Filter):
    """True of every record."""

    def __str__(self) -> str:
        return "ALL"


@frozen
class And(_Filter):
    """True where all of ``terms`` are."""

    terms: tuple[Filter, ...]

    def __str__(self) -> str:
        return "(" + " & ".join(map(str, self.terms)) + ")"


@frozen
class Or(_Filter):
    """True where one of ``terms`` is."""

    terms: tuple[Filter, ...]

    def __str__(self) -> str:
        return "(" + " | ".join(map(str, self.terms)) + ")"


@frozen
class Not(_Filter):
    """True where ``term`` is not."""

    term: Filter

    def __str__(self) -> str:
        return f"~{self.term}"


def _literal(value: Any) -> Any:
    """A value to compare with, frozen; a float raises ``QueryError``, as nothing stored is one."""
    if isinstance(value, float):
        hint = f'write Decimal("{value!r}") or a whole number'
        raise QueryError("a float is not exact, and equals nothing that is stored", value, hint)
    return frozen_value(value)


def _literals(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(_literal(value) for value in values)


@frozen
class Compare(_Filter):
    """True where the value at ``path`` is present, of the type of ``value``, and compares so."""

    path: Path
    operator: Operator
    value: Any = field(converter=_literal)

    def __str__(self) -> str:
        return f"({self.path} {self.operator.value} {self.value!r})"


@frozen
class In(_Filter):
    """True where the value at ``path`` equals one of ``values``."""

    path: Path
    values: tuple[Any, ...] = field(converter=_literals)
    names: frozenset[Any] = field(init=False, eq=False, repr=False)
    """Those of the values that are text or references, which are found among many at once."""

    def __attrs_post_init__(self) -> None:
        names = frozenset(one for one in self.values if isinstance(one, str | Ref))
        object.__setattr__(self, "names", names)

    def __str__(self) -> str:
        return f"{self.path}.in_({list(self.values)!r})"


@frozen
class Missing(_Filter):
    """True where there is no value at ``path``."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path}.is_none()"


@frozen
class StartsWith(_Filter):
    """True where the text at ``path`` begins with ``text``, by code points."""

    path: Path
    text: str

    def __str__(self) -> str:
        return f"{self.path}.starts_with({self.text!r})"


@frozen
class Contains(_Filter):
    """True where the text at ``path`` has ``value`` in it, or the collection has that element."""

    path: Path
    value: Any = field(converter=frozen_value)

    def __str__(self) -> str:
        return f"{self.path}.contains({self.value!r})"


Filter: TypeAlias = Always | And | Or | Not | Compare | In | Missing | StartsWith | Contains
"""Any filter."""


def is_filter(value: object) -> TypeGuard[Filter]:
    """Whether ``value`` is a filter."""
    return isinstance(value, _Filter)


ALL = Always()
"""The filter that is true of every record."""


def _flat(joint: type[And | Or], *terms: Any) -> tuple[Filter, ...]:
    for term in terms:
        if not isinstance(term, _Filter):
            raise QueryError("only filters can be combined", term, "write F.field == value")
    parted = [term.terms if isinstance(term, joint) else (term,) for term in terms]
    return tuple(term for part in parted for term in part)


def _steps(path: object) -> tuple[str, ...]:
    return object.__getattribute__(path, "_steps")  # type: ignore[no-any-return]  # own slot


class Path:
    """The place of a value in a record: ``F.amount.currency``, ``F.custom["tier"]``.

    Comparing it makes a filter. A step whose name is also a method is written ``F["contains"]``.
    """

    __slots__ = ("_steps",)

    def __init__(self, *steps: str) -> None:
        object.__setattr__(self, "_steps", steps)

    @property
    def steps(self) -> tuple[str, ...]:
        """The names from the record to the value."""
        return _steps(self)

    def __getattr__(self, name: str) -> Path:
        if name.startswith("_"):
            raise AttributeError(name)
        return Path(*_steps(self), name)

    def __getitem__(self, name: str) -> Path:
        return Path(*_steps(self), name)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a path cannot change: {self}.{name}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Path, _steps(self)

    def __str__(self) -> str:
        named = [f".{step}" if step.isidentifier() else f"[{step!r}]" for step in _steps(self)]
        return "F" + "".join(named)

    __repr__ = __str__

    def __hash__(self) -> int:
        return hash(_steps(self))

    def __bool__(self) -> NoReturn:
        raise QueryError("a field has no truth value", str(self), f"write {self} == True")

    def __eq__(self, other: object) -> Any:
        """A filter; two paths compare as values, equal where their steps are."""
        if isinstance(other, Path):
            return _steps(self) == _steps(other)
        return Missing(self) if other is None else Compare(self, Operator.EQ, other)

    def __ne__(self, other: object) -> Any:
        if isinstance(other, Path):
            return _steps(self) != _steps(other)
        return Not(self == other)

    def __lt__(self, other: Any) -> Compare:
        return Compare(self, Operator.LT, other)

    def __le__(self, other: Any) -> Compare:
        return Compare(self, Operator.LE, other)

    def __gt__(self, other: Any) -> Compare:
        return Compare(self, Operator.GT, other)

    def __ge__(self, other: Any) -> Compare:
        return Compare(self, Operator.GE, other)

    def in_(self, values: Iterable[Any]) -> In:
        """A filter: the value equals one of ``values``."""
        if isinstance(values, str):
            raise QueryError("in_ takes several values", values, "write in_([...])")
        return In(self, tuple(values))

    def is_none(self) -> Missing:
        """A filter: there is no value."""
        return Missing(self)

    def starts_with(self, text: str) -> StartsWith:
        """A filter: the text begins with ``text``, by code points."""
        return StartsWith(self, text)

    def contains(self, value: Any) -> Contains:
        """A filter: the text, or the collection, has ``value`` in it."""
        return Contains(self, value)

    def asc(self) -> Order:
        """Ascending by this value; missing ones first."""
        return Order(self)

    def desc(self) -> Order:
        """Descending by this value; missing ones last."""
        return Order(self, descending=True)


F = Path()
"""Where every path begins."""


@frozen
class Order:
    """A key of an order."""

    path: Path
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.path}.{'desc' if self.descending else 'asc'}()"
