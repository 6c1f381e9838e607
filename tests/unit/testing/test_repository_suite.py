"""The kit catches: repositories, each wrong in one way, fail the law that they break."""

import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, CheckNone, ConflictError, Delete, Update
from crmcore.errors import UsageError
from crmcore.query import F, Query, matches, sort_key, value_at
from crmcore.testing import Ability, RepositorySuite


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


def reading(wrong: type[Wrapped]) -> type[MemoryRepository]:
    """A repository whose snapshots are wrong."""

    class Reading(MemoryRepository):
        @contextmanager
        def snapshot(self) -> Iterator[Any]:
            with super().snapshot() as moment:
                yield wrong(moment)

    return Reading


def writing(spoil: Callable[[Any], Any]) -> type[MemoryRepository]:
    """A repository that stores texts other than they were given."""

    class Writing(MemoryRepository):
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


class IgnoredVersion(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        now = [
            one
            if not isinstance(one, Update | Delete)
            or (stored := self._moment.stored(one.ref)) is None
            else attrs.evolve(one, before=stored)
            for one in changes
        ]
        return super().commit(attrs.evolve(changes, changes=now))


class IgnoredChecks(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        return super().commit(attrs.evolve(changes, checks=()))


class IgnoredPhantoms(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        kept = [one for one in changes.checks if not isinstance(one, CheckNone)]
        return super().commit(attrs.evolve(changes, checks=kept))


class LimitedPhantoms(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        with self.snapshot() as now:
            for one in changes.checks:
                if isinstance(one, CheckNone) and not list(now.find(one.query)):
                    changes = attrs.evolve(
                        changes, checks=[other for other in changes.checks if other is not one]
                    )
        return super().commit(changes)


class OwnRecordsCount(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        for query in (one.query for one in changes.checks if isinstance(one, CheckNone)):
            for one in changes.written:
                if one.ref.kind == query.kind and matches(query.where, one):
                    raise ConflictError(one.ref, "none", "my own")
        return super().commit(changes)


class NoChecksOfEmptySets(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        return super().commit(changes) if changes else self._moment.seq


class Partial(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        try:
            return super().commit(changes)
        except ConflictError:
            if len(changes) > 1:
                super().commit(ChangeSet(changes.changes[:1]))
            raise


class HalfAtATime(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        before, number = self._moment, super().commit(changes)
        if len(changes) == 2 and all(isinstance(one, Update) for one in changes):
            whole, ref = self._moment, changes.changes[0].ref
            mixed = {**whole.records[ref.kind], ref.id: before.records[ref.kind][ref.id]}
            self._moment = attrs.evolve(whole, records={**whole.records, ref.kind: mixed})
            sum(range(20_000))
            self._moment = whole
        return number


class Unlocked(MemoryRepository):
    def __init__(self) -> None:
        super().__init__()
        self._lock = nullcontext()  # type: ignore[assignment]  # what is wrong here

    def commit(self, changes: ChangeSet) -> int:
        before, number = self._moment, super().commit(changes)
        after, self._moment = self._moment, before
        time.sleep(0.001)  # others have their turn, and commit what is then lost
        self._moment = after
        return number


class VersionsStartAgain(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        if changes and all(isinstance(one, Delete) for one in changes):
            number = super().commit(changes)
            self._moment = attrs.evolve(self._moment, seq=number - 2)
            return number
        return super().commit(changes)


class NumbersStandStill(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        super().commit(changes)
        return 1


class Forgetful(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        indexes = self._moment.indexes
        number = super().commit(changes)
        if any(isinstance(one, Update) for one in changes):
            self._moment = attrs.evolve(self._moment, indexes=indexes)
        return number


class StaleRead(MemoryRepository):
    def commit(self, changes: ChangeSet) -> int:
        self._last = self._moment
        return super().commit(changes)

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        yield getattr(self, "_last", self._moment)


class LiveSnapshot(MemoryRepository):
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


class OpenAfterClose(MemoryRepository):
    def close(self) -> None:
        pass


class SilentJournal(MemoryRepository):
    def commits(self, after: int = 0) -> Iterator[Any]:
        return (attrs.evolve(one, reason=None) for one in super().commits(after))


class BackwardJournal(MemoryRepository):
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


OLDER = "test_a_change_of_an_older_version_is_refused"
VERSIONS = "test_a_version_that_was_relied_on_is_checked"
PHANTOM = "test_a_record_that_must_not_be_there_is_noticed"
TEXT = "test_a_text_is_read_back_as_it_was_stored"
ALIKE = "test_ids_that_look_alike_are_different"
TRICKY = "test_tricky_filters_mean_what_they_mean_in_memory"
ORDER = "test_the_order_is_total"
PAGES = "test_a_page_continues_behind_its_cursor_while_others_commit"

CAUGHT: list[tuple[type[MemoryRepository], str, str, dict[str, Any]]] = [
    (IgnoredVersion, "S4", OLDER, {}),
    (IgnoredChecks, "S4", VERSIONS, {}),
    (IgnoredChecks, "S4", "test_a_record_that_was_relied_on_must_exist", {}),
    (IgnoredPhantoms, "S4", PHANTOM, {}),
    (IgnoredPhantoms, "S4", "test_of_many_threads_with_one_check_exactly_one_wins", {}),
    (IgnoredPhantoms, "S4", "test_a_child_is_not_added_while_its_parent_is_deleted", {}),
    (LimitedPhantoms, "S4", "test_a_check_sees_no_order_cursor_or_limit", {}),
    (NoChecksOfEmptySets, "S4", "test_an_empty_set_stores_nothing", {}),
    (VersionsStartAgain, "S4", "test_a_record_made_again_under_its_id_is_another", {}),
    (NumbersStandStill, "S4", "test_the_sequence_number_rises_and_is_the_version", {}),
    (Unlocked, "S4", "test_of_many_threads_with_one_version_exactly_one_wins", {}),
    (Unlocked, "S9", "test_no_increment_of_many_threads_is_lost", {}),
    (Partial, "S2", "test_a_refused_set_stores_nothing_of_it", {"place": 1}),
    (HalfAtATime, "S2", "test_a_commit_is_seen_whole_while_it_happens", {}),
    (CutAt64Kib, "S1", TEXT, {}),
    (Trimmed, "S1", TEXT, {}),
    (Normalised, "S1", TEXT, {}),
    (Smaller, "S1", "test_a_number_is_read_back_as_it_was_stored", {}),
    (Unlabelled, "S1", "test_what_was_committed_is_read_back_equal", {}),
    (StaleRead, "S1", TEXT, {}),
    (reading(FewIds), "S1", "test_one_get_takes_any_number_of_ids", {}),
    (reading(TrimmedIds), "S1", ALIKE, {}),
    (reading(CaselessIds), "S1", ALIKE, {}),
    (reading(KindsMixed), "S1", ALIKE, {}),
    (reading(ErrorForAbsent), "S1", "test_one_get_takes_any_number_of_ids", {}),
    (LiveSnapshot, "S6", "test_a_snapshot_stays_in_its_moment", {}),
    (reading(OwnDictionary), "S6", "test_an_answer_is_the_callers_own", {}),
    (Forgetful, "S7", "test_a_query_sees_every_change", {}),
    (reading(OneIsTrue), "S7", TRICKY, {}),
    (reading(Caseless), "S7", TRICKY, {}),
    (reading(Wildcards), "S7", TRICKY, {}),
    (reading(ThreeValued), "S7", TRICKY, {}),
    (reading(ThreeValued), "S7", "test_parts_of_values_can_be_asked_for", {}),
    (reading(NumbersAsText), "S7", "test_decimals_sort_and_compare_as_numbers", {}),
    (reading(NumbersAsText), "S5", ORDER, {"order": (F.employees,)}),
    (reading(MissingLast), "S5", ORDER, {"order": (F.employees,)}),
    (reading(TiesLeftOpen), "S5", ORDER, {"order": (F.is_person, F.parent_id.desc())}),
    (reading(Backwards), "S5", ORDER, {"order": ()}),
    (reading(SkippedPage), "S5", PAGES, {}),
    (reading(CursorIncluded), "S5", PAGES, {}),
    (SilentJournal, "S8", "test_replaying_the_journal_gives_each_moment", {}),
    (BackwardJournal, "S8", "test_replaying_the_journal_gives_each_moment", {}),
]


@pytest.mark.parametrize(
    ("broken", "law", "test", "arguments"),
    CAUGHT,
    ids=[f"{law}-{index}" for index, (_, law, _, _) in enumerate(CAUGHT)],
)
def test_a_broken_repository_fails_its_law(
    broken: type[MemoryRepository], law: str, test: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError, match=rf"law {law} is broken"):
        run(getattr(Suite, test), repository=broken, **arguments)


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


def test_own_records_that_count_are_a_conflict_where_there_is_none() -> None:
    with pytest.raises(ConflictError, match="my own"):
        getattr(Suite(), PHANTOM)(repository=OwnRecordsCount)


def test_a_store_that_is_open_after_closing_is_noticed() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        Suite().test_a_closed_store_refuses_every_call(OpenAfterClose)


def test_the_fixture_must_be_given() -> None:
    wanted = RepositorySuite.repository.__wrapped__  # type: ignore[attr-defined]  # a fixture has it
    with pytest.raises(UsageError, match="override the fixture `repository`"):
        wanted(Suite())
