from crmcore.rules.matching.linkage import fast
from crmcore.rules.matching.linkage.candidates import Candidates, Limits, left_out


def test_of_too_many_pairs_those_with_the_most_keys_stay_then_the_nearest() -> None:
    rows = 10
    found = {
        0 * rows + 1: 0b1,
        0 * rows + 2: 0b1,
        0 * rows + 3: 0b10,
        0 * rows + 9: 0b111,
    }
    assert left_out(found, rows, 4) == set()
    assert left_out(found, rows, 3) == {3}  # the only one of a later key
    assert left_out(found, rows, 2) == {2, 3}
    assert left_out(found, rows, 1) == {1, 2, 3}


def test_a_pair_counts_for_both_its_rows_or_is_left_out() -> None:
    rows = 4
    star = {0 * rows + 3: 1, 1 * rows + 3: 1, 2 * rows + 3: 1}
    assert left_out(star, rows, 1) == {0 * rows + 3, 1 * rows + 3}


def test_rows_are_compared_within_one_and_across_the_other() -> None:
    limits = Limits(block=5, partners=5, within=[0, 0, 1], across=[0, 1, 1])
    assert limits.allow(0, 1)
    assert not limits.allow(1, 2)
    assert not Limits(block=5, partners=5, across=[0, 1, 1]).allow(1, 2)


def test_pairs_that_were_compared_in_vain_are_told_within_sets() -> None:
    first, second, patterns = [0, 0, 1, 2, 4], [1, 2, 2, 3, 5], [0, 0, 1, 1, 1]
    plain = Candidates(first=first, second=second, keys=[1] * 5, blocks=(5,), skipped=((),))
    near = plain.near([True, False], patterns)
    assert (near.places, near.rows) == ([0, 1], [0, 1, 2])
    assert near.wanted == ([0, 0], [1, 2], [0, 0])
    assert near.rest_within({0: 1, 1: 1, 2: 1}) == ([1], [2], [1])
    assert near.rest_within({0: 1, 1: 1, 2: 2}) == near.rest_within({}) == ([], [], [])
    np = fast.numpy()
    if np is not None:
        columns = [np.asarray(one) for one in (first, second, [1] * 5)]
        arrays = Candidates(
            first=columns[0], second=columns[1], keys=columns[2], blocks=(5,), skipped=((),)
        )
        same = arrays.near([True, False], np.asarray(patterns))
        assert (same.places, same.wanted, same.rows) == (near.places, near.wanted, near.rows)
        for sets in ({0: 1, 1: 1, 2: 1}, {0: 1, 1: 1, 2: 2}, {}):
            assert same.rest_within(sets) == near.rest_within(sets)
        assert arrays.partners() == plain.partners()
        assert arrays.of({3}) == plain.of({3}) == [(2, 3, 1)]
        kept = arrays.without([(0, 1), (4, 5)])
        assert (fast.listed(kept.first), kept.left_out) == ([0, 1, 2], 2)
