from fractions import Fraction

import pytest

from crmcore.reports.attribution import ChannelPath, markov, normalised, positional, shapley

PATHS = [
    ChannelPath(channels=["web", "mail", "web"], converted=3, failed=1),
    ChannelPath(channels=["mail"], converted=1, failed=2),
    ChannelPath(channels=[], converted=5),
    ChannelPath(channels=["fair"], failed=4),
]


def test_credit_by_position() -> None:
    assert positional(PATHS, "first") == {"web": 3, "mail": 1, "fair": 0}
    assert positional(PATHS, "last") == {"web": 3, "mail": 1, "fair": 0}
    assert positional(PATHS, "linear") == {"web": 2, "mail": 2, "fair": 0}


def test_a_channel_that_comes_twice_has_one_share() -> None:
    assert shapley(PATHS) == {"web": Fraction(3, 2), "mail": Fraction(5, 2), "fair": 0}


def test_effects_become_shares_of_one() -> None:
    effects = markov(PATHS)
    assert effects["fair"] == 0
    assert sum(normalised(effects).values()) == pytest.approx(1)
    nothing = markov([ChannelPath(channels=["web"], failed=1)])
    assert nothing == normalised(nothing) == {"web": 0.0}
    assert markov([]) == {}
