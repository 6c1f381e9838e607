"""Postings: which records are filed under each key, found by key at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from crmcore.rules.matching.duplicate_sets import SkippedBlock
from crmcore.rules.matching.evidence import Match
from crmcore.values.ref import Ref

POSTING_LIMIT: Final = 50
"""A key that more records share is looked up by its second facet as well, or is skipped."""

Key: TypeAlias = tuple[object, ...]
Asked: TypeAlias = tuple[list[Match], list[SkippedBlock], int]
"""The matches of a record, the blocks that were too large, and how many records were compared."""


class _Posting:
    __slots__ = ("members", "parts")

    def __init__(self) -> None:
        self.members: dict[Ref[Any], tuple[object, ...]] = {}
        self.parts: dict[object, dict[Ref[Any], None]] | None = None

    def put(self, ref: Ref[Any], marks: tuple[object, ...]) -> None:
        self.members[ref] = marks
        if self.parts is not None:
            self._part(ref, marks)
        elif len(self.members) > POSTING_LIMIT:
            self.parts = {}
            for one, own in self.members.items():
                self._part(one, own)

    def _part(self, ref: Ref[Any], marks: tuple[object, ...]) -> None:
        if self.parts is not None:
            for mark in marks:
                self.parts.setdefault(mark, {})[ref] = None

    def drop(self, ref: Ref[Any], marks: tuple[object, ...]) -> None:
        self.members.pop(ref, None)
        if self.parts is not None:
            for mark in marks:
                self.parts.get(mark, {}).pop(ref, None)


class Postings:
    """Records under keys. Each is put with the marks that split a key which many share."""

    def __init__(self) -> None:
        self._by_key: dict[Key, _Posting] = {}

    def put(self, key: Key, ref: Ref[Any], marks: tuple[object, ...]) -> None:
        """File a record under a key."""
        posting = self._by_key.get(key)
        if posting is None:
            posting = self._by_key[key] = _Posting()
        posting.put(ref, marks)

    def drop(self, key: Key, ref: Ref[Any], marks: tuple[object, ...]) -> None:
        """Take a record from under a key."""
        posting = self._by_key.get(key)
        if posting is not None:
            posting.drop(ref, marks)
            if not posting.members:
                del self._by_key[key]

    def near(
        self,
        keys: Iterable[tuple[Key, tuple[object, ...]]],
        wanted: Callable[[Ref[Any]], bool],
        told: Callable[[Key], tuple[str, str, str]],
    ) -> tuple[list[Ref[Any]], list[SkippedBlock]]:
        """The records that share a key, in their order, and what was too large to be looked at.

        ``told`` gives the names of rule, key and value of a key that is skipped.
        """
        found: dict[Ref[Any], None] = {}
        skipped: list[SkippedBlock] = []
        for key, marks in keys:
            posting = self._by_key.get(key)
            if posting is None:
                continue
            if len(posting.members) <= POSTING_LIMIT:
                found.update(dict.fromkeys(posting.members))
                continue
            parts: list[Mapping[Ref[Any], object]] = [
                (posting.parts or {}).get(mark, {}) for mark in marks
            ] or [posting.members]
            for part in parts:
                if len(part) <= POSTING_LIMIT:
                    found.update(dict.fromkeys(part))
                else:
                    rule, name, value = told(key)
                    skipped.append(SkippedBlock(rule=rule, key=name, value=value, size=len(part)))
        near = [ref for ref in found if wanted(ref)]
        return sorted(near, key=lambda ref: (ref.kind, ref.id)), skipped
