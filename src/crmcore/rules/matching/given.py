"""Given: the records of a search, by kind and id, in the order of their references."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, overload

from crmcore.entities.record import Record, kind_of
from crmcore.errors import UsageError
from crmcore.values.ref import Ref

_ID = attrgetter("id")


class Given(Mapping[Ref[Any], Record]):
    """Records by reference, in the order of references; one that is given twice counts once.

    References are made only when they are asked for: of very many records they would take longer
    than much of the search. Raises ``UsageError`` for two different records of one id.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        by_type: dict[type[Record], list[Record]] = {}
        for record in records:
            found = by_type.get(type(record))
            if found is None:
                found = by_type[type(record)] = []
            found.append(record)
        self._by_kind: dict[str, dict[str, Record]] = {}
        for kind, rows in sorted((kind_of(one), rows) for one, rows in by_type.items()):
            self._by_kind[kind] = _by_id(rows)

    def get(self, ref: Ref[Any], default: Any = None, /) -> Any:  # Any: as of every mapping
        """The record of a reference, or ``default``; quicker than by ``KeyError``."""
        return self._by_kind.get(ref.kind, {}).get(ref.id, default)

    def __getitem__(self, ref: Ref[Any]) -> Record:
        return self._by_kind[ref.kind][ref.id]

    def __contains__(self, ref: object) -> bool:
        return isinstance(ref, Ref) and ref.id in self._by_kind.get(ref.kind, ())

    def __iter__(self) -> Iterator[Ref[Any]]:
        return (Ref(kind, one) for kind, rows in self._by_kind.items() for one in rows)

    def __len__(self) -> int:
        return sum(map(len, self._by_kind.values()))

    def of(self, kinds: Iterable[str]) -> list[Record]:
        """The records of these kinds, in the order of their references."""
        return [one for kind in sorted(set(kinds)) for one in self._by_kind.get(kind, {}).values()]

    def numbers(self, kinds: Iterable[str]) -> Sequence[int]:
        """The places of the records of these kinds among all references."""
        wanted, begin, found = set(kinds), 0, list[range]()
        for kind, rows in self._by_kind.items():
            if kind in wanted:
                found.append(range(begin, begin + len(rows)))
            begin += len(rows)
        return found[0] if len(found) == 1 else list(chain.from_iterable(found))

    @property
    def refs(self) -> Sequence[Ref[Any]]:
        """The references in their order, each made when it is asked for."""
        return Refs((kind, list(rows)) for kind, rows in self._by_kind.items())

    def beside(self, others: Iterable[Record]) -> Mapping[Ref[Any], Record]:
        """These records and ``others``, of which one that has a reference in common gives way."""
        made = Given(others)
        for kind, rows in self._by_kind.items():
            known = made._by_kind.get(kind)
            made._by_kind[kind] = rows if known is None else {**known, **rows}
        return made


class Refs(Sequence[Ref[Any]]):
    """References of some kinds, one kind after the other, each made when it is asked for."""

    def __init__(self, ids: Iterable[tuple[str, list[str]]]) -> None:
        self._ids = list(ids)
        self._starts = list(accumulate((len(ids) for _, ids in self._ids), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, at: int) -> Ref[Any]: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Ref[Any]]: ...

    def __getitem__(self, at: int | slice) -> Ref[Any] | Sequence[Ref[Any]]:
        if isinstance(at, slice):
            return [self[one] for one in range(len(self))[at]]
        place = at if at >= 0 else at + len(self)
        if not 0 <= place < len(self):
            raise IndexError(at)
        which = bisect_right(self._starts, place) - 1
        kind, ids = self._ids[which]
        return Ref(kind, ids[place - self._starts[which]])


def _by_id(rows: list[Record]) -> dict[str, Record]:
    """The records by id, in the order of ids."""
    rows.sort(key=_ID)
    found = dict(zip(map(_ID, rows), rows, strict=True))
    if len(found) < len(rows):
        for record in rows:
            known = found[record.id]
            if known is not record and known != record:
                raise UsageError("two different records have one id", record.ref)
    return found
