"""The kit catches: repositories, each wrong in one way, fail the law that they break."""

from typing import Any

import pytest

from crmcore.query import F
from tests.unit.testing.broken import (
    Backwards,
    Caseless,
    CursorIncluded,
    Forgetful,
    HalfAtATime,
    LiveSnapshot,
    MissingLast,
    NumbersAsText,
    OneIsTrue,
    OwnDictionary,
    SkippedPage,
    Suite,
    ThreeValued,
    TiesLeftOpen,
    Wildcards,
    reading,
    run,
)
from tests.unit.testing.simple import SimpleRepository

CAUGHT: list[tuple[type[SimpleRepository], str, str, dict[str, Any]]] = [
    (HalfAtATime, "S2", "test_a_commit_is_seen_whole_while_it_happens", {}),
    (LiveSnapshot, "S6", "test_a_snapshot_stays_in_its_moment", {}),
    (reading(OwnDictionary), "S6", "test_an_answer_is_the_callers_own", {}),
    (Forgetful, "S7", "test_a_query_sees_every_change", {}),
    (reading(OneIsTrue), "S7", "test_tricky_filters_mean_what_they_mean_in_memory", {}),
    (reading(Caseless), "S7", "test_tricky_filters_mean_what_they_mean_in_memory", {}),
    (reading(Wildcards), "S7", "test_tricky_filters_mean_what_they_mean_in_memory", {}),
    (reading(ThreeValued), "S7", "test_tricky_filters_mean_what_they_mean_in_memory", {}),
    (reading(NumbersAsText), "S5", "test_the_order_is_total", {"order": (F.employees,)}),
    (reading(MissingLast), "S5", "test_the_order_is_total", {"order": (F.employees,)}),
    (
        reading(TiesLeftOpen),
        "S5",
        "test_the_order_is_total",
        {"order": (F.is_person, F.parent_id.desc())},
    ),
    (reading(Backwards), "S5", "test_the_order_is_total", {"order": ()}),
    (reading(SkippedPage), "S5", "test_a_page_continues_behind_its_cursor_while_others_commit", {}),
    (
        reading(CursorIncluded),
        "S5",
        "test_a_page_continues_behind_its_cursor_while_others_commit",
        {},
    ),
]


@pytest.mark.parametrize(("broken", "law", "test", "arguments"), CAUGHT)
def test_a_broken_repository_fails_its_law(
    broken: type[SimpleRepository], law: str, test: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError, match=rf"law {law} is broken"):
        run(getattr(Suite, test), repository=broken, **arguments)
