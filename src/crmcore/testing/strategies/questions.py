"""Questions: strategies for filters and queries over the fields that an entity has."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from crmcore.entities import Record, kind_of
from crmcore.model.describe import FieldSchema, Holds, value_fields
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.query import (
    ALL,
    And,
    Compare,
    Contains,
    F,
    Filter,
    In,
    Missing,
    Not,
    Operator,
    Or,
    Order,
    Path,
    Query,
    StartsWith,
    value_at,
)
from crmcore.testing.strategies.records import one_value, own_values
from crmcore.testing.strategies.values import drawn_by, ids, scalars, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

R = TypeVar("R", bound=Record)

Place = tuple[Path, st.SearchStrategy[Any]]
"""A path, and what may stand there."""


_ANYTHING = st.sampled_from((True, 1, "1")) | scalars()


def places(
    entity: type[Record], model: Model = STANDARD_MODEL, among: Collection[str] | None = None
) -> tuple[Place, ...]:
    """Every path of an entity, into its values and custom fields too, with values for it."""
    key: Any = entity  # Any: mypy does not see that this class is hashable
    return _all_places(key, model, None if among is None else frozenset(among))


@lru_cache(maxsize=1024)
def _all_places(
    entity: type[Record], model: Model, among: frozenset[str] | None
) -> tuple[Place, ...]:
    values = own_values(entity, model)
    return tuple(
        place
        for one in model.schema(entity).fields
        if among is None or one.path == "id" or one.path in among
        for place in _places(one, values[one.path], model)
    )


def _places(one: FieldSchema, values: st.SearchStrategy[Any], model: Model) -> Iterator[Place]:
    path = F.custom[one.name] if one.is_custom else F[one.name]
    yield path, ids() if one.name == "id" else values
    if one.holds is Holds.MAP and one.name != "custom":
        yield path["x"], scalars()
    elif one.holds is Holds.ONE:
        for part in value_fields(one.python):
            yield path[part.name], one_value(part, model)


def filters(
    entity: type[Record],
    model: Model = STANDARD_MODEL,
    *,
    records: Sequence[Record] = (),
    among: Collection[str] | None = None,
    others: st.SearchStrategy[Any] = _ANYTHING,
) -> st.SearchStrategy[Filter]:
    """Filters with every operator over fields of an entity, and their combinations.

    They ask for values that ``records`` have as often as for others, at times for a value of
    another type, of ``others``. ``among`` are the fields they look at besides the id (``None``:
    all).
    """
    somewhere, known = st.sampled_from(places(entity, model, among)), tuple(records)

    def term(draw: st.DrawFn) -> Filter:
        path, values = draw(somewhere)
        wanted = _wanted(path, values, known, others)
        return draw(_on(path, draw(st.sampled_from(_TESTS)), wanted))

    simple = st.just(ALL) | drawn_by(term)
    return simple | st.recursive(simple, _joined, max_leaves=4)


def _joined(terms: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(terms, min_size=1, max_size=3).map(tuple)
    return st.builds(Not, terms) | st.builds(And, several) | st.builds(Or, several)


_TESTS = ("compare", "in", "missing", "starts", "contains")


def _on(path: Path, test: str, wanted: st.SearchStrategy[Any]) -> st.SearchStrategy[Filter]:
    """Filters on one path that make one of the tests."""
    match test:
        case "compare":
            return st.builds(Compare, st.just(path), st.sampled_from(Operator), wanted)
        case "in":
            return st.builds(In, st.just(path), st.lists(wanted, max_size=3).map(tuple))
        case "missing":
            return st.just(Missing(path))
        case "starts":
            return st.builds(StartsWith, st.just(path), _pieces(wanted))
    return st.builds(Contains, st.just(path), _elements(wanted) | _pieces(wanted))


def _wanted(
    path: Path,
    values: st.SearchStrategy[Any],
    records: Sequence[Record],
    others: st.SearchStrategy[Any],
) -> st.SearchStrategy[Any]:
    there = [value for one in records if (value := value_at(one, path)) is not None]
    known = st.sampled_from(there) if there else values
    return st.one_of(known, known, values, others)


def _pieces(values: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """A part of a text, or any short one."""
    parts = values.filter(lambda one: isinstance(one, str)).flatmap(_piece)
    return texts(max_size=2) | parts


def _piece(text: str) -> st.SearchStrategy[str]:
    return st.integers(0, len(text)).map(lambda end: text[:end])


def _elements(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An element of a collection; of anything else the value itself."""
    return values.flatmap(
        lambda one: (
            st.sampled_from(sorted(one, key=str))
            if isinstance(one, tuple | frozenset) and one
            else st.just(one)
        )
    )


def queries(
    entity: type[R],
    model: Model = STANDARD_MODEL,
    *,
    records: Sequence[R] = (),
    among: Collection[str] | None = None,
    others: st.SearchStrategy[Any] = _ANYTHING,
) -> st.SearchStrategy[Query[R]]:
    """Queries for records of an entity: filter, up to two keys of order, cursor, limit.

    ``records``, ``among`` and ``others`` as for ``filters``; a cursor is where one of ``records``
    stands.
    """
    paths = [path for path, _ in places(entity, model, among)]
    where = filters(entity, model, records=records, among=among, others=others)
    keys = st.builds(Order, st.sampled_from(paths), st.booleans())
    plain: st.SearchStrategy[Query[R]] = st.builds(
        Query,
        st.just(kind_of(entity)),
        st.just(ALL) | where,
        order=st.lists(keys, max_size=2),
        limit=st.none() | st.integers(0, 3),
    )
    if not records:
        return plain
    start = st.none() | st.sampled_from(tuple(records))
    return st.builds(_behind, plain, start)


def _behind(query: Query[R], record: R | None) -> Query[R]:
    return query if record is None else query.following(record)
