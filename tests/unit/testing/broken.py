"""Repositories, each wrong in one way, and how a law is tried on one."""

import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import attrs
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, CheckNone, ConflictError, Delete, Update
from crmcore.query import Query, matches, sort_key, value_at
from crmcore.testing import Ability, RepositorySuite
from tests.unit.testing.simple import SimpleRepository


class Suite(RepositorySuite):
    abilities = frozenset({Ability.JOURNAL})


class Wrapped:
    """A snapshot that answers as another does; what is wrong with it is overridden."""

    def __init__(self, below: Any) -> None:
        self.below = below

    @property
    def seq(self) -> Any:
        return self.below.seq

    def get(self, entity: Any, ids: Sequence[str]) -> Any:
        return self.below.get(entity, ids)

    def find(self, query: Any) -> Any:
        return self.below.find(query)


def reading(wrong: type[Wrapped]) -> type[SimpleRepository]:
    """A repository whose snapshots are wrong."""

    class Reading(SimpleRepository):
        @contextmanager
        def snapshot(self) -> Iterator[Any]:
            with super().snapshot() as moment:
                yield wrong(moment)

    return Reading


def writing(spoil: Callable[[Any], Any]) -> type[SimpleRepository]:
    """A repository that stores texts other than they were given."""

    class Writing(SimpleRepository):
        def commit(self, changes: ChangeSet) -> int:
            spoilt = [
                one
                if isinstance(one, Delete)
                else attrs.evolve(one, after=attrs.evolve(one.after, **spoil(one.after)))
                for one in changes
            ]
            return super().commit(attrs.evolve(changes, changes=spoilt))

    return Writing


