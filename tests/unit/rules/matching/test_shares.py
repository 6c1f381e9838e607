"""Shares."""

from collections import Counter
from collections.abc import Collection

from crmcore.rules.matching.shares import share


class Rule:
    """Pairs that a rule wants to compare, with the keys that bring them together."""

    def __init__(self, pairs: dict[tuple[int, int], int]) -> None:
        self.pairs = pairs

    @property
    def partners(self) -> Counter[int]:
        return Counter(one for both in self.pairs for one in both)

    def asked(self, numbers: Collection[int], size: int) -> dict[int, int]:
        return {
            a * size + b: keys
            for (a, b), keys in self.pairs.items()
            if a in numbers or b in numbers
        }

    def leave_out(self, pairs: Collection[int], size: int) -> None:
        for both in pairs:
            del self.pairs[divmod(both, size)]


def test_what_shares_more_keys_is_kept_whichever_rule_found_it() -> None:
    one, other = Rule({(0, 1): 0b1, (0, 2): 0b11}), Rule({(0, 3): 0b111, (0, 4): 0b1})
    share([one, other], size=5, most=2)
    assert (set(one.pairs), set(other.pairs)) == ({(0, 2)}, {(0, 3)})


def test_of_equal_ones_an_earlier_key_counts_then_the_nearest_then_the_earlier_rule() -> None:
    one, other = Rule({(0, 1): 0b10, (0, 4): 0b1}), Rule({(0, 2): 0b1, (0, 3): 0b1})
    share([one, other], size=5, most=2)
    assert (set(one.pairs), set(other.pairs)) == (set(), {(0, 2), (0, 3)})
    first, second = Rule({(0, 1): 1}), Rule({(0, 1): 1})
    share([first, second], size=5, most=1)
    assert (set(first.pairs), set(second.pairs)) == ({(0, 1)}, set())


def test_one_rule_alone_and_records_with_few_pairs_are_left_as_they_are() -> None:
    one = Rule({(0, 1): 1, (0, 2): 1})
    share([one], size=3, most=1)
    assert len(one.pairs) == 2
    share([one, Rule({(1, 2): 1})], size=3, most=2)
    assert len(one.pairs) == 2
