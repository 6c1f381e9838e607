"""Row store suite: the laws of ``crmcore.ports.RowStore``, to subclass with one fixture."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, ConflictError
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL
from crmcore.ports import Repository, Row, RowChange, RowCommit, RowStore
from crmcore.ports.rows import RowExpect
from crmcore.query import F, Query, run
from crmcore.testing import strategies
from crmcore.testing.back_door import BackDoor
from crmcore.testing.laws.all_laws import AllLaws
from crmcore.testing.rows_as_records import RowsAsRecords, is_plain, is_scalar, plain_entities
from crmcore.testing.suite import random_law
from crmcore.testing.told import untold
from crmcore.testing.verdict import hold, same

if TYPE_CHECKING:
    from crmcore.entities import Record

Make = Callable[[], RowStore]

MANY: Any = {
    "none": None,
    "true": True,
    "one": 1,
    "text": "1",
    "large": -(2**70),
    "list": [1, True, "1", None, [], {}, [[0, False]]],
    "map": {"": "", "a": {"A": "a ", "é": "e\u0301"}},
    "long": "日本語" * 25_000,
}
"""Everything that JSON can hold but floats."""


def json_values() -> st.SearchStrategy[Any]:
    """Anything that a row may hold."""
    scalars = st.none() | st.booleans() | strategies.wholes() | strategies.texts()
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(strategies.texts(max_size=20), inner, max_size=3)
        ),
        max_leaves=6,
    )


class RowStoreSuite(AllLaws):
    """A row store passes this suite, or it is not one.

    ::

        class TestMemoryRowStore(RowStoreSuite):
            @pytest.fixture
            def store(self):
                return MemoryRowStore

    The fixture ``store`` gives a function that makes a new, empty store each time it is called.
    With ``Ability.PERSISTENT`` the fixture ``reopen`` gives a function that closes a store and
    opens what it has kept; ``SHARED``, ``DURABLE`` and ``CHECKSUMS`` need the fixture
    ``back_door``, a ``crmcore.testing.BackDoor``. What a row store keeps of a commit's reason,
    author and moment is its own affair, so ``Ability.JOURNAL`` is for repositories.
    """

    @pytest.fixture
    def store(self) -> Make:
        """A function that gives a new, empty store."""
        raise UsageError("override the fixture `store`", type(self).__name__)

    @pytest.fixture
    def repository(self, store: Make) -> Callable[[], Repository]:
        """The store, seen as a repository of records with plain fields."""
        return lambda: RowsAsRecords(store(), self.model)

    @pytest.fixture
    def reopened(self, request: pytest.FixtureRequest) -> Callable[[Repository], Repository]:
        """The fixture ``reopen``, likewise."""
        reopen: Callable[[RowStore], RowStore] = request.getfixturevalue("reopen")

        return lambda repository: RowsAsRecords(reopen(_rows(repository)), self.model)

    @pytest.fixture
    def behind(self, request: pytest.FixtureRequest) -> BackDoor[Repository]:
        """The fixture ``back_door``, likewise."""
        return _RowDoor(request.getfixturevalue("back_door"))

    @property
    def classes(self) -> tuple[type[Record], ...]:
        """The entities that need plain fields only."""
        return plain_entities(self.model)

    def changes(self, stored: Iterable[Record]) -> st.SearchStrategy[ChangeSet]:
        """Change sets of records with plain fields."""
        return strategies.change_sets(
            tuple(stored), entities=self.classes, model=self.model, among=is_plain
        )

    def queries(
        self, entity: type[Record], stored: Sequence[Record]
    ) -> st.SearchStrategy[Query[Any]]:
        """Queries for values that JSON has."""
        among = [one.path for one in self.model.schema(entity) if is_scalar(one)]
        others = st.sampled_from((True, 1, "1")) | strategies.wholes() | strategies.texts()
        return strategies.queries(entity, self.model, records=stored, among=among, others=others)

    @random_law
    @given(data=st.dictionaries(strategies.texts(max_size=20), json_values(), max_size=3))
    def test_any_json_is_read_back_as_it_was_stored(self, store: Make, data: Any) -> None:
        """S1 Lists, mappings, large numbers, empty texts, at any depth."""
        with closing(store()) as rows:
            for key, value in (("a", data), ("A", MANY)):
                wanted = {**value, "id": key}
                seq = rows.commit(RowCommit([RowChange("account", key, 0, wanted)]))
                found = _only(rows, "account", key)
                same("S1", (found.kind, found.id, found.version), ("account", key, seq), "a row")
                same("S1", _plain(found.data), wanted, "the data of a row")

    def test_rows_of_any_kind_are_kept_apart(self, store: Make) -> None:
        """S1 Kinds that no model knows too, whatever their names are like."""
        names = ("account", "Account", "thing", "a.b", "it's", "", "table", "é", "a:b", "a")
        ids = ("x", "b:x", ".b", "")
        with closing(store()) as rows:
            new = [
                RowChange(kind, key, 0, {"id": key, "own": f"{kind} {key}"})
                for kind in names
                for key in ids
            ]
            seq = rows.commit(RowCommit(new))
            gone = [RowChange("a:b", "x", seq, None), RowChange("thing", "", seq, None)]
            rows.commit(RowCommit(gone))
            left = {(one.kind, one.id) for one in gone}
            with rows.snapshot() as now:
                for kind in names:
                    wanted = {
                        key: f"{kind} {key}" for key in sorted(ids) if (kind, key) not in left
                    }
                    by_id = {key: row.data["own"] for key, row in now.get(kind, ids).items()}
                    same("S1", by_id, wanted, f"rows of the kind {kind!r} by id")
                    found = [(row.kind, row.data["own"]) for row in now.find(Query(kind))]
                    told = [(kind, own) for own in wanted.values()]
                    same("S1", found, told, f"rows of the kind {kind!r}")
                same("S1", list(now.find(Query("never"))), [], "rows of a kind never stored")

    def test_keys_of_any_name_can_be_asked_for(self, store: Make) -> None:
        """S7 Keys with quotes, dots and brackets are keys, at any depth; a list has none."""
        odd = ("a.b", 'say "x"', "it's", "$", "[0]", "#", "back\\slash", "", "é", "') OR 1=1 --")
        values: tuple[Any, ...] = (None, True, 1, "1", {"a": {"b": 1}, "": "x"}, [1, {"a": 1}])
        data = [{"id": f"{key} {n}", key: one} for key in odd for n, one in enumerate(values)]
        paths = (
            [F[key] for key in odd] + [F[key]["a"]["b"] for key in odd] + [F["a"]["b"], F[""][""]]
        )
        with closing(store()) as rows:
            rows.commit(RowCommit([RowChange("account", one["id"], 0, one) for one in data]))
            with rows.snapshot() as now:
                for path in paths:
                    for where in (
                        path == 1,
                        path == "1",
                        path == True,  # noqa: E712  # a filter
                        path.is_none(),
                        path >= "1",
                    ):  # a filter
                        query: Query[Any] = Query("account", where, order=(path.desc(),))
                        wanted = [one["id"] for one in run(query, data)]
                        found = [one.id for one in now.find(query)]
                        same("S7", found, wanted, f"ids of the answer to: {query}")

    def test_the_data_of_a_row_is_copied(self, store: Make) -> None:
        """S6 Whoever passed it in, or got it, may change it; what is stored stays."""
        with closing(store()) as rows:
            given_data: Any = {"id": "a", "list": [1, {"deep": "x"}], "map": {"k": [0]}}
            wanted = {"id": "a", "list": [1, {"deep": "x"}], "map": {"k": [0]}}
            rows.commit(RowCommit([RowChange("account", "a", 0, given_data)]))
            _spoil(given_data)
            same("S6", _plain(_only(rows, "account", "a").data), wanted, "data, passed and changed")
            with rows.snapshot() as now:
                _spoil(now.get("account", ["a"])["a"].data)
                _spoil(next(iter(now.find(Query("account")))).data)
                again = now.get("account", ["a"])["a"].data
                same("S6", _plain(again), wanted, "data, read and changed, in the same snapshot")
            same("S6", _plain(_only(rows, "account", "a").data), wanted, "data, read and changed")

    @pytest.mark.parametrize(
        ("expect", "why"),
        [
            (RowExpect("account", "a", 0), "the row is stored"),
            (RowExpect("account", "a", 99), "it has another version"),
            (RowExpect("account", "A", None), "there is no such row"),
            (RowExpect("case", "a", None), "there is none of this kind"),
            (RowExpect("account", "A", 1), "there is no such row"),
        ],
        ids=str,
    )
    def test_what_is_expected_is_checked(self, store: Make, expect: RowExpect, why: str) -> None:
        """S4 RowExpect: a version, 0 for absent, None for any."""
        with closing(store()) as rows:
            seq = rows.commit(RowCommit([RowChange("account", "a", 0, {"id": "a"})]))
            new = RowChange("account", "new", 0, {"id": "new"})
            _refused(rows, RowCommit([new], [expect]), why)
            right = [
                RowExpect("account", "a", seq),
                RowExpect("account", "a", None),
                RowExpect("account", "A", 0),
                RowExpect("case", "a", 0),
            ]
            rows.commit(RowCommit([new], right))

    def test_the_expected_number_is_checked(self, store: Make) -> None:
        """S4 ``expect_seq``: that nobody committed since, whatever it was."""
        with closing(store()) as rows:
            one = RowChange("account", "a", 0, {"id": "a"})
            seq = rows.commit(RowCommit([one], expect_seq=0))
            other = RowChange("case", "b", 0, {"id": "b"})
            _refused(rows, RowCommit([other], expect_seq=0), "somebody has committed since")
            _refused(rows, RowCommit([], expect_seq=seq + 1), "there was no such commit")
            rows.commit(RowCommit([other], expect_seq=seq))

    def test_a_row_that_must_not_be_there_is_noticed(self, store: Make) -> None:
        """S4 Queries on the data of rows that the commit leaves alone; True is not 1."""
        with closing(store()) as rows:
            data = {"id": "a", "flag": True, "name": "x"}
            seq = rows.commit(RowCommit([RowChange("account", "a", 0, data)]))
            new = RowChange("account", "b", 0, {"id": "b", "flag": True})
            flagged = Query[Any]("account", F.flag == True)  # noqa: E712  # a filter
            _refused(rows, RowCommit([new], none=[flagged]), "a row matches")
            not_this = [Query[Any]("account", F.flag == 1), Query[Any]("case", F.flag.is_none())]
            rows.commit(RowCommit([new], none=not_this))
            gone = RowChange("account", "b", seq + 1, None)
            mine = RowChange("account", "a", seq, {"id": "a", "flag": True, "name": "y"})
            with rows.snapshot() as now:
                gone = RowChange("account", "b", now.get("account", ["b"])["b"].version, None)
            rows.commit(RowCommit([mine, gone], none=[flagged]))


def _rows(repository: Any) -> Any:  # Any: a row store of whatever type its maker made it
    return untold(repository).store


def _records(opening: Callable[[], RowStore]) -> Repository:
    return RowsAsRecords(opening(), STANDARD_MODEL)


class _RowDoor:
    """A back door for row stores, seen as one for repositories."""

    def __init__(self, door: BackDoor[RowStore]) -> None:
        self._door = door

    def another(self, store: Repository, /) -> Repository:
        return _records(lambda: self._door.another(_rows(store)))

    def opener(self, store: Repository, /) -> Callable[[], Repository]:
        return partial(_records, self._door.opener(_rows(store)))

    def crashed(self, store: Repository, /) -> Repository:
        return _records(lambda: self._door.crashed(_rows(store)))

    def interrupted(
        self, store: Repository, work: Callable[[], object], /
    ) -> Iterator[tuple[str, Callable[[], Repository]]]:
        for said, opening in self._door.interrupted(_rows(store), work):
            yield said, partial(_records, opening)

    def damaged(self, store: Repository, /) -> Iterator[tuple[str, Callable[[], Repository]]]:
        for said, opening in self._door.damaged(_rows(store)):
            yield said, partial(_records, opening)


def _only(rows: RowStore, kind: str, key: str) -> Row:
    with rows.snapshot() as now:
        return now.get(kind, [key])[key]


def _refused(rows: RowStore, commit: RowCommit, why: str) -> None:
    with rows.snapshot() as now:
        before = now.seq
    try:
        rows.commit(commit)
    except ConflictError:
        with rows.snapshot() as now:
            same("S2", now.seq, before, f"the number after a refused commit ({why})")
            left = {one.id: now.get(one.kind, [one.id]) for one in commit.changes}
            stored = {key: dict(found) for key, found in left.items() if found}
            same("S2", stored, {}, f"rows of a refused commit ({why})")
        return
    hold("S4", truth=False, said=f"no ConflictError though {why}")


def _spoil(data: Any) -> None:  # what a store returned, or a test made
    """Change what can be changed, at every depth; refusing is fine."""
    for inner in list(data.values()) if hasattr(data, "values") else list(data):
        if isinstance(inner, str | int | None):
            continue
        _spoil(inner)
    with contextlib.suppress(TypeError, AttributeError):
        data.append("spoilt")
    with contextlib.suppress(TypeError, AttributeError):
        data["spoilt"] = 1


def _plain(value: Any) -> Any:  # JSON
    """JSON as dictionaries and lists, whichever mappings and sequences a store returns."""
    if hasattr(value, "items"):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
