"""Verdict: what a law says when it is broken, and the few ways in which laws look at a store."""

from __future__ import annotations

import sys
import threading
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from crmcore.changes import ChangeSet, ConflictError, Insert
from crmcore.entities import Account, Record, kind_of
from crmcore.errors import StoreLockedError, shown
from crmcore.model.describe import describe, value_fields
from crmcore.query import Query
from crmcore.testing.told import Told
from crmcore.testing.watch import LONGEST_WAIT
from crmcore.values import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crmcore.ports import Repository

R = TypeVar("R", bound=Record)
T = TypeVar("T")

PATIENCE = 1_000
"""How often a writer tries again that finds the store locked."""


def hold(law: str, truth: bool, said: str) -> None:  # noqa: FBT001  # the fact itself, no option
    """Fail with the law and what went wrong, unless it is true."""
    if not truth:
        raise AssertionError(f"law {law} is broken: {said}")


def same(law: str, got: object, wanted: object, what: str) -> None:
    """Fail unless two values are equal and, at every depth, of the same types."""
    hold(
        law,
        form(got) == form(wanted),
        f"{what}\n  got:    {shown(got, limit=2000)}\n  wanted: {shown(wanted, limit=2000)}",
    )


def form(value: Any) -> Any:  # values of every type
    """A value in a form whose parts are equal only if their types are: 1 is not True."""
    if isinstance(value, Record):
        fields = describe(type(value)).fields
        return kind_of(type(value)), *((one.name, form(getattr(value, one.name))) for one in fields)
    if isinstance(value, tuple | list):
        return type(value).__name__, *map(form, value)
    if isinstance(value, frozenset | set):
        return type(value).__name__, *sorted((form(one) for one in value), key=repr)
    if isinstance(value, FrozenMap | dict):
        return "map", *((key, form(value[key])) for key in sorted(value, key=repr))
    if isinstance(value, datetime):
        return "datetime", value.isoformat()
    parts = value_fields(type(value))
    if parts:
        return type(value).__name__, *(form(getattr(value, one.name)) for one in parts)
    return type(value).__name__, value


@contextmanager
def opened(make: Callable[[], Repository]) -> Iterator[Repository]:
    """A fresh repository that is closed at the end; a failure tells what was done with it."""
    with telling(make()) as store, closing(store):
        yield store


@contextmanager
def telling(store: Repository) -> Iterator[Told]:
    """A context in which a failure tells what was done with this repository."""
    told = Told(store)
    try:
        yield told
    except Exception as error:
        error.add_note(told.script())
        raise


def put(repository: Repository, *records: R) -> tuple[R, ...]:
    """Store these records in one commit, and give them as they should be read back."""
    changes = ChangeSet(Insert(one) for one in records)
    return changes.as_stored(repository.commit(changes)).written  # type: ignore[return-value]  # same classes


def read(repository: Repository, *records: R) -> tuple[R | None, ...]:
    """What is stored under the references of these records, at this moment."""
    with repository.snapshot() as now:
        return tuple(now.get(type(one), [one.id]).get(one.id) for one in records)


def now_stored(repository: Repository, record: R) -> R:
    """The record as it is stored by now; it must be."""
    with repository.snapshot() as now:
        return now.get(type(record), [record.id])[record.id]


def everything(repository: Repository, entities: Iterable[type[Record]]) -> list[Record]:
    """All records of these entities, in the order in which ``find`` gives them."""
    with repository.snapshot() as now:
        return [one for entity in entities for one in now.find(Query.of(entity))]


def seq(repository: Repository) -> int:
    """The number of the last commit."""
    with repository.snapshot() as now:
        return now.seq


def refuse(law: str, repository: Repository, changes: ChangeSet, why: str) -> None:
    """Fail unless this set meets a conflict and leaves no trace."""
    touched = (*changes.written, *changes.inverse().written)
    entities = sorted({Account, *map(type, touched)}, key=kind_of)
    before, number = everything(repository, entities), seq(repository)
    try:
        repository.commit(changes)
    except ConflictError:
        pass
    else:
        hold(law, truth=False, said=f"no ConflictError though {why}:\n{changes}")
    same("S2", everything(repository, entities), before, f"a refused set left a trace ({why})")
    same("S2", seq(repository), number, f"a refused set moved the sequence number ({why})")


@contextmanager
def hurried() -> Iterator[None]:
    """A context in which threads take turns as often as they can, so that races show."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def together(works: Sequence[Callable[[], T]]) -> list[T | ConflictError]:
    """What each work gives, all started at one moment, each in a thread of its own.

    A ``ConflictError`` is an outcome; every other exception is raised.
    """
    barrier = threading.Barrier(len(works))
    outcomes: dict[int, T | Exception] = {}

    def run(index: int) -> None:
        barrier.wait()
        try:
            outcomes[index] = works[index]()
        except Exception as error:  # noqa: BLE001  # looked at below, in the thread of the test
            outcomes[index] = error

    threads = [
        threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(works))
    ]
    with hurried():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONGEST_WAIT)
    alive = sum(thread.is_alive() for thread in threads)
    hold("S9", not alive, f"{alive} of {len(works)} threads never had their turn")
    results: list[T | ConflictError] = []
    for index in range(len(works)):
        outcome = outcomes[index]
        if isinstance(outcome, Exception) and not isinstance(outcome, ConflictError):
            raise outcome
        results.append(outcome)
    return results


def patient(commit: Callable[[], T]) -> T:
    """What ``commit`` gives once it no longer finds the store locked by another writer."""
    for _ in range(PATIENCE):
        try:
            return commit()
        except StoreLockedError:
            continue
    return commit()
