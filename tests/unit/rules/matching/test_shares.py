"""Shares."""

from crmcore.rules.matching.shares import share
from tests.properties.matching.asked import Asked


def test_what_shares_more_keys_is_kept_whichever_rule_found_it() -> None:
    one, other = Asked({(0, 1): 0b1, (0, 2): 0b11}), Asked({(0, 3): 0b111, (0, 4): 0b1})
    share([one, other], size=5, most=2)
    assert (set(one.pairs), set(other.pairs)) == ({(0, 2)}, {(0, 3)})


def test_of_equal_ones_an_earlier_key_counts_then_the_nearest_then_the_earlier_rule() -> None:
    one, other = Asked({(0, 1): 0b10, (0, 4): 0b1}), Asked({(0, 2): 0b1, (0, 3): 0b1})
    share([one, other], size=5, most=2)
    assert (set(one.pairs), set(other.pairs)) == (set(), {(0, 2), (0, 3)})
    first, second = Asked({(0, 1): 1}), Asked({(0, 1): 1})
    share([first, second], size=5, most=1)
    assert (set(first.pairs), set(second.pairs)) == ({(0, 1)}, set())


def test_one_rule_alone_and_records_with_few_pairs_are_left_as_they_are() -> None:
    one = Asked({(0, 1): 1, (0, 2): 1})
    share([one], size=3, most=1)
    assert len(one.pairs) == 2
    share([one, Asked({(1, 2): 1})], size=3, most=2)
    assert len(one.pairs) == 2
