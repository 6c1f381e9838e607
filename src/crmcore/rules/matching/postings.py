"""Postings: which rows are filed under each key, found by key at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import compress
from operator import is_not
from typing import Any, Final, TypeAlias

from crmcore.rules.matching.duplicate_sets import SkippedBlock
from crmcore.rules.matching.evidence import Match

POSTING_LIMIT: Final = 50
"""A key that more records share is looked up by its second facet as well, or is skipped."""

Key: TypeAlias = Hashable
Marks: TypeAlias = Callable[[int], Sequence[Hashable]]
"""The marks of a row that split a key which many share; none: it is not split."""

Asked: TypeAlias = tuple[list[Match], list[SkippedBlock], int]
"""The matches of a record, the blocks that were too large, and how many records were compared."""


class Crowd:
    """The rows under a key that many have had, by mark as well."""

    __slots__ = ("members", "parts")

    def __init__(self, members: Iterable[int], marks: Marks) -> None:
        self.members: set[int] = set()
        self.parts: dict[Hashable, set[int]] = {}
        for one in members:
            self.put(one, marks)

    def put(self, row: int, marks: Marks) -> None:
        """Add a row."""
        self.members.add(row)
        for mark in marks(row):
            self.parts.setdefault(mark, set()).add(row)

    def drop(self, row: int, marks: Marks) -> None:
        """Take a row out."""
        self.members.discard(row)
        for mark in marks(row):
            part = self.parts.get(mark)
            if part is not None:
                part.discard(row)
                if not part:
                    del self.parts[mark]


class Postings:
    """Rows under keys.

    ``marks`` gives the marks of a row that is filed, the same as long as it is. Most keys have one
    row, which is kept as it is; a few have a list, and only those that more have had than are
    looked at a set.
    """

    def __init__(self, marks: Marks = lambda _: ()) -> None:
        self._marks = marks
        self._by_key: dict[Key, int | list[int] | Crowd] = {}

    def put(self, key: Key, row: int) -> None:
        """File a row under a key."""
        known = self._by_key.setdefault(key, row)
        if isinstance(known, int):
            if known != row:
                self._by_key[key] = [known, row]
        elif isinstance(known, Crowd):
            known.put(row, self._marks)
        elif row not in known:
            known.append(row)
            if len(known) > POSTING_LIMIT:
                self._by_key[key] = Crowd(known, self._marks)

    def put_all(self, every: Sequence[Key], filed: Sequence[int]) -> None:
        """File many rows, none of which is filed yet: each key beside its row.

        As ``put`` does for each, in a third of the time: a key that one row has is filed without
        Python code of its own, and crowds are made at the end. The keys of a row stand together.
        """
        if self._by_key:
            for key, row in zip(every, filed, strict=True):
                self.put(key, row)
            return
        by_key: dict[Key, Any] = dict(zip(every, filed, strict=True))
        others = map(is_not, map(by_key.__getitem__, every), filed)
        crowded: list[Key] = []
        for key, row in list(compress(zip(every, filed, strict=True), others)):
            known = by_key[key]
            if isinstance(known, int):
                by_key[key] = [row, known]
            elif known[-2] != row:
                known.insert(-1, row)
                if len(known) == POSTING_LIMIT + 1:
                    crowded.append(key)
        for key in crowded:
            by_key[key] = Crowd(by_key[key], self._marks)
        self._by_key = by_key

    def drop(self, key: Key, row: int) -> None:
        """Take a row from under a key, while its marks are known still."""
        known = self._by_key.get(key)
        if known is None:
            return
        if isinstance(known, int):
            if known == row:
                del self._by_key[key]
        elif isinstance(known, Crowd):
            known.drop(row, self._marks)
            if not known.members:
                del self._by_key[key]
        elif row in known:
            known.remove(row)
            if not known:
                del self._by_key[key]

    def gather(self, keys: Iterable[Key], found: set[int]) -> list[tuple[Key, Crowd]]:
        """Add to ``found`` the rows under these keys; gives those keys that too many share."""
        by_key = self._by_key
        crowds: list[tuple[Key, Crowd]] = []
        for key in keys:
            known = by_key.get(key)
            if known is None:
                continue
            if isinstance(known, int):
                found.add(known)
            elif isinstance(known, list):
                found.update(known)
            elif len(known.members) <= POSTING_LIMIT:
                found.update(known.members)
            else:
                crowds.append((key, known))
        return crowds


def gather_parts(
    crowds: Iterable[tuple[Key, Crowd]], marks: Sequence[Hashable], found: set[int]
) -> list[tuple[Key, int]]:
    """Add to ``found`` the rows of crowds with these marks.

    Gives each key whose rows are too many even so, and how many they are.
    """
    too_large: list[tuple[Key, int]] = []
    for key, crowd in crowds:
        nobody: set[int] = set()
        for part in [crowd.parts.get(mark, nobody) for mark in marks] or [crowd.members]:
            if len(part) <= POSTING_LIMIT:
                found.update(part)
            else:
                too_large.append((key, len(part)))
    return too_large
