"""Many lines: the codes of many pairs of telephone lines by arrays, as ``compare_lines`` says.

Two numbers are one line, or a slip of one another, only if at most two of the digits differ that
both have, counted from the last: those of two other lines nearly all differ in more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crmcore.rules.matching.linkage.compare import compare_lines
from crmcore.rules.matching.linkage.far_words import without
from crmcore.rules.matching.linkage.many import Array, Numpy, near_ones, used
from crmcore.rules.matching.linkage.subject import coded
from crmcore.rules.matching.linkage.weights import RARE, Buckets

_MOST: Final = 16
"""So many digits stand in one number, four bits for each."""

_LOWEST: Final = 0x1111111111111111


def compare_many_lines(
    np: Numpy, forms: Sequence[tuple[str, ...]], pairs: tuple[Array, Array], learnt: Buckets
) -> Array:
    """The codes of pairs of forms, given by their numbers, in their order."""
    lines, places = used(np, forms, pairs)
    far, another = _Many(np, lines).far, coded(3, RARE)
    return near_ones(np, compare_lines, lines, places, learnt, far=far, otherwise=another)


class _Many:
    """Lines by their digits, as far as a form is one number of no more than sixteen."""

    def __init__(self, np: Numpy, lines: Sequence[tuple[str, ...]]) -> None:
        self._np = np
        digits = [form[0].removeprefix("+") for form in lines]
        plain = [
            len(form) == 1 and len(text) <= _MOST and text.isascii() and text.isdigit()
            for form, text in zip(lines, digits, strict=True)
        ]
        known = [text if told else "0" for text, told in zip(digits, plain, strict=True)]
        self._is_plain = np.asarray(plain, dtype=bool)
        self._sizes = np.fromiter(map(len, known), dtype=np.int64, count=len(known))
        self._digits = np.asarray([int(text, 16) for text in known], dtype=np.uint64)
        self._masks = np.asarray([16**size - 1 for size in range(_MOST + 1)], dtype=np.uint64)

    def far(self, ones: Array, others: Array) -> Array:
        """Whether the lines of each pair are surely two, and no slip of one another."""
        np = self._np
        shorter = np.minimum(self._sizes[ones], self._sizes[others])
        apart = (self._digits[ones] ^ self._digits[others]) & self._masks[shorter]
        for step in (1, 2):  # a bit for each digit that differs, the lowest of its four
            apart = apart | apart >> np.uint64(step)
        many = without(np, apart & np.uint64(_LOWEST), 2) != 0
        return many & self._is_plain[ones] & self._is_plain[others]
