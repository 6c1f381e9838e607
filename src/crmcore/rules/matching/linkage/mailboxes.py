"""Mailboxes: how alike two of them are, and the codes of many pairs of them by arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crmcore.rules.matching.linkage import forms as texts_of
from crmcore.rules.matching.linkage.far_words import Letters, count
from crmcore.rules.matching.linkage.many import Array, Numpy, asked_of, in_steps, numbered, used
from crmcore.rules.matching.linkage.subject import LEVELS, coded
from crmcore.rules.matching.linkage.weights import RARE, Buckets
from crmcore.rules.similarity.many_texts import are_alike
from crmcore.rules.similarity.text import jaro_winkler, slips

(
    M_SAME,
    M_SLIP,
    M_ALIKE,
    M_ELSEWHERE,
    M_COLLEAGUE,
    M_NUMBERED,
    M_OTHER_DOMAIN,
    M_OTHER,
    M_NUMBERED_ANYWHERE,
) = range(1, 10)
_ALIKE: Final = 0.88
_DOMAIN_SLIPS: Final = 2
_LONG_ENOUGH: Final = 4
_LONG: Final = 8


def compare_mailboxes(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    """The code of the two mailboxes that are most alike."""
    if len(one) == 1 == len(other):
        return coded(*_compared(one[0], other[0], learnt))
    return coded(*min(_compared(mine, theirs, learnt) for mine in one for theirs in other))


def _compared(mine: str, theirs: str, learnt: Buckets) -> tuple[int, int]:
    """The level, from ``M_SAME`` on, and the bucket, of two mailboxes."""
    if mine == theirs:
        return M_SAME, learnt.bucket("mail", mine)
    local, _, domain = mine.partition("@")
    other, _, elsewhere = theirs.partition("@")
    if domain == elsewhere:
        return _at_one_domain(local, other, domain, learnt)
    if local == other:
        return (M_SLIP if slips(domain, elsewhere) <= _DOMAIN_SLIPS else M_ELSEWHERE), RARE
    if len(local) >= _LONG_ENOUGH <= len(other):
        if (
            -2 < len(local) - len(other) < 2  # one slip is sought
            and slips(local, other) <= 1
            and slips(domain, elsewhere) <= _DOMAIN_SLIPS
        ):
            return M_SLIP, RARE
        if mine[0] == theirs[0] and jaro_winkler(mine, theirs, least=_ALIKE):
            return M_ALIKE, RARE
    if texts_of.is_own(domain) and texts_of.is_own(elsewhere):
        return M_OTHER_DOMAIN, RARE
    return M_OTHER, RARE


def _at_one_domain(local: str, other: str, domain: str, learnt: Buckets) -> tuple[int, int]:
    is_short = len(local) < _LONG or len(other) < _LONG
    is_near = slips(local, other) <= (1 if is_short else 2)
    first, second = local[:1], other[:1]
    # what begins with two letters, and is no slip, is not the same but for its digits either
    if is_near or first == second or not (first.isalpha() and second.isalpha()):
        if texts_of.digits(local) == texts_of.digits(other):
            if is_near:
                return M_SLIP, RARE
        elif texts_of.letters(local) == texts_of.letters(other):
            if not texts_of.is_own(domain):
                return M_NUMBERED_ANYWHERE, RARE
            return M_NUMBERED, learnt.bucket("domain", domain)
    if texts_of.is_own(domain):
        return M_COLLEAGUE, learnt.bucket("domain", domain)
    return M_OTHER, RARE


_DIGITS: Final = sum(1 << (ord(digit) & 63) for digit in "0123456789")
_SOME: Final = 1_000
_ALIKE_IN_ALL: Final = 1_399
"""Two texts are alike from a Jaro similarity of 0.8 on, where four letters at the start agree, and
for that the shares of their letters that they have in common add up to 1.4 (in thousandths, and
less what rounding may take)."""


def compare_many_mailboxes(
    np: Numpy,
    forms: Sequence[tuple[str, ...]],
    pairs: tuple[Array, Array],
    learnt: Buckets,
) -> Array:
    """What ``compare_mailboxes`` gives, for pairs of forms given by their numbers, in their order.

    Most are two names at one domain, or at two, without a letter's slip between them; which these
    are is told by their letters, and only the others are compared one by one.
    """
    boxes, places = used(np, forms, pairs)
    if len(boxes) > len(places[0]):  # to read their letters takes longer than to compare them
        return asked_of(np, compare_mailboxes, boxes, places, learnt)
    many = _Many(np, boxes, learnt)

    def codes_of(ones: Array, others: Array) -> Array:
        codes, is_sure = many.codes(ones, others)
        asked = np.flatnonzero(~is_sure)
        both = ones[asked], others[asked]
        codes[asked] = asked_of(np, compare_mailboxes, boxes, both, learnt)
        return codes

    return in_steps(np, places, codes_of)


class _Many:
    """Mailboxes as numbers of domains, and the letters of what stands before them."""

    def __init__(self, np: Numpy, boxes: Sequence[tuple[str, ...]], learnt: Buckets) -> None:
        self._np = np
        parts = [form[0].partition("@") for form in boxes]
        domains, self._domain = numbered(np, (domain for _, _, domain in parts))
        self._texts = Letters(np, domains)
        self._is_own = np.asarray(list(map(texts_of.is_own, domains)), dtype=bool)
        self._buckets = np.asarray(
            [learnt.bucket("domain", one) for one in domains], dtype=np.int64
        )
        self._names = [local for local, _, _ in parts]
        self._whole = [form[0] for form in boxes]
        self._local = Letters(np, self._names)
        # of several in one form, and of what is not ASCII, nothing is said
        is_one = np.fromiter(map(len, boxes), dtype=np.int64, count=len(boxes)) == 1
        is_plain = self._local.is_ascii & (self._local.first != ord(" "))
        self._is_plain = is_one & is_plain & self._texts.is_ascii[self._domain]

    def codes(self, ones: Array, others: Array) -> tuple[Array, Array]:
        """The codes of the pairs, and which of them are sure."""
        np, local = self._np, self._local
        domain, elsewhere = self._domain[ones], self._domain[others]
        is_one = domain == elsewhere
        is_same = self._are_same(ones, others)
        own = self._is_own[domain] & self._is_own[elsewhere]
        # colleagues, or two who have nothing in common
        levels = np.where(own, np.where(is_one, M_COLLEAGUE, M_OTHER_DOMAIN), M_OTHER)
        levels[is_same] = M_ELSEWHERE
        buckets = np.where(own & is_one, self._buckets[domain], RARE)
        near = self._texts.may_be_near(domain, elsewhere, _DOMAIN_SLIPS)
        apart = local.bits[ones] ^ local.bits[others]
        numbered = (apart & np.uint64(2**64 - 1 - _DIGITS)) == 0
        maybe = np.where(
            is_one,
            is_same | numbered | local.may_be_near(ones, others, 2),
            near & (is_same | local.may_be_near(ones, others, 1)),
        )
        are_long = np.minimum(local.sizes[ones], local.sizes[others]) >= _LONG_ENOUGH
        begin_alike = are_long & (local.first[ones] == local.first[others])
        rest = np.flatnonzero(begin_alike & ~(is_one | is_same | maybe))
        rest = rest[self._may_be_alike(ones[rest], others[rest])]
        levels[rest[self._are_alike(ones[rest], others[rest])]] = M_ALIKE
        is_sure = ~maybe & self._is_plain[ones] & self._is_plain[others]
        return buckets * LEVELS + levels, is_sure

    def _are_same(self, ones: Array, others: Array) -> Array:
        """Whether the names before the domains are equal."""
        local, names = self._local, self._names
        found = local.bits[ones] == local.bits[others]
        at = self._np.flatnonzero(found)
        found[at] = [
            names[one] == names[other]
            for one, other in zip(ones[at].tolist(), others[at].tolist(), strict=True)
        ]
        return found

    def _may_be_alike(self, ones: Array, others: Array) -> Array:
        """Whether mailboxes at two domains that begin with one letter may be alike as a whole."""
        np, local, texts = self._np, self._local, self._texts
        at = np.uint64(1 << (ord("@") & 63))
        domain, elsewhere = self._domain[ones], self._domain[others]
        mine = local.bits[ones] | texts.bits[domain] | at
        theirs = local.bits[others] | texts.bits[elsewhere] | at
        size = local.sizes[ones] + texts.sizes[domain] + 1
        length = local.sizes[others] + texts.sizes[elsewhere] + 1
        common = np.minimum(size - count(np, mine & ~theirs), length - count(np, theirs & ~mine))
        return _SOME * common * (size + length) >= _ALIKE_IN_ALL * size * length

    def _are_alike(self, ones: Array, others: Array) -> Array:
        """Whether these mailboxes are alike as a whole."""
        whole = self._whole.__getitem__
        mine, theirs = list(map(whole, ones.tolist())), list(map(whole, others.tolist()))
        return are_alike(self._np, mine, theirs, least=_ALIKE)
