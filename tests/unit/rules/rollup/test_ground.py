from crmcore.rules.rollup.ground import Ground, ground


def upward(made: Ground) -> list[tuple[int, int]]:
    """The pairs, after seeing that each account is behind everything below it."""
    pairs = made.upward()
    done: set[int] = set()
    for one, above in pairs:
        assert above not in done
        done.add(one)
    return pairs


def test_positions_are_in_the_order_given_and_nowhere_is_0() -> None:
    made = ground({"top": None, "left": "top", "low": "left"})
    assert made.at == {"top": 1, "left": 2, "low": 3}
    assert made.above == [0, 0, 1, 2]
    assert made.is_in_order
    assert upward(made) == [(3, 2), (2, 1)]
    assert made.tops() == ("top",)


def test_children_before_their_parents_are_put_in_order() -> None:
    made = ground({"low": "left", "left": "top", "top": None})
    assert not made.is_in_order
    assert upward(made) == [(1, 2), (2, 3)]
    assert made.downward() == [3, 2, 1]


def test_members_of_a_loop_are_tops_and_what_is_below_them_stays() -> None:
    made = ground({"a": "b", "b": "a", "c": "b", "self": "self"})
    assert made.looping == {"a", "b", "self"}
    assert made.tops() == ("a", "b", "self")
    assert upward(made) == [(3, 2)]


def test_who_names_a_parent_that_is_not_there_waits_for_it() -> None:
    made = ground({"a": "gone", "b": None, "c": "gone"})
    assert made.waiting == {"gone": {"a": None, "c": None}}
    assert made.tops() == ("a", "b", "c")


def test_what_nobody_stored_goes_to_nowhere_and_lists_grow_with_it() -> None:
    made = ground({"a": None})
    numbers, lists = made.spread(int), made.spread(list)
    assert made.add("ghost") == 2
    assert numbers == [0, 0, 0]
    assert lists == [[], [], []]
    assert lists[1] is not lists[2]
    assert made.strangers == ["ghost"]
    assert upward(made) == [(2, 0)]


def test_depth_does_not_matter() -> None:
    ids = [f"a{at}" for at in range(100_000)]
    parents = dict(zip(ids, [None, *ids[:-1]], strict=True))
    backwards = dict(reversed(parents.items()))
    for raw in (parents, backwards):
        made = ground(raw)
        assert len(made.upward()) == len(ids) - 1
        assert made.tops() == ("a0",)