def names(change: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda one: (
        {"name": change(one.name)} if isinstance(getattr(one, "name", None), str) else {}
    )


CutAt64Kib = writing(names(lambda text: text.encode()[: 1 << 16].decode(errors="ignore")))
Trimmed = writing(names(str.strip))
Normalised = writing(names(lambda text: unicodedata.normalize("NFC", text)))
Smaller = writing(
    lambda one: (
        {"employees": min(getattr(one, "employees", None) or 0, 2**63 - 1)}
        if getattr(one, "employees", None)
        else {}
    )
)
Unlabelled = writing(lambda one: {"labels": frozenset(sorted(one.labels)[:1])})


class IgnoredVersion(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        now = [
            one
            if not isinstance(one, Update | Delete)
            or (stored := self._moment.stored(one.ref)) is None
            else attrs.evolve(one, before=stored)
            for one in changes
        ]
        return super().commit(attrs.evolve(changes, changes=now))


class IgnoredChecks(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        return super().commit(attrs.evolve(changes, checks=()))


class IgnoredPhantoms(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        kept = [one for one in changes.checks if not isinstance(one, CheckNone)]
        return super().commit(attrs.evolve(changes, checks=kept))


class LimitedPhantoms(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        with self.snapshot() as now:
            for one in changes.checks:
                if isinstance(one, CheckNone) and not list(now.find(one.query)):
                    changes = attrs.evolve(
                        changes, checks=[other for other in changes.checks if other is not one]
                    )
        return super().commit(changes)


class OwnRecordsCount(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        for query in (one.query for one in changes.checks if isinstance(one, CheckNone)):
            for one in changes.written:
                if one.ref.kind == query.kind and matches(query.where, one):
                    raise ConflictError(one.ref, "none", "my own")
        return super().commit(changes)


class NoChecksOfEmptySets(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        return super().commit(changes) if changes else self._moment.seq


class Partial(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        try:
            return super().commit(changes)
        except ConflictError:
            if len(changes) > 1:
                super().commit(ChangeSet(changes.changes[:1]))
            raise


class HalfAtATime(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        before, number = self._moment, super().commit(changes)
        if len(changes) == 2 and all(isinstance(one, Update) for one in changes):
            whole, ref = self._moment, changes.changes[0].ref
            mixed = {**whole.records[ref.kind], ref.id: before.records[ref.kind][ref.id]}
            self._moment = attrs.evolve(whole, records={**whole.records, ref.kind: mixed})
            sum(range(20_000))
            self._moment = whole
        return number


class Unlocked(SimpleRepository):
    def __init__(self) -> None:
        super().__init__()
        self._lock = nullcontext()  # type: ignore[assignment]  # what is wrong here

    def commit(self, changes: ChangeSet) -> int:
        before, number = self._moment, super().commit(changes)
        after, self._moment = self._moment, before
        time.sleep(0.001)  # others have their turn, and commit what is then lost
        self._moment = after
        return number


class VersionsStartAgain(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        if changes and all(isinstance(one, Delete) for one in changes):
            number = super().commit(changes)
            self._moment = attrs.evolve(self._moment, seq=number - 2)
            return number
        return super().commit(changes)


class NumbersStandStill(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        super().commit(changes)
        return 1


class Forgetful(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        indexes = self._moment.indexes
        number = super().commit(changes)
        if any(isinstance(one, Update) for one in changes):
            self._moment = attrs.evolve(self._moment, indexes=indexes)
        return number


class StaleRead(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        self._last = self._moment
        return super().commit(changes)

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        yield getattr(self, "_last", self._moment)


class LiveSnapshot(SimpleRepository):
    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        self._require_open()
        yield _Live(self)


class _Live(Wrapped):
    def get(self, entity: Any, ids: Sequence[str]) -> Any:
        return self.below._moment.get(entity, ids)

    def find(self, query: Any) -> Any:
        return self.below._moment.find(query)

    @property
    def seq(self) -> Any:
        return self.below._moment.seq


class OpenAfterClose(SimpleRepository):
    def close(self) -> None:
        pass


class SilentJournal(SimpleRepository):
    def commits(self, after: int = 0) -> Iterator[Any]:
        return (attrs.evolve(one, reason=None) for one in super().commits(after))


class BackwardJournal(SimpleRepository):
    def commits(self, after: int = 0) -> Iterator[Any]:
        return iter(list(super().commits(after))[::-1])


class Backwards(Wrapped):
    def find(self, query: Any) -> Any:
        return iter(list(super().find(query))[::-1])


class MissingLast(Wrapped):
    def find(self, query: Any) -> Any:
        found = list(super().find(query))
        if query.order and not query.order[0].descending and query.limit is None:
            found.sort(key=lambda one: value_at(one, query.order[0].path) is None)
        return iter(found)


class NumbersAsText(Wrapped):
    def find(self, query: Any) -> Any:
        found = list(super().find(query))
        for one in reversed(query.order if query.after is None and query.limit is None else ()):
            found.sort(key=lambda r: str(value_at(r, one.path)), reverse=one.descending)
        return iter(found)


class SkippedPage(Wrapped):
    def find(self, query: Any) -> Any:
        found = super().find(query)
        if query.after is not None:
            next(found, None)
        return found


class CursorIncluded(Wrapped):
    def find(self, query: Any) -> Any:
        found = list(super().find(query))
        if query.after is not None and found:
            before = super().find(attrs.evolve(query, after=None, limit=None))
            found = [one for one in before if query.cursor(one) == query.after] + found
        return iter(found[: query.limit])


class TiesLeftOpen(Wrapped):
    def find(self, query: Any) -> Any:
        found = list(super().find(query))[::-1]
        if query.order and query.after is None and query.limit is None:
            for one in reversed(query.order):
                found.sort(key=lambda r: sort_key(value_at(r, one.path)), reverse=one.descending)
        return iter(found if query.order else found[::-1])


class OneIsTrue(Wrapped):
    def find(self, query: Any) -> Any:
        where = query.where
        if type(where).__name__ == "Compare" and where.operator.value == "==":
            all_of_them = super().find(Query(query.kind))
            return (one for one in all_of_them if value_at(one, where.path) == where.value)
        return super().find(query)


class Caseless(Wrapped):
    def find(self, query: Any) -> Any:
        where = query.where
        if type(where).__name__ != "Compare" or not isinstance(where.value, str):
            return super().find(query)
        found = ((one, value_at(one, where.path)) for one in super().find(Query(query.kind)))
        return (one for one, text in found if str(text).lower() == where.value.lower())


class Wildcards(Wrapped):
    def find(self, query: Any) -> Any:
        if type(query.where).__name__ == "StartsWith" and query.where.text[:1] in "%_":
            return super().find(attrs.evolve(query, where=~query.where.path.is_none()))
        return super().find(query)


class ThreeValued(Wrapped):
    def find(self, query: Any) -> Any:
        if type(query.where).__name__ == "Not" and hasattr(query.where.term, "path"):
            query = attrs.evolve(query, where=query.where & ~query.where.term.path.is_none())
        return super().find(query)


class FewIds(Wrapped):
    def get(self, entity: Any, ids: Sequence[str]) -> Any:
        return super().get(entity, ids[:32_766])


class TrimmedIds(Wrapped):
    def get(self, entity: Any, ids: Sequence[str]) -> Any:
        found = super().get(entity, [one.strip() for one in ids])
        return {one: found[one.strip()] for one in ids if one.strip() in found}


class CaselessIds(Wrapped):
    def get(self, entity: Any, ids: Sequence[str]) -> Any:
        by_id = {one.id.lower(): one for one in self.below.find(Query.of(entity))}
        return {one: by_id[one.lower()] for one in ids if one.lower() in by_id}


class KindsMixed(Wrapped):
    def get(self, entity: Any, ids: Sequence[str]) -> Any:
        mixed = {key: one for stored in self.below.records.values() for key, one in stored.items()}
        return {one: mixed[one] for one in ids if one in mixed}


class OwnDictionary(Wrapped):
    def get(self, entity: Any, ids: Sequence[str]) -> Any:
        answers = self.below.records.setdefault("answers", {})
        return answers.setdefault((entity, *ids[:3]), super().get(entity, ids))


class ErrorForAbsent(Wrapped):
    def get(self, entity: Any, ids: Sequence[str]) -> Any:
        return {one: super(ErrorForAbsent, self).get(entity, [one]).get(one) for one in ids}


def run(law: Any, **arguments: Any) -> None:
    """Run a law; one on generated examples without looking for the smallest that fails."""
    if not hasattr(law, "hypothesis"):
        law(Suite(), **arguments)
        return

    @settings(
        phases=[Phase.generate], database=None, derandomize=True, deadline=None, max_examples=300
    )
    @given(data=st.data())
    def generated(data: st.DataObject) -> None:
        law.hypothesis.inner_test(Suite(), data=data, **arguments)

    generated()
