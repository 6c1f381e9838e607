"""Pairs of seven countries: duplicates are found alike everywhere, and few others are.

The halves stand apart, because tables and weights were made while looking at one of them.
"""

from functools import cache

import pytest

from tests.properties.matching.country_pairs import COUNTRIES, KINDS, Found, search

RECALL = 0.4
"""Recall in one country is at most so much below that of the best: three pairs of eight."""

BOTH = 2 / 16
"""The same for both halves together."""

LEAST = {
    ("people", False): (0.94, 0.89),
    ("people", True): (0.94, 0.75),
    ("companies", False): (0.94, 0.91),
    ("companies", True): (0.88, 0.87),
}
"""Recall and precision over all countries, of each half; measured ones are 0.04 higher."""


@cache
def found(kind: str, country: str, *, is_held_out: bool) -> Found:
    return search(kind, country, is_held_out=is_held_out)


@pytest.mark.parametrize("is_held_out", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_country_has_duplicates_found_and_others_told_apart(
    kind: str, is_held_out: bool
) -> None:
    """D3."""
    halves = [found(kind, one, is_held_out=is_held_out) for one in COUNTRIES]
    assert all(one.true == 8 for one in halves)
    right = sum(one.right for one in halves)
    recall = right / sum(one.true for one in halves)
    precision = right / (right + sum(len(one.wrong) for one in halves))
    least = LEAST[kind, is_held_out]
    assert recall >= least[0]
    assert precision >= least[1]
    best = max(one.right / one.true for one in halves)
    assert all(one.right / one.true >= best - RECALL for one in halves)


@pytest.mark.parametrize("country", COUNTRIES)
def test_people_of_every_country_are_found_alike(country: str) -> None:
    """D3: both halves together, within two pairs of sixteen of the best."""
    assert share("people", country) >= max(share("people", one) for one in COUNTRIES) - BOTH


@pytest.mark.parametrize("country", COUNTRIES)
def test_companies_of_every_country_are_found_alike(country: str) -> None:
    """D3: likewise."""
    assert share("companies", country) >= max(share("companies", one) for one in COUNTRIES) - BOTH


def share(kind: str, country: str) -> float:
    """The recall in one country, both halves together."""
    halves = [found(kind, country, is_held_out=held) for held in (False, True)]
    return sum(half.right for half in halves) / sum(half.true for half in halves)
