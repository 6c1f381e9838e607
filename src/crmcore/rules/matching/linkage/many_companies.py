"""Many companies: the codes of many pairs of employers by arrays, as ``compare_employers`` says.

Most employers of two people have nothing in common, and three necessary conditions of being alike
are cheap to ask of many pairs at once (``company_likeness`` says what makes two names alike):

- Names with the same letters, but for their order, differ in few letters: each letter that only one
  of them has must be left out, and of all letters at most 15 in a hundred are.
- A name that has all words of the other one and more begins with the same word.
- Initials are a word, as long as there are more words in the other name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crmcore.rules.matching.linkage.compare import compare_texts
from crmcore.rules.matching.linkage.far_words import Letters, count
from crmcore.rules.matching.linkage.many import Array, Numpy, near_ones, numbered, used
from crmcore.rules.matching.linkage.subject import coded
from crmcore.rules.matching.linkage.weights import RARE, Buckets
from crmcore.rules.similarity.company import company_likeness

_LEAST: Final = 0.85
"""From so much on two names with the same letters are alike."""

_LONGEST: Final = 62


def compare_employers(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    """1 the same, 2 alike, 3 another."""
    return compare_texts(one, other, learnt, table="company", near=company_likeness)


def compare_many_employers(
    np: Numpy,
    forms: Sequence[tuple[str, ...]],
    pairs: tuple[Array, Array],
    learnt: Buckets,
) -> Array:
    """What ``compare_employers`` gives, for pairs of forms given by their numbers, in their order.

    Pairs that are surely of two employers are told by arrays, the others one by one.
    """
    names, places = used(np, forms, pairs)
    far, another = _Many(np, names).far, coded(3, RARE)
    return near_ones(np, compare_employers, names, places, learnt, far=far, otherwise=another)


class _Many:
    """Employers by their letters and words."""

    def __init__(self, np: Numpy, names: Sequence[tuple[str, ...]]) -> None:
        self._np = np
        texts = [form[0] for form in names]
        words = [text.split() for text in texts]
        self._letters = Letters(np, [text.replace(" ", "") for text in texts])
        _, self._first = numbered(np, (text.partition(" ")[0] for text in texts))
        self._words = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        self._sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        self._lengths = np.asarray(list(map(_lengths, words)), dtype=np.int64)
        self._is_one = np.asarray([len(form) == 1 for form in names], dtype=bool)

    def far(self, ones: Array, others: Array) -> Array:
        """Whether the two employers of each pair are surely not alike; never for equal ones."""
        np = self._np
        apart = count(np, self._letters.bits[ones] ^ self._letters.bits[others])
        whole = self._sizes[ones] + self._sizes[others]
        more = self._words[ones] - self._words[others]
        shorter = np.where(more > 0, others, ones)
        initials = (self._lengths[shorter] >> np.minimum(abs(more) + 1, _LONGEST)) & 1
        may_be = (
            (apart <= (1 - _LEAST) * whole + 1)  # and what rounding may take
            | (self._first[ones] == self._first[others])
            | ((more != 0) & (initials == 1))
        )
        return self._is_one[ones] & self._is_one[others] & ~may_be & (ones != others)


def _lengths(words: Sequence[str]) -> int:
    """A bit for the length of each word."""
    found = 0
    for word in words:
        found |= 1 << min(len(word), _LONGEST)
    return found
