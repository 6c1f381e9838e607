"""Batch: rows to write, as columns: what a commit of many rows costs is paid once for all of them.

An object for each row would cost more than its text; a column of texts costs nothing to collect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter, lt

from attrs import frozen

from crmcore.adapters.jsonfile.lines import CommitLine, Past, data_of, quoted, sealed, text_of
from crmcore.codec.errors import Misfit
from crmcore.codec.row_text import RecordText
from crmcore.codec.scalars import write_moment
from crmcore.errors import StorageError
from crmcore.ports.rows import Json, RowChange, RowCommit


@frozen(eq=False)
class Batch:
    """Rows by their keys; ``data`` is what a text says, where that is known without decoding it."""

    keys: Sequence[str]
    kinds: Sequence[str]
    ids: Sequence[str]
    versions: Sequence[int]
    texts: Sequence[str]
    data: Sequence[Mapping[str, Json] | None]

    @staticmethod
    def of(rows: Sequence[tuple[str, str, str, int, str, Mapping[str, Json] | None]]) -> Batch:
        """The rows of these keys, kinds, ids, versions, texts and data."""
        return Batch(*zip(*rows, strict=True)) if rows else Batch((), (), (), (), (), ())

    def __len__(self) -> int:
        return len(self.keys)

    def part(self, start: int, stop: int) -> Batch:
        """The rows from one place up to another."""
        return Batch(*(column[start:stop] for column in self._columns))

    def plus(self, other: Batch) -> Batch:
        """The rows of both, in no order."""
        columns = zip(self._columns, other._columns, strict=True)
        return Batch(*([*own, *others] for own, others in columns))

    def in_order(self) -> Batch:
        """The rows by their keys."""
        if all(map(lt, self.keys, islice(self.keys, 1, None))):
            return self
        order = sorted(range(len(self)), key=self.keys.__getitem__)
        if not order:
            return self
        return Batch(*(_picked(column, order) for column in self._columns))

    def kind_parts(self) -> Iterator[tuple[str, Batch]]:
        """The rows of each kind, which stand together."""
        start, kinds = 0, self.kinds
        while start < len(kinds):
            kind = kinds[start]
            stop = next((n for n in range(start, len(kinds)) if kinds[n] != kind), len(kinds))
            yield kind, self.part(start, stop)
            start = stop

    @property
    def _columns(self) -> tuple[Sequence[object], ...]:
        return self.keys, self.kinds, self.ids, self.versions, self.texts, self.data


def _picked(column: Sequence[object], order: Sequence[int]) -> Sequence[object]:
    return itemgetter(*order)(column) if len(order) > 1 else [column[order[0]]]


def key_text(kind: str, id_: str) -> str:
    """The key of a row, as text; keys sort as their bytes do."""
    return f"{quoted(kind)},{quoted(id_)},"


@frozen(eq=False)
class Draft:
    """A commit that is about to be written: the text of each row (``None``: removed)."""

    seq: int
    meta: Mapping[str, str]
    changes: Sequence[RowChange]
    keys: Sequence[str]
    texts: Sequence[str | None]

    @property
    def size(self) -> int:
        """About how long the line is, in characters."""
        return sum(map(len, self.keys)) + sum(map(len, filter(None, self.texts)))

    def line(self) -> CommitLine:
        """The line that says all of it."""
        rows = zip(self.changes, self.texts, strict=True)
        return CommitLine(
            self.seq, self.meta, tuple([Past(one.kind, one.id, text) for one, text in rows])
        )

    @property
    def is_load(self) -> bool:
        """Whether every row is new, so that none of them has a past."""
        return (
            all([one.expect == 0 for one in self.changes])
            and None not in self.texts
            and len(set(self.keys)) == len(self.keys)
        )

    def kept_line(self) -> bytes:
        """The line of a load whose rows stand among the sorted ones: it only names them."""
        rows = "],[".join([key[:-1] for key in self.keys])
        return sealed(f'["commit",{self.seq},{text_of(self.meta)},[[{rows}]]'.encode())

    def batch(self) -> Batch:
        """The rows of a load."""
        changes = self.changes
        return Batch(
            self.keys,
            [one.kind for one in changes],
            [one.id for one in changes],
            [self.seq] * len(changes),
            [text for text in self.texts if text is not None],
            [one.data for one in changes],
        )


def drafted(commit: RowCommit, seq: int, where: str) -> Draft:
    """What a commit writes; raises ``StorageError`` for what JSON cannot hold."""
    changes = commit.changes
    texts = _texts(changes, where)
    kinds = {kind: f"{quoted(kind)}," for kind in {one.kind for one in changes}}
    keys = [f"{kinds[one.kind]}{quoted(one.id)}," for one in changes]
    given = {"by": commit.by, "reason": commit.reason}
    meta = {key: str.__str__(one) for key, one in given.items() if one is not None}
    if commit.at is not None:
        meta["at"] = write_moment(commit.at)
    try:
        for each in (keys, meta.values()):
            _encoded(each)
    except ValueError as refused:
        raise StorageError(
            f"JSON cannot hold it ({refused})", where, "nothing was stored"
        ) from None
    return Draft(seq, meta, changes, keys, texts)


def _texts(changes: Iterable[RowChange], where: str) -> list[str | None]:
    texts: list[str | None] = []
    for one in changes:
        data = one.data
        if data.__class__ is RecordText and data.record.id == one.id:
            texts.append(data.text)
        elif data is None:
            texts.append(None)
        else:
            name = f"{one.kind}:{one.id!r}"
            try:
                texts.append(data_of(data, one.id, name))
            except Misfit as misfit:
                raise StorageError(f"{name}: {misfit.why}", where, "nothing was stored") from None
    return texts


def _encoded(texts: Iterable[str]) -> None:
    """Raise ``UnicodeEncodeError`` where one of them has a lone surrogate."""
    if not "".join(texts).isascii():
        for one in texts:
            one.encode()
