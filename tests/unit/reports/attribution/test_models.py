from datetime import timedelta

import pytest

from crmcore.errors import UnknownNameError, UsageError
from crmcore.reports.attribution import FIRST, as_model, milestones, time_decay


def test_a_model_is_known_by_its_name() -> None:
    assert as_model("first") is FIRST
    assert as_model(FIRST) is FIRST
    assert str(FIRST) == "first"
    with pytest.raises(UnknownNameError, match="did you mean 'markov'"):
        as_model("markow", ("markov",))


@pytest.mark.parametrize("weights", [{"rest": 1}, {"lead": 5}, {"first": -1, "last": 3}])
def test_weights_that_share_nothing_out_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="first or last"):
        milestones("own", **weights)


def test_a_half_life_is_above_zero() -> None:
    with pytest.raises(UsageError, match="half-life"):
        time_decay(timedelta())
