"""The kit catches: repositories, each wrong in one way, fail the law that they break."""

from typing import Any

import pytest

from crmcore.changes import ConflictError
from tests.unit.testing.broken import (
    IgnoredChecks,
    IgnoredPhantoms,
    IgnoredVersion,
    LimitedPhantoms,
    OwnRecordsCount,
    Suite,
    Unlocked,
    VersionsStartAgain,
    run,
)
from tests.unit.testing.simple import SimpleRepository

CAUGHT: list[tuple[type[SimpleRepository], str, str, dict[str, Any]]] = [
    (IgnoredVersion, "S4", "test_a_change_of_an_older_version_is_refused", {}),
    (IgnoredChecks, "S4", "test_a_version_that_was_relied_on_is_checked", {}),
    (IgnoredChecks, "S4", "test_a_record_that_was_relied_on_must_exist", {}),
    (IgnoredPhantoms, "S4", "test_a_record_that_must_not_be_there_is_noticed", {}),
    (IgnoredPhantoms, "S4", "test_of_many_threads_with_one_check_exactly_one_wins", {}),
    (IgnoredPhantoms, "S4", "test_a_child_is_not_added_while_its_parent_is_deleted", {}),
    (LimitedPhantoms, "S4", "test_a_check_sees_no_order_cursor_or_limit", {}),
    (VersionsStartAgain, "S4", "test_a_record_made_again_under_its_id_is_another", {}),
    (Unlocked, "S4", "test_of_many_threads_with_one_version_exactly_one_wins", {}),
    (Unlocked, "S9", "test_no_increment_of_many_threads_is_lost", {}),
]


@pytest.mark.parametrize(("broken", "law", "test", "arguments"), CAUGHT)
def test_a_broken_repository_fails_its_law(
    broken: type[SimpleRepository], law: str, test: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError, match=rf"law {law} is broken"):
        run(getattr(Suite, test), repository=broken, **arguments)


def test_own_records_that_count_are_a_conflict_where_there_is_none() -> None:
    with pytest.raises(ConflictError, match="my own"):
        Suite().test_a_record_that_must_not_be_there_is_noticed(repository=OwnRecordsCount)
