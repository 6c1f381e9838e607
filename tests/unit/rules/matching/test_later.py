"""Values that are made when they are asked for."""

import pickle

from crmcore.rules.matching.later import Later


def test_a_value_is_made_once_and_what_it_is_made_of_is_let_go() -> None:
    asked: list[str] = []

    def make() -> tuple[int, int]:
        asked.append("once")
        return 1, 2

    later = Later(make)
    assert asked == []
    assert [later(), later()] == [(1, 2), (1, 2)]
    assert asked == ["once"]
    assert later._make is None


def test_what_is_not_made_yet_is_pickled_as_it_will_be() -> None:
    made = pickle.loads(pickle.dumps(Later(lambda: (1, 2))))  # noqa: S301  # what was written here
    assert made() == (1, 2)
