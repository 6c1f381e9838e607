import multiprocessing
import os
from array import array

import pytest

from crmcore.entities import Contact, Record
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import CONTACT_LINKAGE, find_duplicates
from crmcore.rules.matching.linkage import spread
from crmcore.rules.matching.linkage.weights import Buckets
from crmcore.rules.matching.progress import Progress
from crmcore.values import PersonName
from tests.properties.matching.records import changed

LEARNT = CONTACT_LINKAGE.about.standard.buckets()
FORMS = (None, "a", "bb", "ccc")


def longer(one: str, other: str, _: Buckets) -> int:
    return max(len(one), len(other))


def failing(one: str, other: str, _: Buckets) -> int:
    raise ValueError(f"{one} and {other}")


def dying(one: str, other: str, _: Buckets) -> int:
    os._exit(len(one + other))


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_codes_come_in_the_order_of_the_pairs(workers: int) -> None:
    pairs = ([1, 0, 1, 2, 1], [2, 0, 3, 3, 1])
    assert spread.decided(longer, FORMS, LEARNT, pairs, workers) == [2, 0, 3, 3, 1]


def test_what_fails_in_a_process_is_raised_here() -> None:
    with pytest.raises(ValueError, match="a and bb"):
        spread.decided(failing, FORMS, LEARNT, ([1], [2]), 2)


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(RuntimeError, match="came to an end"):
        spread.decided(dying, FORMS, LEARNT, ([1, 1], [2, 3]), 2)


def test_a_process_sends_its_codes() -> None:
    mine, theirs = multiprocessing.Pipe(duplex=False)
    spread._work(theirs, longer, FORMS, LEARNT, (array("q", [1, 0]), array("q", [3, 0])))
    assert array("q", mine.recv()).tolist() == [3, 0]


def people() -> list[Record]:
    return [
        changed(
            Contact(
                name=PersonName(family=f"Family{at // 2}", given=f"Given{at % 7}"),
                email=f"box{at // 3}@example{at % 5}.org",
            ),
            id=f"c{at:03}",
        )
        for at in range(400)
    ]


def test_any_number_of_processes_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "MANY", 10)
    alone = find_duplicates(people(), rules=[CONTACT_LINKAGE], model=STANDARD_MODEL)
    together = find_duplicates(people(), rules=[CONTACT_LINKAGE], model=STANDARD_MODEL, workers=3)
    assert alone.compared > 100
    assert together == alone


def test_a_search_tells_how_far_it_has_come() -> None:
    told: list[Progress] = []
    find_duplicates(people(), rules=[CONTACT_LINKAGE], model=STANDARD_MODEL, progress=told.append)
    assert list(dict.fromkeys(one.stage for one in told)) == [
        *("read", "paired", "compared", "learnt", "found"),
    ]
    assert {one.rule for one in told} == {CONTACT_LINKAGE.name}
    assert all(0 < one.share <= 1 for one in told)


@pytest.mark.parametrize(("workers", "partners"), [(0, 50), (1, 0)])
def test_no_process_and_no_comparison_is_no_search(workers: int, partners: int) -> None:
    with pytest.raises(UsageError, match="at least"):
        find_duplicates(
            people(),
            rules=[CONTACT_LINKAGE],
            model=STANDARD_MODEL,
            workers=workers,
            partner_limit=partners,
        )
