from crmcore.rules.matching.linkage.candidates import Limits, left_out


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
