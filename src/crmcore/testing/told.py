"""Told: a repository that remembers what was done with it, to be told as steps to paste."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    Delete,
    Insert,
    Update,
)
from crmcore.entities import Record
from crmcore.errors import safe_repr
from crmcore.model.describe import defaults, describe, value_fields
from crmcore.query import Query
from crmcore.testing.watch import watched
from crmcore.values import FrozenMap

if TYPE_CHECKING:
    from crmcore.ports import Repository, Snapshot

R = TypeVar("R", bound=Record)

MOST_STEPS = 60
"""How many steps are told, the last ones."""

MOST_CHARACTERS = 2_000
"""How long one step may be."""

HEAD = """\
# To see it again, with `repository()` making a new, empty repository:
from datetime import *; from decimal import Decimal
from crmcore.changes import *; from crmcore.entities import *; from crmcore.query import *
from crmcore.values import *
store = repository()"""


class Told:
    """A ``Repository`` that does what ``below`` does, and remembers it."""

    def __init__(self, below: Repository) -> None:
        self.below = below
        self.steps: list[tuple[str, Any, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.below, name)  # abilities such as a journal

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A snapshot of the repository below, remembered likewise."""
        with self.below.snapshot() as moment:
            yield _ToldSnapshot(moment, self.steps)

    def commit(self, changes: ChangeSet, /) -> int:
        """Commit to the repository below."""
        try:
            with watched():
                number = self.below.commit(changes)
        except Exception as error:
            self.steps.append(("store.commit({})", (changes,), f"raised {type(error).__name__}"))
            raise
        self.steps.append(("store.commit({})", (changes,), f"gave {number}"))
        return number

    def close(self) -> None:
        """Close the repository below."""
        self.below.close()

    def script(self) -> str:
        """The steps, as Python."""
        left_out = len(self.steps) - MOST_STEPS
        head = [HEAD] if left_out <= 0 else [HEAD, f"# ... {left_out} steps left out ..."]
        return "\n".join([*head, *(_step(one) for one in self.steps[-MOST_STEPS:])])


def untold(repository: Any) -> Any:  # Any: of whatever type its maker made it
    """The repository itself, if this one remembers for it."""
    return repository.below if isinstance(repository, Told) else repository


class _ToldSnapshot:
    def __init__(self, below: Snapshot, steps: list[tuple[str, Any, str]]) -> None:
        self._below = below
        self._steps = steps

    @property
    def seq(self) -> int:
        return self._below.seq

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        self._steps.append(("now.get({}, {})", (entity, list(ids)), ""))
        return self._below.get(entity, ids)

    def find(self, query: Query[R], /) -> Iterator[R]:
        self._steps.append(("list(now.find({}))", (query,), ""))
        return self._below.find(query)


def _step(step: tuple[str, Any, str]) -> str:
    call, values, outcome = step
    line = call.format(*map(code, values))
    line = line if call.startswith("store") else f"with store.snapshot() as now: {line}"
    if len(line) > MOST_CHARACTERS:
        line = f"# {line[:MOST_CHARACTERS]}... ({len(line):,} characters)"
    return f"{line}  # {outcome}" if outcome else line


_CHANGES: Mapping[type, Callable[[Any], tuple[Any, ...]]] = {
    Insert: lambda one: (one.after,),
    Update: lambda one: (one.before, one.after),
    Delete: lambda one: (one.before,),
    CheckVersion: lambda one: (one.ref, one.version),
    CheckExists: lambda one: (one.ref,),
    CheckNone: lambda one: (one.query,),
}


def code(value: Any) -> str:  # values of every type
    """The value as Python; fields that have their default are left out."""
    python = type(value)
    if isinstance(value, type):
        return value.__name__
    if python in _CHANGES:
        return f"{python.__name__}({', '.join(map(code, _CHANGES[python](value)))})"
    if isinstance(value, ChangeSet):
        rest = {one: getattr(value, one) for one in ("checks", "reason", "by", "at")}
        return _call("ChangeSet", [code(list(value.changes))], rest, {"checks": ()})
    if isinstance(value, Query):
        given = {one: getattr(value, one) for one in ("order", "after", "limit")}
        where = [code(value.kind), str(value.where)]
        return _call("Query", where, given, {"order": ()})
    if isinstance(value, Record):
        names = [one.name for one in describe(python).fields]
        given = {one: getattr(value, one) for one in names}
        return _call(python.__name__, [], given, {**defaults(python), "id": attrs.NOTHING})
    if isinstance(value, Enum):
        return str(value)
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return repr(value).replace("datetime.", "").replace(repr(UTC), "UTC")
    if isinstance(value, FrozenMap):
        return f"FrozenMap({{{', '.join(f'{code(k)}: {code(v)}' for k, v in value.items())}}})"
    if isinstance(value, list | tuple):
        inner = ", ".join(map(code, value))
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    parts = value_fields(type(value))
    if parts:
        return _call(
            type(value).__name__, [], {one.name: getattr(value, one.name) for one in parts}, {}
        )
    return safe_repr(value).removeprefix("datetime.")


def _call(name: str, first: list[str], given: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    told = [
        f"{key}={code(value)}"
        for key, value in given.items()
        if type(value) is not type(usual.get(key)) or value != usual.get(key)
    ]
    return f"{name}({', '.join([*first, *told])})"
