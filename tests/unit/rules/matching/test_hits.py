"""Hits."""

from crmcore.rules.matching import Level, Match
from crmcore.rules.matching.hits import Hits, ranked
from crmcore.rules.matching.matches import Made
from crmcore.values import Ref

REFS = [Ref[object]("contact", letter) for letter in "abcd"]


def hits(rule: str, *found: tuple[int, int, float]) -> Hits:
    matches = tuple(
        Match(left=REFS[a], right=REFS[b], score=s, level=Level.LIKELY, rule=rule, evidence=())
        for a, b, s in found
    )
    return Hits(
        source=Made(matches),
        first=[a for a, _, _ in found],
        second=[b for _, b, _ in found],
        scores=[score for *_, score in found],
        levels=[Level.LIKELY] * len(found),
    )


def test_of_a_pair_the_best_counts_and_of_equal_ones_the_first() -> None:
    one = hits("one", (0, 1, 0.8), (2, 3, 0.7))
    other = hits("other", (0, 1, 0.8), (2, 3, 0.9), (0, 3, 0.8))
    found = ranked([one, other])
    assert found.pairs == [(2, 3), (0, 1), (0, 3)]
    assert found.scores == [0.9, 0.8, 0.8]
    assert [match.rule for match in found.matches] == ["other", "one", "other"]
    assert [match.refs for match in found.matches] == [(REFS[a], REFS[b]) for a, b in found.pairs]


def test_what_is_kept_apart_is_told_in_order() -> None:
    found = ranked([hits("one", (2, 3, 0.9), (0, 1, 0.8))], apart=[(2, 3), (0, 1), (1, 2)])
    assert (found.pairs, found.apart, len(found.matches)) == ([], [(0, 1), (2, 3)], 0)
    assert ranked([]).matches == ()
