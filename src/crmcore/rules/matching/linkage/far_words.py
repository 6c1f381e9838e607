"""Far words: which of many pairs of words are surely two, told by arrays of their letters.

Nearly all names that are compared have nothing in common, and asking each pair for slips,
romanisations and likeness takes most of the time of a search. Some necessary conditions are cheap:

- A slip changes the set of letters by two at most: to put a letter in or to leave one out by one,
  to change one by two, to swap two not at all. Who is spelt backwards has the same letters.
- Romanisations begin with one sound, and once their letters are made one, they are a slip apart.
- Names that are alike by Jaro and Winkler from 0.8 on begin with one letter, and have a Jaro
  similarity above 0.7: the shares of their letters that they have in common add up to 1.1.

Letters share 64 bits by their code points; two that share a bit only make sets look nearer than
they are. Words for which this proves nothing are never called far: empty ones, several in one, and
those that are not ASCII.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from crmcore.rules.matching.linkage.many import Array, Numpy
from crmcore.rules.matching.linkage.names import ALIKE_FROM, LONG, SLIP_LETTERS
from crmcore.rules.similarity.latin import (
    LONGER_VARIANT,
    SHORTEST_VARIANT,
    SOUNDS,
    romanised,
)
from crmcore.rules.similarity.many_texts import are_alike
from crmcore.rules.similarity.person import GLUED
from crmcore.rules.similarity.tables import given_name_groups

_OTHERS: Final = 16
_GROUPS: Final = 30
_SOUND: Final = (1 << (len(SOUNDS) + _OTHERS)) - 1
_ANY: Final = -1
_BITS: Final = 63


@cache
def _kin() -> tuple[dict[str, int], dict[str, int]]:
    """The bits of first letters, and of given names that have other forms."""
    sounds = {
        letter: sum(1 << at for at, group in enumerate(SOUNDS) if letter in group)
        for letter in "".join(SOUNDS)
    }
    names: dict[str, int] = {}
    for name, groups in given_name_groups().items():
        for one in groups:
            names[name] = names.get(name, 0) | 1 << (_SOUND.bit_length() + one % _GROUPS)
    return sounds, names


def kin(word: str) -> int:
    """A bit for each sound that a word may begin with, and for each group of given names it is in.

    Below ``2 ** 63``; -1 for a word that is never far from another.
    """
    if not word.isascii() or " " in word or not word:
        return _ANY
    sounds, names = _kin()
    first = word[0]
    return (sounds.get(first) or 1 << (len(SOUNDS) + ord(first) % _OTHERS)) | names.get(word, 0)


class Letters:
    """The letters of some texts as bits, their lengths, and their first letters.

    An empty text is taken for a space.
    """

    def __init__(self, np: Numpy, texts: Sequence[str]) -> None:
        self._np = np
        shown = [text or " " for text in texts]
        self.sizes: Array = np.fromiter(map(len, shown), dtype=np.int64, count=len(shown))
        points = np.frombuffer("".join(shown).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        bits = np.left_shift(np.uint64(1), (points & _BITS).astype(np.uint64))
        starts = np.cumsum(self.sizes) - self.sizes
        self.bits: Array = np.bitwise_or.reduceat(bits, starts) if shown else bits
        self.first: Array = points[starts]
        self.is_ascii: Array = np.bitwise_or.reduceat(points, starts) < 128  # ASCII

    def may_be_near(self, ones: Array, others: Array, slips: int) -> Array:
        """Whether two texts may be so many slips apart."""
        rest = without(self._np, self.bits[ones] ^ self.bits[others], 2 * slips)
        return (rest == 0) & (abs(self.sizes[ones] - self.sizes[others]) <= slips)


class FarWords(Letters):
    """Some words, to be asked which pairs of them are far apart."""

    def __init__(self, np: Numpy, words: Sequence[str]) -> None:
        super().__init__(np, words)
        self._texts = words
        self._kin = np.fromiter(map(kin, words), dtype=np.int64, count=len(words))
        self._spelt = Letters(np, [romanised(word) if word.isascii() else word for word in words])
        self._is_alpha = np.fromiter(map(str.isalpha, words), dtype=bool, count=len(words))

    def far(self, ones: Array, others: Array, *, is_family: bool) -> Array:
        """Whether the words of each pair are surely different: as family names, or as given names.

        Never for two words that are equal.
        """
        np = self._np
        maybe = self._may_be_one(ones, others, is_family=is_family) | self._is_any(ones, others)
        starts = np.flatnonzero((self.first[ones] == self.first[others]) & ~maybe)
        maybe[starts] = self._may_be_alike(ones[starts], others[starts])
        return ~(maybe | (ones == others))

    def are_apart(self, ones: Array, others: Array) -> Array:
        """Whether two different family names are surely alike at most, both of them having letters.

        They begin with one letter, and are alike where ``are_alike`` says so.
        """
        first = self.first[ones] == self.first[others]
        first &= self._is_alpha[ones] & self._is_alpha[others]
        first &= (self.sizes[ones] > 1) & (self.sizes[others] > 1)
        maybe = self._may_be_one(ones, others, is_family=True) | self._is_any(ones, others)
        apart: Array = first & ~maybe
        return apart

    def are_alike(self, ones: Array, others: Array) -> Array:
        """Whether the words of each pair are alike."""
        text = self._texts.__getitem__
        mine, theirs = list(map(text, ones.tolist())), list(map(text, others.tolist()))
        return are_alike(self._np, mine, theirs, least=ALIKE_FROM)

    def _is_any(self, ones: Array, others: Array) -> Array:
        return (self._kin[ones] == _ANY) | (self._kin[others] == _ANY)

    def _may_be_one(self, ones: Array, others: Array, *, is_family: bool) -> Array:
        """Whether two words may be two forms of one name: more than alike."""
        lengths, other = self.sizes[ones], self.sizes[others]
        shorter, longer = self._np.minimum(lengths, other), self._np.maximum(lengths, other)
        maybe = self.may_be_near(ones, others, 1) | (
            (longer >= LONG) & self.may_be_near(ones, others, 2)
        )
        maybe &= shorter >= SLIP_LETTERS
        shared = self._kin[ones] & self._kin[others]
        if is_family:
            apart = self.bits[ones] ^ self.bits[others]
            within = ((apart & self.bits[ones]) == 0) | ((apart & self.bits[others]) == 0)
            maybe |= within & (shorter >= GLUED)
        else:
            maybe |= shared > _SOUND
        maybe |= (
            ((shared & _SOUND) != 0)
            & (shorter >= SHORTEST_VARIANT)
            & (longer - shorter <= LONGER_VARIANT)
            & self._spelt.may_be_near(ones, others, 1)
        )
        return maybe

    def _may_be_alike(self, ones: Array, others: Array) -> Array:
        """Whether words with one first letter may be alike, or one of them an initial."""
        np, apart = self._np, self.bits[ones] ^ self.bits[others]
        size, length = self.sizes[ones], self.sizes[others]
        common = np.minimum(
            size - count(np, apart & self.bits[ones]), length - count(np, apart & self.bits[others])
        )
        return (10 * common * (size + length) >= 11 * size * length) | (
            np.minimum(size, length) == 1
        )


def without(np: Numpy, bits: Array, times: int) -> Array:
    """The bits without the lowest, so many times."""
    for _ in range(times):
        bits = bits & (bits - np.uint64(1))
    return bits


def count(np: Numpy, bits: Array) -> Array:
    """How many bits are set."""
    return np.unpackbits(bits.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1, dtype=np.int64)
