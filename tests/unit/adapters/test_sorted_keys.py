import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from crmcore.adapters import sorted_keys
from crmcore.adapters.sorted_keys import SortedKeys

KEYS = st.integers(0, 4_000)


class Machine(RuleBasedStateMachine):
    """Against a plain set; whole runs of keys at once, so that blocks split and vanish."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: SortedKeys[int] = SortedKeys()
        self.model: set[int] = set()

    @rule(start=KEYS, count=st.sampled_from([1, 3, 800]), step=st.sampled_from([1, -1, 7]))
    def add(self, start: int, count: int, step: int) -> None:
        for key in range(start, start + count * step, step):
            self.keys.add(key)
            self.model.add(key)

    @rule(start=KEYS, count=st.sampled_from([1, 3, 900]))
    def discard(self, start: int, count: int) -> None:
        for key in range(start, start + count):
            self.keys.discard(key)
            self.model.discard(key)

    @rule(low=KEYS, high=KEYS)
    def between(self, low: int, high: int) -> None:
        wanted = sorted(one for one in self.model if low <= one < high)
        assert list(self.keys.between(low, high)) == wanted

    @rule(key=KEYS, count=st.sampled_from([0, 1, 700]))
    def after(self, key: int, count: int) -> None:
        assert self.keys.after(key, count) == sorted(x for x in self.model if x > key)[:count]
        assert self.keys.after(None, count) == sorted(self.model)[:count]

    @rule(key=KEYS)
    def last_before(self, key: int) -> None:
        assert self.keys.last_before(key) == max((x for x in self.model if x < key), default=None)
        assert self.keys.last_before(None) == max(self.model, default=None)

    @invariant()
    def it_holds_the_same(self) -> None:
        assert list(self.keys) == sorted(self.model)
        assert len(self.keys) == len(self.model)


TestMachine = Machine.TestCase


@given(st.lists(KEYS))
def test_it_is_made_of_keys_in_any_order(keys: list[int]) -> None:
    assert list(SortedKeys(keys)) == sorted(set(keys))


def test_a_change_touches_one_block() -> None:
    """However many keys there are, none is in a list longer than a block."""
    keys = SortedKeys(range(100_000))
    for key in range(0, 1_000_000, 1_000):
        keys.add(key)
    assert max(map(len, keys._blocks)) <= sorted_keys.BLOCK


@pytest.mark.parametrize("there", [0, 1, 600, 20_000])
@pytest.mark.parametrize("step", [1, 7, -1])
@pytest.mark.parametrize("count", [0, 3, 600, 2_000])
def test_many_keys_are_put_in_their_places(there: int, step: int, count: int) -> None:
    """Behind all others, among them, and where some are there already."""
    keys = SortedKeys(range(there))
    more = [there * (step == 1) + step * number for number in range(count)]
    keys.add_all(more)
    wanted = sorted({*range(there), *more})
    assert list(keys) == wanted
    assert len(keys) == len(wanted)
    assert keys.after(None, 5) == wanted[:5]
    keys.add(10**6)
    keys.discard(more[-1] if more else 10**6)
    assert list(keys.between(0, 10**7)) == sorted(
        one for one in ({*wanted, 10**6} - {more[-1] if more else 10**6}) if one >= 0
    )
