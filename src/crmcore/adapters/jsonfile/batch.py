"""Batch: rows to write, as columns: what a commit of many rows costs is paid once for all of them.

An object for each row would cost more than its text; a column of texts costs nothing to collect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import lt
from typing import Any, TypeAlias

from attrs import frozen

from crmcore.adapters.jsonfile.lines import CommitLine, Past, data_of, quoted, sealed, text_of
from crmcore.codec.errors import Misfit
from crmcore.codec.scalars import write_moment
from crmcore.entities.record import Record
from crmcore.errors import StorageError
from crmcore.ports.rows import Json, NewRows, RowChange, RowCommit

Held: TypeAlias = Mapping[str, Json] | Record | None
"""What a text says, where that is known without decoding it."""

PartOf: TypeAlias = Callable[[Record, str | None], Json]
"""What is in one field of a record, as its text says it."""


@frozen(eq=False)
class Batch:
    """Rows by their keys; ``held`` is what each text says, ``part_of`` looks into records there."""

    keys: Sequence[str]
    kinds: Sequence[str]
    ids: Sequence[str]
    versions: Sequence[int]
    texts: Sequence[str]
    held: Sequence[Held]
    part_of: PartOf | None = None

    @staticmethod
    def of(rows: Sequence[tuple[str, str, str, int, str, Mapping[str, Json] | None]]) -> Batch:
        """The rows of these keys, kinds, ids, versions, texts and data."""
        return _batch(zip(*rows, strict=True), None) if rows else Batch((), (), (), (), (), ())

    def __len__(self) -> int:
        return len(self.keys)

    def part(self, start: int, stop: int) -> Batch:
        """The rows from one place up to another."""
        return _batch([column[start:stop] for column in self.columns], self.part_of)

    @staticmethod
    def joined(batches: Sequence[Batch]) -> Batch:
        """The rows of all, one after the other."""
        if len(batches) == 1:
            return batches[0]
        columns = zip(*[one.columns for one in batches], strict=True)
        part_of = next((one.part_of for one in batches if one.part_of is not None), None)
        empty: list[Sequence[Any]] = [(), (), (), (), (), ()]
        return _batch([list(chain.from_iterable(some)) for some in columns] or empty, part_of)

    def in_order(self) -> Batch:
        """The rows by their keys."""
        if all(map(lt, self.keys, islice(self.keys, 1, None))):
            return self
        order = sorted(range(len(self)), key=self.keys.__getitem__)
        return _batch([[column[at] for at in order] for column in self.columns], self.part_of)

    def kind_parts(self) -> Iterator[tuple[str, Batch]]:
        """The rows of each kind, which stand together."""
        start, kinds = 0, self.kinds
        while start < len(kinds):
            kind = kinds[start]
            stop = next((n for n in range(start, len(kinds)) if kinds[n] != kind), len(kinds))
            yield kind, self.part(start, stop)
            start = stop

    @property
    def columns(self) -> tuple[Sequence[Any], ...]:
        """Keys, kinds, ids, versions, texts and what is held."""
        return self.keys, self.kinds, self.ids, self.versions, self.texts, self.held


def _batch(columns: Iterable[Sequence[Any]], part_of: PartOf | None) -> Batch:
    keys, kinds, ids, versions, texts, held = columns
    return Batch(keys, kinds, ids, versions, texts, held, part_of)


def key_text(kind: str, id_: str) -> str:
    """The key of a row, as text; keys sort as their bytes do."""
    return f"{quoted(kind)},{quoted(id_)},"


@frozen(eq=False)
class Draft:
    """A commit that is about to be written: the text of each row (``None``: removed)."""

    seq: int
    meta: Mapping[str, str]
    changes: Sequence[RowChange]
    kinds: Sequence[str]
    ids: Sequence[str]
    keys: Sequence[str]
    texts: Sequence[str | None]

    @property
    def size(self) -> int:
        """About how long the line is, in characters."""
        return sum(map(len, self.keys)) + sum(map(len, filter(None, self.texts)))

    def line(self) -> CommitLine:
        """The line that says all of it."""
        return CommitLine(self.seq, self.meta, tuple(map(Past, self.kinds, self.ids, self.texts)))

    def kept_line(self) -> bytes:
        """The line of a load whose rows stand among the sorted ones: it only names them."""
        rows = "],[".join([key[:-1] for key in self.keys])
        return sealed(f'["commit",{self.seq},{text_of(self.meta)},[[{rows}]]'.encode())

    def load(self) -> Batch | None:
        """The rows, where every one is new, so that none of them has a past; ``None``: not so."""
        new = self.changes
        if isinstance(new, NewRows) and len(set(self.keys)) == len(new):
            versions = [self.seq] * len(new)
            return Batch(self.keys, new.kinds, new.ids, versions, new.texts, new.records, new.part)
        return None


def drafted(commit: RowCommit, seq: int, where: str) -> Draft:
    """What a commit writes; raises ``StorageError`` for what JSON cannot hold."""
    changes = commit.changes
    if isinstance(changes, NewRows):
        kinds: Sequence[str] = changes.kinds
        ids: Sequence[str] = changes.ids
        texts: Sequence[str | None] = changes.texts
    else:
        texts = _texts(changes, where)
        kinds = [one.kind for one in changes]
        ids = [one.id for one in changes]
    starts = {kind: f"{quoted(kind)}," for kind in set(kinds)}
    keys = [f"{starts[kind]}{quoted(id_)}," for kind, id_ in zip(kinds, ids, strict=True)]
    given = {"by": commit.by, "reason": commit.reason}
    meta = {key: str.__str__(one) for key, one in given.items() if one is not None}
    if commit.at is not None:
        meta["at"] = write_moment(commit.at)
    try:
        if not all(map(str.isascii, keys)):
            for key in keys:
                key.encode()
        "".join(meta.values()).encode()
    except ValueError as refused:
        raise StorageError(
            f"JSON cannot hold it ({refused})", where, "nothing was stored"
        ) from None
    return Draft(seq, meta, changes, kinds, ids, keys, texts)


def _texts(changes: Iterable[RowChange], where: str) -> list[str | None]:
    texts: list[str | None] = []
    for one in changes:
        name = f"{one.kind}:{one.id!r}"
        try:
            texts.append(None if one.data is None else data_of(one.data, one.id, name))
        except Misfit as misfit:
            raise StorageError(f"{name}: {misfit.why}", where, "nothing was stored") from None
    return texts
