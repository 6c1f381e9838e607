"""Clusters."""

from crmcore.rules.matching import Level, Match, clusters
from crmcore.rules.matching.clusters import pair
from crmcore.values import Ref

A, B, C, D, E = (Ref[object]("contact", letter) for letter in "abcde")


def match(one: Ref[object], other: Ref[object], score: float, level: Level = Level.SURE) -> Match:
    return Match(left=one, right=other, score=score, level=level, rule="r", evidence=())


def test_a_chain_of_pairs_is_one_cluster() -> None:
    (found,) = clusters([match(A, B, 0.9), match(B, C, 0.9)])
    assert found.members == (A, B, C)
    assert len(found) == 3


def test_a_cluster_is_sure_only_where_every_two_of_it_are() -> None:
    pairs = [match(A, B, 1), match(B, C, 1)]
    assert clusters(pairs)[0].level is Level.POSSIBLE
    assert clusters([*pairs, match(A, C, 1)])[0].level is Level.SURE
    assert clusters([*pairs, match(A, C, 0.8, Level.LIKELY)])[0].level is Level.LIKELY
    assert clusters([match(A, B, 0.1, Level.UNLIKELY)])[0].level is Level.UNLIKELY


def test_clusters_come_largest_first_then_by_their_first_record() -> None:
    found = clusters([match(D, E, 1), match(A, B, 0.8)])
    assert [one.members for one in found] == [(A, B), (D, E)]
    found = clusters([match(C, D, 1), match(D, E, 1), match(A, B, 1)])
    assert [len(one) for one in found] == [3, 2]


def test_what_must_stay_apart_does_and_the_better_pair_wins() -> None:
    pairs = [match(A, B, 0.9), match(B, C, 0.8)]
    assert [one.members for one in clusters(pairs, apart=[(A, C)])] == [(A, B)]
    pairs = [match(A, B, 0.8), match(B, C, 0.9)]
    assert [one.members for one in clusters(pairs, apart=[(A, C)])] == [(B, C)]


def test_what_stays_apart_does_so_through_larger_sets() -> None:
    pairs = [match(A, B, 0.9), match(C, D, 0.9), match(B, C, 0.8), match(D, E, 0.7)]
    found = [one.members for one in clusters(pairs, apart=[(A, D)])]
    assert found == [(C, D, E), (A, B)]


def test_what_is_joined_is_one_cluster_without_any_match() -> None:
    (found,) = clusters([], joined=[(A, B)])
    assert (found.members, found.level) == ((A, B), Level.SURE)


def test_without_pairs_there_are_no_clusters() -> None:
    assert clusters([]) == ()


def test_a_pair_has_the_lesser_reference_first() -> None:
    assert pair(B, A) == pair(A, B) == (A, B)


def test_a_cluster_says_who_is_in_it() -> None:
    assert str(clusters([match(A, B, 1)])[0]) == "contact:a, contact:b (sure)"


def test_doubts_keep_sets_apart_that_one_pair_would_glue() -> None:
    pairs = [match(A, B, 0.999), match(C, D, 0.999), match(B, C, 0.7)]
    assert [one.members for one in clusters(pairs)] == [(A, B, C, D)]
    doubts = {(A, C): -9.0, (A, D): -9.0, (B, D): -9.0}
    assert [one.members for one in clusters(pairs, doubts=doubts)] == [(A, B), (C, D)]
    judged = clusters(pairs, doubts=doubts, joined=[(B, C)])
    assert [one.members for one in judged] == [(A, B, C, D)]
