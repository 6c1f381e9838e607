"""Links."""

from collections.abc import Mapping

from crmcore.rules.matching.links import (
    Both,
    Links,
    components,
    linked,
    units_for,
    units_of_doubt,
)

STRONG, WEAK = units_for(0.999), units_for(0.6)


def sets(found: list[list[int]]) -> set[tuple[int, ...]]:
    return {tuple(sorted(one)) for one in found}


def test_a_match_counts_ten_bits_at_most_and_a_doubt_a_third_of_them() -> None:
    assert units_for(1.0) == units_for(0.9999999) == -3 * units_of_doubt(-10.0)
    assert units_of_doubt(-99.0) == units_of_doubt(-10.0)
    assert units_for(0.5) == units_for(0.1) == 0
    assert units_of_doubt(1.0) > 0


def test_chains_connect() -> None:
    assert sets(components([(0, 1), (2, 3), (1, 2), (0, 3), (5, 6)])) == {(0, 1, 2, 3), (5, 6)}
    assert components([]) == []


def test_only_what_stands_against_a_pair_is_asked_for_within_groups() -> None:
    asked: list[dict[int, int]] = []

    def doubts(set_of: Mapping[int, int]) -> Mapping[Both, int]:
        asked.append(dict(set_of))
        return {(0, 2): units_of_doubt(-9.0)}

    pairs = [(0, 1), (1, 2), (5, 6)]
    found = linked(pairs, [STRONG, WEAK, WEAK], joined=(), apart=(), doubts=doubts)
    assert sets(found) == {(0, 1), (5, 6)}
    (told,) = asked
    assert told.keys() == {0, 1, 2}  # of two records only their own pair can be asked for
    assert len(set(told.values())) == 1


def test_a_pair_that_says_nothing_brings_no_third_one_in() -> None:
    pairs = [(0, 1), (1, 2), (5, 6)]
    units = [STRONG, 0, 0]
    assert sets(linked(pairs, units, joined=(), apart=(), doubts=lambda _: {})) == {(0, 1), (5, 6)}
    assert sets(linked(pairs, units, joined=(), apart=(), doubts=None)) == {(0, 1, 2), (5, 6)}


def test_a_judgement_outweighs_and_another_forbids() -> None:
    def doubts(_: Mapping[int, int]) -> Mapping[Both, int]:
        return {(0, 2): units_of_doubt(-10.0), (0, 3): units_of_doubt(-10.0)}

    pairs, units = [(0, 1), (2, 3), (1, 2)], [STRONG, STRONG, WEAK]
    found = linked(pairs, units, joined=[(1, 2)], apart=(), doubts=doubts)
    assert sets(found) == {(0, 1, 2, 3)}
    assert sets(linked(pairs, units, joined=(), apart=(), doubts=doubts)) == {(0, 1), (2, 3)}
    found = linked(pairs, units, joined=(), apart=[(0, 3), (8, 9)], doubts=None)
    assert sets(found) == {(0, 1), (2, 3)}


def test_a_set_costs_little_more_than_its_records_and_pairs() -> None:
    """The product of members, as one would count it for each pair, is 250,000 for the last one."""
    size = 1_000
    star = {(0, one): STRONG for one in range(1, size)}
    across = {(one, one + 1): units_of_doubt(-1.0) for one in range(1, size - 1)}
    chain = {(one, one + 1): STRONG for one in range(size - 1)}
    halves = sorted(chain, key=lambda both: both[0] % 2)
    for units in ({**star, **across}, chain):
        links = Links(units=units, weighs=True)
        for both in halves if units is chain else star:
            links.join(*both)
        assert sets(links.sets()) == {tuple(range(size))}
        assert links.moved < size * 12
