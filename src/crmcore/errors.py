"""Exceptions: a broken call or a broken store, each showing the offending value and the way out.

Bad *data* is never raised; it is reported as a ``Finding`` (see ``crmcore.findings``).
Every exception derives from ``CrmError`` and is a value: frozen, and equal to another of its
class with the same fields, so that a test can compare it whole.
Exceptions that carry richer values live beside those values (``ValidationError`` with the
findings, ``ConflictError`` with the changes).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from attrs import frozen


class CrmError(Exception):
    """The root of all exceptions that crmcore raises on purpose."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.args == getattr(other, "args", None)

    def __hash__(self) -> int:
        # Only the texts: the other values may be unhashable, and equal ones may be shown unlike.
        return hash((type(self), *(one for one in self.args if isinstance(one, str))))


def safe_repr(value: object) -> str:
    """The repr of ``value``; one that has none, as an int of 5,000 digits, is named by its type."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # whatever it is: showing bad data must not fail
        return f"<{type(value).__name__} that cannot be shown>"


def shown(value: object, *, limit: int = 120) -> str:
    """``safe_repr(value)`` for a message, cut after ``limit`` characters with its full length."""
    text = ascii(value[:limit]) if isinstance(value, str) else safe_repr(value)
    if isinstance(value, str) and len(value) > limit:
        return f"{text}... ({len(value):,} characters)"
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text):,} characters)"


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the nearest of ``known``, else the sorted choices, else ``""``."""
    choices = sorted(set(known))
    near = difflib.get_close_matches(wrong[:100], choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not choices:
        return ""
    listed = ", ".join(repr(choice) for choice in choices[:12])
    return f"known: {listed}{', ...' if len(choices) > 12 else ''}"


@frozen
class InvalidValueError(CrmError):
    """A value type refused nonsense, such as an infinite amount of money."""

    what: str
    value: object
    why: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"{shown(self.value)} is not a valid {self.what}: it {self.why}{hint}"


@frozen
class MixedCurrencyError(CrmError):
    """Two amounts of different currencies met where only one currency makes sense."""

    left: str
    right: str
    operation: str

    def __str__(self) -> str:
        return (
            f"cannot {self.operation} {self.left} and {self.right}: "
            "convert one of them with an exchange rate first"
        )


@frozen
class NotFoundError(CrmError):
    """No record answers to this id, not even through a merge."""

    kind: str
    id: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"there is no {self.kind} {shown(self.id)}{hint}"


@frozen
class AmbiguousIdError(CrmError):
    """A bare id belongs to records of several kinds."""

    id: str
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"the id {shown(self.id)} belongs to several records ({', '.join(self.kinds)}): "
            "pass the record or its reference (record.ref) instead"
        )


@frozen
class ManyFoundError(CrmError):
    """``one`` was asked for, and several records match."""

    kind: str
    where: str

    def __str__(self) -> str:
        return f"several records match {self.where} in {self.kind}: use find, or narrow the filter"


@frozen
class UnknownNameError(CrmError):
    """A name is not defined: an entity, a field, a pipeline, a stage, a rollup, a rule."""

    what: str
    name: str
    known: tuple[str, ...] = ()
    where: str = ""

    def __str__(self) -> str:
        where = f" in {self.where}" if self.where else ""
        hint = did_you_mean(self.name, self.known)
        return f"unknown {self.what} {shown(self.name)}{where}{'; ' + hint if hint else ''}"


@frozen
class QueryError(CrmError):
    """A filter or query that cannot mean anything."""

    why: str
    value: object
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.why}: {shown(self.value)}{hint}"


@frozen
class UsageError(CrmError):
    """A call whose arguments do not go together."""

    why: str
    value: object
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.why}: {shown(self.value)}{hint}"


@frozen
class CycleError(CrmError):
    """A command would make a record its own ancestor; ``path`` walks from it back to itself."""

    kind: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        ids = self.path if len(self.path) <= 12 else (*self.path[:6], "...", *self.path[-5:])
        return f"this would make a loop of {self.kind} records: {' -> '.join(ids)}"


@frozen
class StorageError(CrmError):
    """The store could not read or write; ``where`` names the file or place."""

    why: str
    where: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.where}: {self.why}{hint}"


class DamagedStoreError(StorageError):
    """What is stored is damaged; nothing is answered from it."""


class UnsupportedFormatError(StorageError):
    """The store was written by a newer version, or is not one of ours."""


class StoreClosedError(StorageError):
    """The repository was closed, or must be opened anew."""


class StoreLockedError(StorageError):
    """Another writer holds the store."""


class OutcomeUnknownError(StorageError):
    """A commit may or may not have been stored; reopen the store and look."""
