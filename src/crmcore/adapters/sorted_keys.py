"""SortedKeys: distinct keys in order, where adding one costs little however many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Any)

_MANY = 8
"""Where more than one in so many keys is new, all of them are put in order anew."""

BLOCK = 512
"""How many keys a block has at most; the cost of a change is one block and the list of blocks."""


class SortedKeys(Generic[K]):
    """Keys that compare with one another, each once, smallest first.

    They are kept in blocks, so that a key goes into a short list.
    """

    def __init__(self, keys: Iterable[K] = ()) -> None:
        self._blocks: list[list[K]] = []
        self._lasts: list[K] = []
        self._append(sorted(set(keys)))

    def _append(self, ordered: list[K]) -> None:
        """Put keys behind all others."""
        for start in range(0, len(ordered), BLOCK // 2):
            self._blocks.append(ordered[start : start + BLOCK // 2])
            self._lasts.append(self._blocks[-1][-1])

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    def __iter__(self) -> Iterator[K]:
        for block in self._blocks:
            yield from block

    def add(self, key: K) -> None:
        """Put ``key`` in its place; nothing happens where it is there already."""
        if not self._blocks:
            self._blocks.append([key])
            self._lasts.append(key)
            return
        at = min(bisect_left(self._lasts, key), len(self._blocks) - 1)
        block = self._blocks[at]
        place = bisect_left(block, key)
        if place < len(block) and block[place] == key:
            return
        insort(block, key)
        self._lasts[at] = block[-1]
        if len(block) > BLOCK:
            half = len(block) // 2
            self._blocks[at : at + 1] = [block[:half], block[half:]]
            self._lasts[at : at + 1] = [block[half - 1], block[-1]]

    def add_all(self, keys: Sequence[K]) -> None:
        """Put all of ``keys`` in their places, at once where they are many."""
        ordered = sorted(set(keys)) if len(keys) > BLOCK else []
        if ordered and (not self._lasts or ordered[0] > self._lasts[-1]):
            self._append(ordered)
        elif ordered and len(ordered) * _MANY > len(self):
            ordered = sorted({*self, *ordered})
            self._blocks, self._lasts = [], []
            self._append(ordered)
        else:
            for key in keys:
                self.add(key)

    def discard(self, key: K) -> None:
        """Take ``key`` out; nothing happens where it is not there."""
        at = bisect_left(self._lasts, key)
        if at == len(self._blocks):
            return
        block = self._blocks[at]
        place = bisect_left(block, key)
        if block[place] != key:
            return
        del block[place]
        if block:
            self._lasts[at] = block[-1]
        else:
            del self._blocks[at], self._lasts[at]

    def between(self, low: K, high: K) -> Iterator[K]:
        """The keys from ``low`` to before ``high``; do not change the keys meanwhile."""
        for at in range(bisect_left(self._lasts, low), len(self._blocks)):
            block = self._blocks[at]
            start, end = bisect_left(block, low), bisect_left(block, high)
            yield from block[start:end]
            if end < len(block):
                return

    def after(self, key: K | None, count: int) -> list[K]:
        """The first ``count`` keys after ``key`` (``None``: from the smallest)."""
        at = 0 if key is None else bisect_right(self._lasts, key)
        start = 0 if key is None or at == len(self._blocks) else bisect_right(self._blocks[at], key)
        found: list[K] = []
        while at < len(self._blocks) and len(found) < count:
            found += self._blocks[at][start : start + count - len(found)]
            at, start = at + 1, 0
        return found

    def last_before(self, key: K | None) -> K | None:
        """The greatest key before ``key`` (``None``: of all), or ``None`` where there is none."""
        if key is None:
            return self._lasts[-1] if self._lasts else None
        at = bisect_left(self._lasts, key)
        place = bisect_left(self._blocks[at], key) if at < len(self._blocks) else 0
        if place:
            return self._blocks[at][place - 1]
        return self._lasts[at - 1] if at else None
