"""Rows: a small number for each record that is filed, that of one which went being given again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmcore.values.ref import Ref


class Rows:
    """The numbers of references, from 0 on; no two references have one number at a time.

    An index that names records by these finds, joins and forgets them far sooner than by their
    references, whose hash and order take Python code.
    """

    def __init__(self) -> None:
        self.refs: list[Ref[Any] | None] = []
        self._numbers: dict[Ref[Any], int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, ref: Ref[Any]) -> int | None:
        """The number of a reference; ``None``: it has none."""
        return self._numbers.get(ref)

    def ref(self, number: int) -> Ref[Any]:
        """The reference that has this number; ``LookupError`` where none has."""
        found = self.refs[number]
        if found is None:
            raise LookupError(number)
        return found

    def add(self, ref: Ref[Any]) -> int:
        """The number of a reference, given now if it has none."""
        number = self._numbers.get(ref)
        if number is None:
            if self._free:
                number = self._free.pop()
                self.refs[number] = ref
            else:
                number = len(self.refs)
                self.refs.append(ref)
            self._numbers[ref] = number
        return number

    def add_all(self, refs: Iterable[Ref[Any]]) -> list[int]:
        """The numbers of references, each different from the others and without one till now."""
        if self.refs:
            return [self.add(ref) for ref in refs]
        given = list(refs)
        numbers = list(range(len(given)))
        self.refs = [*given]
        self._numbers = dict(zip(given, numbers, strict=True))
        return numbers

    def drop(self, ref: Ref[Any]) -> None:
        """Take the number of a reference back; the next that is added has it."""
        number = self._numbers.pop(ref, None)
        if number is not None:
            self.refs[number] = None
            self._free.append(number)
