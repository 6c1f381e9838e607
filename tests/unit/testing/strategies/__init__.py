"""How the tests of strategies look for an example."""

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st

T = TypeVar("T")

QUICK = settings(
    phases=[Phase.generate],
    database=None,
    derandomize=True,
    max_examples=3_000,
    suppress_health_check=list(HealthCheck),
)


def any_of(strategy: st.SearchStrategy[T], condition: Callable[[T], bool]) -> T:
    """An example for which the condition holds, not the smallest one; an error if there is none."""
    return find(strategy, condition, settings=QUICK)


def smallest(strategy: st.SearchStrategy[T]) -> T:
    """The simplest example, to which a failure shrinks that does not depend on it."""
    return find(strategy, lambda _: True, settings=QUICK)  # simplest comes first
