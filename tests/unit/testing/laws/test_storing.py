"""The kit catches: repositories, each wrong in one way, fail the law that they break."""

from typing import Any

import pytest

from tests.unit.testing.broken import (
    BackwardJournal,
    CaselessIds,
    CutAt64Kib,
    ErrorForAbsent,
    FewIds,
    KindsMixed,
    NoChecksOfEmptySets,
    Normalised,
    NumbersStandStill,
    OpenAfterClose,
    Partial,
    SilentJournal,
    Smaller,
    StaleRead,
    Suite,
    Trimmed,
    TrimmedIds,
    Unlabelled,
    reading,
    run,
)
from tests.unit.testing.simple import SimpleRepository

CAUGHT: list[tuple[type[SimpleRepository], str, str, dict[str, Any]]] = [
    (NoChecksOfEmptySets, "S4", "test_an_empty_set_stores_nothing", {}),
    (NumbersStandStill, "S4", "test_the_sequence_number_rises_and_is_the_version", {}),
    (Partial, "S2", "test_a_refused_set_stores_nothing_of_it", {"place": 1}),
    (CutAt64Kib, "S1", "test_a_text_is_read_back_as_it_was_stored", {}),
    (Trimmed, "S1", "test_a_text_is_read_back_as_it_was_stored", {}),
    (Normalised, "S1", "test_a_text_is_read_back_as_it_was_stored", {}),
    (Smaller, "S1", "test_a_number_is_read_back_as_it_was_stored", {}),
    (Unlabelled, "S1", "test_what_was_committed_is_read_back_equal", {}),
    (StaleRead, "S1", "test_a_text_is_read_back_as_it_was_stored", {}),
    (reading(FewIds), "S1", "test_one_get_takes_any_number_of_ids", {}),
    (reading(TrimmedIds), "S1", "test_ids_that_look_alike_are_different", {}),
    (reading(CaselessIds), "S1", "test_ids_that_look_alike_are_different", {}),
    (reading(KindsMixed), "S1", "test_ids_that_look_alike_are_different", {}),
    (reading(ErrorForAbsent), "S1", "test_one_get_takes_any_number_of_ids", {}),
    (SilentJournal, "S8", "test_replaying_the_journal_gives_each_moment", {}),
    (BackwardJournal, "S8", "test_replaying_the_journal_gives_each_moment", {}),
]


@pytest.mark.parametrize(("broken", "law", "test", "arguments"), CAUGHT)
def test_a_broken_repository_fails_its_law(
    broken: type[SimpleRepository], law: str, test: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError, match=rf"law {law} is broken"):
        run(getattr(Suite, test), repository=broken, **arguments)


def test_a_store_that_is_open_after_closing_is_noticed() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        Suite().test_a_closed_store_refuses_every_call(OpenAfterClose)
