"""The kit catches: repositories, each wrong in one way, fail the law that they break."""

from typing import Any

import pytest

from crmcore.errors import UsageError
from crmcore.testing import RepositorySuite
from tests.unit.testing.broken import NumbersAsText, Suite, ThreeValued, reading, run
from tests.unit.testing.simple import SimpleRepository

CAUGHT: list[tuple[type[SimpleRepository], str, str, dict[str, Any]]] = [
    (reading(ThreeValued), "S7", "test_parts_of_values_can_be_asked_for", {}),
    (reading(NumbersAsText), "S7", "test_decimals_sort_and_compare_as_numbers", {}),
]


@pytest.mark.parametrize(("broken", "law", "test", "arguments"), CAUGHT)
def test_a_broken_repository_fails_its_law(
    broken: type[SimpleRepository], law: str, test: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError, match=rf"law {law} is broken"):
        run(getattr(Suite, test), repository=broken, **arguments)


def test_the_fixture_must_be_given() -> None:
    wanted = RepositorySuite.repository.__wrapped__  # type: ignore[attr-defined]  # a fixture has it
    with pytest.raises(UsageError, match="override the fixture `repository`"):
        wanted(Suite())
