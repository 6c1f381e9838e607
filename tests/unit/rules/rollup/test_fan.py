from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.rollup.fan import Fan

STATES = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(), max_size=10)
PUTS = st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.none() | st.integers()))


@given(STATES, PUTS)
def test_the_top_is_all_of_them_merged(
    states: dict[str, int], puts: list[tuple[str, int | None]]
) -> None:
    fan = Fan(max, states)
    known = dict(states)
    assert fan.top == max(known.values(), default=None)
    for id_, state in puts:
        fan.put(id_, state)
        known.pop(id_, None)
        if state is not None:
            known[id_] = state
        assert fan.top == max(known.values(), default=None)


def test_one_change_is_a_few_merges() -> None:
    merges = []

    def counted(left: int, right: int) -> int:
        merges.append((left, right))
        return max(left, right)

    fan = Fan(counted, {str(one): one for one in range(1000)})
    merges.clear()
    fan.put("999", None)
    assert fan.top == 998
    assert len(merges) <= 10


def test_there_is_room_for_more() -> None:
    fan = Fan(max, {})
    assert fan.top is None
    for one in range(9):
        fan.put(str(one), one)
    assert fan.top == 8
    fan.put("gone", None)
    fan.put("8", None)
    assert fan.top == 7
