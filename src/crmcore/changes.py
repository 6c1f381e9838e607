"""Changes: a decision as data: which records are inserted, updated and deleted, all or nothing.

A change set also carries what it relied on, as checks; a repository tests them at the moment of
commit. That way two decisions, each right by itself, cannot together make a wrong state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import attrs
from attrs import field, frozen

from crmcore.entities.record import Record, kind_of
from crmcore.errors import CrmError, UsageError, shown
from crmcore.model.describe import describe, slots
from crmcore.query import Query, matches
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)


@frozen
class Insert:
    """A record that is stored for the first time; its id must be free."""

    after: Record

    @property
    def ref(self) -> Ref[Any]:
        """The record that changes."""
        return self.after.ref

    def inverse(self) -> Delete:
        """The change that takes this one back."""
        return Delete(self.after)

    def __str__(self) -> str:
        return f"+ {self.ref} {_values(self.after)}"


@frozen
class Update:
    """A record as it was, and as it shall be; it must still have the version of ``before``."""

    before: Record
    after: Record

    def __attrs_post_init__(self) -> None:
        if self.before.ref != self.after.ref:
            raise UsageError("an update keeps kind and id", (self.before.ref, self.after.ref))

    @property
    def ref(self) -> Ref[Any]:
        """The record that changes."""
        return self.after.ref

    @property
    def fields(self) -> tuple[str, ...]:
        """The paths of the fields that differ, as ``differences`` gives them."""
        return tuple(path for path, _, _ in differences(self.before, self.after))

    def inverse(self) -> Update:
        """The change that takes this one back."""
        return Update(self.after, self.before)

    def __str__(self) -> str:
        changed = [
            f"{path}: {shown(old, limit=40)} -> {shown(new, limit=40)}"
            for path, old, new in differences(self.before, self.after)
        ]
        return f"~ {self.ref} " + ("; ".join(changed) or "(no difference)")


@frozen
class Delete:
    """A record that is removed; it must still have the version of ``before``."""

    before: Record

    @property
    def ref(self) -> Ref[Any]:
        """The record that changes."""
        return self.before.ref

    def inverse(self) -> Insert:
        """The change that takes this one back."""
        return Insert(self.before)

    def __str__(self) -> str:
        return f"- {self.ref} {_values(self.before)}"


Change: TypeAlias = Insert | Update | Delete
"""What happens to one record."""


@frozen
class CheckVersion:
    """The record still has this version (0: it is not stored)."""

    ref: Ref[Any]
    version: int

    def __str__(self) -> str:
        return f"{self.ref} has version {self.version}"


@frozen
class CheckExists:
    """The record is stored, whatever its version."""

    ref: Ref[Any]

    def __str__(self) -> str:
        return f"{self.ref} exists"


@frozen
class CheckNone:
    """No record that the change set leaves alone matches this query.

    Records that the change set itself writes do not count: what they are allowed to be was decided
    together with them. Order, cursor and limit of the query are of no effect.
    """

    query: Query[Any]

    def __str__(self) -> str:
        return f"no {self.query}"


Check: TypeAlias = CheckVersion | CheckExists | CheckNone
"""What a decision relied on."""


@frozen
class ConflictError(CrmError):
    """Somebody was faster: what the change set relied on no longer holds; nothing was stored.

    ``ref`` is the record in question (``None``: a query found one that must not be there).
    """

    ref: Ref[Any] | None
    expected: str
    found: str

    def __str__(self) -> str:
        where = f"{self.ref}: " if self.ref else ""
        return f"{where}expected {self.expected}, found {self.found}; read again and decide anew"


def _changes(given: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(given)


def _checks(given: Iterable[Check]) -> tuple[Check, ...]:
    return tuple(given)


def _is_each_once(changes: Iterable[Change]) -> bool:
    """Whether the ids of each kind are all different, told without a reference for each."""
    by_class: dict[type, set[str]] = {}
    by_kind: dict[str, set[str]] = {}
    count = 0
    try:
        for change in changes:
            record = change.before if isinstance(change, Delete) else change.after
            ids = by_class.get(record.__class__)
            if ids is None:
                ids = by_kind.setdefault(kind_of(type(record)), set())
                by_class[record.__class__] = ids
            ids.add(record.id)
            count += 1
    except TypeError:  # an id that cannot be hashed
        return False
    return sum(map(len, by_kind.values())) == count


@frozen
class ChangeSet:
    """Changes that are stored together, at most one for each record, and what they rely on.

    ``reason`` and ``by`` (a user id) say why and who, ``at`` the moment (``None``: not known yet).
    ``undo_checks`` is what taking the set back would rely on.
    """

    changes: tuple[Change, ...] = field(default=(), converter=_changes)
    checks: tuple[Check, ...] = field(default=(), converter=_checks)
    reason: str | None = None
    by: str | None = None
    at: datetime | None = None
    undo_checks: tuple[Check, ...] = field(default=(), converter=_checks)

    def __attrs_post_init__(self) -> None:
        if _is_each_once(self.changes):
            return
        seen: set[Ref[Any]] = set()
        for change in self.changes:
            ref = change.ref
            if not isinstance(ref.id, Hashable):
                raise UsageError("the id of a record is text", ref.id)
            if ref in seen:
                raise UsageError("a change set changes each record once", ref)
            seen.add(ref)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def refs(self) -> frozenset[Ref[Any]]:
        """The records that change."""
        return frozenset(change.ref for change in self.changes)

    @property
    def written(self) -> tuple[Record, ...]:
        """The records as they will be, deleted ones left out."""
        return tuple(one.after for one in self.changes if not isinstance(one, Delete))

    def after(self, ref: Ref[Any]) -> Record | None:
        """The record as this set leaves it, or ``None`` where it is deleted or left alone."""
        return next((one for one in self.written if one.ref == ref), None)

    def inverse(self) -> ChangeSet:
        """The set that takes this one back, its changes in reverse order.

        Versions are those of the decision; use ``as_stored`` first where the set was committed.
        """
        return attrs.evolve(
            self,
            changes=tuple(change.inverse() for change in reversed(self.changes)),
            checks=self.undo_checks,
            undo_checks=self.checks,
        )

    def stamped(self, at: datetime, by: str | None) -> ChangeSet:
        """The set with its moment and user filled in where it does not say so itself.

        Written records get the moment as ``updated_at``, inserted ones as ``created_at`` too where
        they have none.
        """
        moment = at if self.at is None else self.at
        dated: list[Change] = []
        for change in self.changes:
            match change:
                case Insert(after):
                    created = after.created_at or moment
                    changed = _with_system(after, created_at=created, updated_at=moment)
                    dated.append(Insert(changed))
                case Update(before, after):
                    dated.append(Update(before, _with_system(after, updated_at=moment)))
                case Delete():
                    dated.append(change)
        by = by if self.by is None else self.by
        return attrs.evolve(self, changes=dated, at=moment, by=by)

    def as_stored(self, seq: int) -> ChangeSet:
        """The set in which every record written has the version that commit ``seq`` gave it."""
        stored: list[Change] = []
        for change in self.changes:
            match change:
                case Insert(after):
                    stored.append(Insert(_with_system(after, version=seq)))
                case Update(before, after):
                    stored.append(Update(before, _with_system(after, version=seq)))
                case Delete():
                    stored.append(change)
        return attrs.evolve(self, changes=stored)

    def then(self, later: ChangeSet) -> ChangeSet:
        """One set that does this one and then ``later``, which was decided on its outcome.

        Raises ``ConflictError`` where ``later`` relies on something that this set makes untrue.
        """
        return composed(self, later)

    def __str__(self) -> str:
        head = "changes" if self.reason is None else self.reason
        return "\n".join([f"{head} ({len(self.changes)}):", *(f"  {one}" for one in self.changes)])


def _with_system(record: R, **values: Any) -> R:
    """The record with other system fields: what ``attrs.evolve`` gives, at a third of its price.

    The values of a record have been through the constructor of its class already.
    """
    fields = slots(type(record))
    if fields is None or any(one.converter and one.name in values for one in fields):
        return attrs.evolve(record, **values)
    copy: R = object.__new__(type(record))
    for one in fields:
        name = one.name
        one.put(copy, values[name] if name in values else getattr(record, name))
    return copy


def _values(record: Record) -> str:
    shown_fields = (
        f"{one.name}={shown(one.value(record), limit=40)}"
        for one in describe(type(record)).fields
        if not one.is_system and one.value(record) not in (None, (), frozenset(), {})
    )
    return ", ".join(shown_fields)


def differences(before: Record, after: Record) -> tuple[tuple[str, Any, Any], ...]:
    """Path, old and new value of each field in which two records of one entity differ.

    Version and ``updated_at`` do not count. Custom values are compared one by one. ``1`` and
    ``True`` differ, as do values of different types.
    """
    found: list[tuple[str, Any, Any]] = []
    for one in describe(type(after)).fields:
        if one.name in ("version", "updated_at"):
            continue
        old, new = getattr(before, one.name), getattr(after, one.name)
        if one.name == "custom" and isinstance(old, Mapping) and isinstance(new, Mapping):
            keys = sorted(old.keys() | new.keys(), key=str)
            pairs = ((f"custom.{key}", old.get(key), new.get(key)) for key in keys)
            found += (pair for pair in pairs if not _same(pair[1], pair[2]))
        elif not _same(old, new):
            found.append((one.name, old, new))
    return tuple(found)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def same_content(left: Record, right: Record) -> bool:
    """Whether two records say the same, versions and ``updated_at`` apart."""
    return left.ref == right.ref and not differences(left, right)


def change(before: Record | None, after: Record | None) -> Change | None:
    """The change from one state of a record to another; ``None`` where it was and is absent."""
    if after is None:
        return None if before is None else Delete(before)
    return Insert(after) if before is None else Update(before, after)


def _ends(one: Change) -> tuple[Record | None, Record | None]:
    match one:
        case Insert(after):
            return None, after
        case Update(before, after):
            return before, after
        case Delete(before):
            return before, None


def composed(first: ChangeSet, later: ChangeSet) -> ChangeSet:
    """What ``first.then(later)`` gives."""
    merged = {one.ref: one for one in first.changes}
    for one in later.changes:
        joint = _joint(merged[one.ref], one) if one.ref in merged else one
        if joint is None:
            del merged[one.ref]
        else:
            merged[one.ref] = joint
    changes = tuple(merged.values())
    undone = [one.inverse() for one in changes]
    return attrs.evolve(
        first,
        changes=changes,
        checks=_joint_checks(first, later, changes),
        undo_checks=_joint_checks(later.inverse(), first.inverse(), undone),
        reason=first.reason if first.reason is not None else later.reason,
        by=first.by if first.by is not None else later.by,
        at=later.at if later.at is not None else first.at,
    )


def _joint(earlier: Change, one: Change) -> Change | None:
    """What two changes of a record do together; ``None`` where it is made and then deleted."""
    start, middle = _ends(earlier)
    expected, end = _ends(one)
    if (middle is None) is not (expected is None) or (
        middle is not None and expected is not None and not same_content(middle, expected)
    ):
        raise ConflictError(one.ref, _state(expected), _state(middle))
    if end is not None and start is not None:
        end = attrs.evolve(end, version=start.version)
    return change(start, end)


def _state(record: Record | None) -> str:
    return "no record" if record is None else f"version {record.version}"


def _joint_checks(first: ChangeSet, later: ChangeSet, changes: Iterable[Change]) -> Iterator[Check]:
    """What two sets that together make ``changes`` rely on before the first of them is stored."""
    _refuse_hidden(first, later)
    ends = {one.ref: _ends(one) for one in changes}
    gone = (ref for ref in sorted(first.refs & later.refs) if ref not in ends)
    implied = {(ref, start.version if start else 0) for ref, (start, _) in ends.items()}
    needed = (
        *first.checks,
        *_remaining(first, later.checks, later.refs),
        *(CheckVersion(ref, 0) for ref in gone),
    )
    for one in needed:
        if not (isinstance(one, CheckVersion) and (one.ref, one.version) in implied):
            yield one


def _refuse_hidden(first: ChangeSet, later: ChangeSet) -> None:
    """Test what ``first`` forbids on records that only ``later`` writes: as one they are exempt."""
    own = first.refs  # made anew at every look
    starts = [_ends(one)[0] for one in later.changes if one.ref not in own]
    for check in first.checks:
        if isinstance(check, CheckNone):
            _refuse_offender(check, starts)


def _remaining(
    first: ChangeSet, checks: Iterable[Check], own: frozenset[Ref[Any]]
) -> Iterator[Check]:
    """The checks of a set that writes ``own`` which still need the store once ``first`` is done.

    Those that ``first`` settles are left out; one that it makes untrue raises ``ConflictError``.
    """
    ends = {one.ref: _ends(one)[1] for one in first.changes}
    for one in checks:
        if isinstance(one, CheckNone):
            _refuse_offender(one, [end for ref, end in ends.items() if ref not in own])
            yield one
        elif one.ref not in ends:
            yield one
        else:
            _settle(one, ends[one.ref])


def _settle(one: CheckVersion | CheckExists, end: Record | None) -> None:
    if isinstance(one, CheckExists):
        if end is None:
            raise ConflictError(one.ref, "that it exists", "no record")
    elif one.version != (0 if end is None else end.version):
        raise ConflictError(one.ref, f"version {one.version}", _state(end))


def _refuse_offender(one: CheckNone, records: Iterable[Record | None]) -> None:
    for record in records:
        if record is None or record.ref.kind != one.query.kind:
            continue
        if matches(one.query.where, record):
            raise ConflictError(record.ref, str(one), "a record that matches")


def compose(sets: Iterable[ChangeSet]) -> ChangeSet:
    """One set that does all of these, one after the other; none gives the empty set."""
    result = ChangeSet()
    for one in sets:
        result = composed(result, one)
    return result
