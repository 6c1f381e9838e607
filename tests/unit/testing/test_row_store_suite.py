"""The kit catches: row stores, each wrong in one way, fail the law that they break."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from crmcore.adapters import MemoryRowStore
from crmcore.errors import UsageError
from crmcore.ports import Row, RowChange, RowCommit
from crmcore.query import Query
from crmcore.testing import RowStoreSuite


class Suite(RowStoreSuite):
    pass


class Aliasing(MemoryRowStore):
    """Keeps and hands out the very data it was given."""

    kept: dict[tuple[str, str], Row]

    def commit(self, changes: RowCommit) -> int:
        seq = super().commit(changes)
        self.kept = getattr(self, "kept", {}) | {
            (one.kind, one.id): Row(one.kind, one.id, seq, one.data)
            for one in changes.changes
            if one.data is not None
        }
        return seq

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        yield _Aliased(self)


class _Aliased:
    def __init__(self, store: Aliasing) -> None:
        self.seq, self.kept = store._table.seq, store.kept

    def get(self, kind: str, ids: Sequence[str]) -> dict[str, Row]:
        return {one: self.kept[kind, one] for one in ids if (kind, one) in self.kept}

    def find(self, query: Query[Any]) -> Iterator[Row]:
        return iter([row for row in self.kept.values() if row.kind == query.kind])


class Storing(MemoryRowStore):
    """Changes what it is given before it stores it."""

    def commit(self, changes: RowCommit) -> int:
        return super().commit(attrs.evolve(changes, changes=map(self.changed, changes.changes)))

    def changed(self, one: RowChange) -> RowChange:
        raise NotImplementedError


class WithoutNones(Storing):
    def changed(self, one: RowChange) -> RowChange:
        data = one.data and {key: value for key, value in one.data.items() if value is not None}
        return attrs.evolve(one, data=data)


class FloatsForLarge(Storing):
    def changed(self, one: RowChange) -> RowChange:
        text = json.dumps(one.data).replace(str(-(2**70)), str(-(2**70) + 1))
        return attrs.evolve(one, data=json.loads(text))


class TruthAsNumber(Storing):
    def changed(self, one: RowChange) -> RowChange:
        text = json.dumps(one.data).replace("true", "1").replace("false", "0")
        return attrs.evolve(one, data=json.loads(text))


class NothingExpected(MemoryRowStore):
    def commit(self, changes: RowCommit) -> int:
        return super().commit(attrs.evolve(changes, expects=()))


class AnyNumber(MemoryRowStore):
    def commit(self, changes: RowCommit) -> int:
        return super().commit(attrs.evolve(changes, expect_seq=None))


class NothingForbidden(MemoryRowStore):
    def commit(self, changes: RowCommit) -> int:
        return super().commit(attrs.evolve(changes, none=()))


class IgnoredVersions(MemoryRowStore):
    def commit(self, changes: RowCommit) -> int:
        with self.snapshot() as now:
            found = [now.get(one.kind, [one.id]).get(one.id) for one in changes.changes]
        rows = [
            attrs.evolve(one, expect=row.version if row and one.expect else one.expect)
            for one, row in zip(changes.changes, found, strict=True)
        ]
        return super().commit(attrs.evolve(changes, changes=rows))


JSON = "test_the_data_of_a_row_is_copied"
MUST_NOT = "test_a_row_that_must_not_be_there_is_noticed"


@pytest.mark.parametrize(
    ("broken", "law", "test"),
    [
        (Aliasing, "S6", JSON),
        (NothingForbidden, "S4", MUST_NOT),
        (AnyNumber, "S4", "test_the_expected_number_is_checked"),
    ],
)
def test_a_broken_row_store_fails_its_law(
    broken: type[MemoryRowStore], law: str, test: str
) -> None:
    with pytest.raises(AssertionError, match=rf"law {law} is broken"):
        getattr(Suite(), test)(broken)


@pytest.mark.parametrize("broken", [WithoutNones, FloatsForLarge, TruthAsNumber])
def test_json_that_does_not_come_back_is_noticed(broken: type[MemoryRowStore]) -> None:
    law: Any = RowStoreSuite.test_any_json_is_read_back_as_it_was_stored
    with pytest.raises(AssertionError, match="law S1 is broken"):
        law.hypothesis.inner_test(Suite(), store=broken, data={})


def test_an_ignored_expectation_is_noticed() -> None:
    law: Any = RowStoreSuite.test_what_is_expected_is_checked
    marks = law.pytestmark[0].args[1]
    for expect, why in marks:
        law(Suite(), MemoryRowStore, expect, why)
        with pytest.raises(AssertionError, match="law S4 is broken"):
            law(Suite(), NothingExpected, expect, why)


def test_a_row_store_must_keep_the_laws_of_repositories_too() -> None:
    suite = Suite()
    make: Any = RowStoreSuite.repository.__wrapped__  # type: ignore[attr-defined]  # a fixture has it
    with pytest.raises(AssertionError, match="law S4 is broken"):
        suite.test_a_change_of_an_older_version_is_refused(make(suite, IgnoredVersions))
    suite.test_a_change_of_an_older_version_is_refused(make(suite, MemoryRowStore))


def test_the_fixture_must_be_given() -> None:
    wanted: Any = RowStoreSuite.store.__wrapped__  # type: ignore[attr-defined]  # a fixture has it
    with pytest.raises(UsageError, match="override the fixture `store`"):
        wanted(Suite())
