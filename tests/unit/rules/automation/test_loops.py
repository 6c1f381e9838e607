"""Rules that make one another act for ever."""

import pytest

from crmcore import Lead
from crmcore.rules.automation.loops import MOST, AutomationLoopError, Cause, require_no_loop

COLD, HOT = (Lead(company="Acme", id="l", rating=one) for one in ("Cold", "Hot"))  # type: ignore[arg-type]  # any text


def test_the_same_rule_on_the_same_record_as_it_was_is_a_loop() -> None:
    first = Cause("a", COLD)
    second = Cause("b", HOT, first)
    require_no_loop(second)
    with pytest.raises(AutomationLoopError, match="a -> b -> a") as loop:
        require_no_loop(Cause("a", COLD, second))
    assert loop.value == AutomationLoopError(("a", "b"), COLD.ref)
    require_no_loop(Cause("a", HOT, second))
    require_no_loop(Cause("a", Lead(company="Acme"), second))


def test_what_differs_each_time_may_go_on_for_a_while() -> None:
    cause: Cause | None = None
    for number in range(MOST):
        cause = Cause("a", Lead(company=f"{number}", id="l"), cause)  # type: ignore[arg-type]  # any text
        require_no_loop(cause)
    with pytest.raises(AutomationLoopError):
        require_no_loop(Cause("a", Lead(company="x", id="l"), cause))  # type: ignore[arg-type]  # any text


def test_records_that_were_there_may_be_as_many_as_there_are() -> None:
    cause: Cause | None = None
    for _ in range(3 * MOST):
        cause = Cause("a", Lead(company="x"), cause)
        require_no_loop(cause)
    made: Cause | None = None
    with pytest.raises(AutomationLoopError):
        for _ in range(3 * MOST):
            made = Cause("a", Lead(company="x"), made, is_made=True)
            require_no_loop(made)
