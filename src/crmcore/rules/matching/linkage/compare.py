"""Compare: the codes of lines, identifiers and places, which people and companies both have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from crmcore.rules.matching.linkage import forms
from crmcore.rules.matching.linkage.subject import LEVELS, Found, coded
from crmcore.rules.matching.linkage.weights import RARE, Buckets
from crmcore.rules.similarity.contact_points import line_end
from crmcore.rules.similarity.lines import is_one_line, is_slip
from crmcore.rules.similarity.text import slips

_LONG_ENOUGH: Final = 4


def compare_lines(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    """1 the same line, 2 a slip, 3 another."""
    if len(one) == 1 == len(other):
        mine, theirs = one[0], other[0]
        if is_one_line(mine, theirs):
            return coded(1, learnt.bucket("line", line_end(mine)))
        return coded(2 if is_slip(mine, theirs) else 3, RARE)
    shared = [a for a in one for b in other if is_one_line(a, b)]
    if shared:
        return coded(1, min(learnt.bucket("line", line_end(text)) for text in shared))
    return coded(2 if any(is_slip(a, b) for a in one for b in other) else 3, RARE)


def compare_idents(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    """1 the same identifier, 2 a slip, 3 another."""
    return compare_texts(one, other, learnt, table="identifier", near=_are_near)


def compare_texts(
    one: tuple[str, ...],
    other: tuple[str, ...],
    learnt: Buckets,
    *,
    table: str,
    near: Callable[[str, str], object],
) -> int:
    """1 a text in common, by its bucket in this table, 2 texts that are near, 3 others."""
    if len(one) == 1 == len(other):
        mine, theirs = one[0], other[0]
        if mine == theirs:
            return coded(1, learnt.bucket(table, mine))
        return coded(2 if near(mine, theirs) else 3, RARE)
    shared = set(one).intersection(other)
    if shared:
        return coded(1, min(learnt.bucket(table, text) for text in shared))
    return coded(2 if any(near(a, b) for a in one for b in other) else 3, RARE)


def _are_near(one: str, other: str) -> bool:
    return len(one) >= _LONG_ENOUGH and slips(one, other) <= 1


def itself(form: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of a form."""
    return form


def compare_places(
    one: tuple[forms.Place, ...], other: tuple[forms.Place, ...], learnt: Buckets
) -> int:
    """1 one postal code, 2 one city, 3 another place; 0: they have no part in common."""
    if len(one) == 1 == len(other):
        found = forms.compare_places(one[0], other[0], learnt)
    else:
        found = min(forms.compare_places(a, b, learnt) for a in one for b in other)
    return 0 if found[0] == forms.NOTHING else coded(*found)


def compare_streets(
    one: tuple[forms.Street, ...], other: tuple[forms.Street, ...], learnt: Buckets
) -> int:
    """1 the same house, 2 the same street or the same number, 3 another."""
    if len(one) == 1 == len(other):
        return coded(*forms.compare_streets(one[0], other[0], learnt))
    return coded(*min(forms.compare_streets(a, b, learnt) for a in one for b in other))


_BEGINNING: Final = 5


def beginnings(form: tuple[str, ...]) -> tuple[str, ...]:
    """The first letters of each text, spaces left out."""
    return forms.different([text.replace(" ", "")[:_BEGINNING] for text in form])


def found_by(code: int) -> Found:
    """The level, counted from 0, and the bucket of a code; ``None``: not compared."""
    return (code % LEVELS - 1, code // LEVELS) if code else None
