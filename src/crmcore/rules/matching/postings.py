"""Postings: which records are filed under each key, found by key at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, TypeAlias

from crmcore.rules.matching.duplicate_sets import SkippedBlock
from crmcore.rules.matching.evidence import Match
from crmcore.values.ref import Ref

POSTING_LIMIT: Final = 50
"""A key that more records share is looked up by its second facet as well, or is skipped."""

Key: TypeAlias = Hashable
Marks: TypeAlias = Callable[[Ref[Any]], tuple[Hashable, ...]]
"""The marks of a record that split a key which many share; none: it is not split."""

Asked: TypeAlias = tuple[list[Match], list[SkippedBlock], int]
"""The matches of a record, the blocks that were too large, and how many records were compared."""


class _Shared:
    """The records under a key that several have had, by mark as well once they are many."""

    __slots__ = ("members", "parts")

    def __init__(self, first: Ref[Any]) -> None:
        self.members: dict[Ref[Any], None] = {first: None}
        self.parts: dict[Hashable, dict[Ref[Any], None]] | None = None

    def put(self, ref: Ref[Any], marks: Marks) -> None:
        self.members[ref] = None
        if self.parts is not None:
            self._part(ref, marks)
        elif len(self.members) > POSTING_LIMIT:
            self.parts = {}
            for one in self.members:
                self._part(one, marks)

    def _part(self, ref: Ref[Any], marks: Marks) -> None:
        if self.parts is not None:
            for mark in marks(ref):
                self.parts.setdefault(mark, {})[ref] = None

    def drop(self, ref: Ref[Any], marks: Marks) -> None:
        self.members.pop(ref, None)
        if self.parts is not None:
            for mark in marks(ref):
                self.parts.get(mark, {}).pop(ref, None)


class Postings:
    """Records under keys.

    ``marks`` gives the marks of a record that is filed, the same as long as it is. Most keys have
    one record, which is kept as it is.
    """

    def __init__(self, marks: Marks = lambda _: ()) -> None:
        self._marks = marks
        self._by_key: dict[Key, Ref[Any] | _Shared] = {}

    def put(self, key: Key, ref: Ref[Any]) -> None:
        """File a record under a key."""
        known = self._by_key.setdefault(key, ref)
        if isinstance(known, _Shared):
            known.put(ref, self._marks)
        elif known is not ref and known != ref:
            shared = self._by_key[key] = _Shared(known)
            shared.put(ref, self._marks)

    def drop(self, key: Key, ref: Ref[Any]) -> None:
        """Take a record from under a key, while its marks are known still."""
        known = self._by_key.get(key)
        if isinstance(known, _Shared):
            known.drop(ref, self._marks)
            if not known.members:
                del self._by_key[key]
        elif known == ref:
            del self._by_key[key]

    def gather(
        self,
        keys: Iterable[Key],
        marks: Callable[[], tuple[Hashable, ...]],
        found: dict[Ref[Any], None],
        too_large: Callable[[Key, int], None],
    ) -> None:
        """Add to ``found`` the records under these keys, of a large one those with these marks.

        ``too_large`` hears of each key and size whose records were passed over.
        """
        by_key = self._by_key
        for key in keys:
            known = by_key.get(key)
            if known is None:
                continue
            if not isinstance(known, _Shared):
                found[known] = None
            elif len(known.members) <= POSTING_LIMIT:
                found.update(known.members)
            else:
                parts = known.parts or {}
                for part in [parts.get(mark, {}) for mark in marks()] or [known.members]:
                    if len(part) <= POSTING_LIMIT:
                        found.update(part)
                    else:
                        too_large(key, len(part))


def in_order(found: Iterable[Ref[Any]], wanted: Callable[[Ref[Any]], bool]) -> list[Ref[Any]]:
    """The records that are wanted, in the order of their references."""
    return sorted(
        (ref for ref in found if wanted(ref)),
        key=lambda ref: (ref.kind, ref.id),
    )
