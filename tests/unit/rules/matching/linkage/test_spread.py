import gc
import multiprocessing
import os
from collections.abc import Callable
from functools import partial

import pytest

from crmcore.entities import Contact, Record
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import CONTACT_LINKAGE, find_duplicates, linkage_search
from crmcore.rules.matching.linkage import engine, spread
from crmcore.rules.matching.progress import Progress
from crmcore.values import PersonName
from tests.properties.matching.records import changed


def failing() -> int:
    raise ValueError("a and b")


def dying() -> int:
    os._exit(3)


def twice(number: int) -> Callable[[], int]:
    return lambda: 2 * number


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_what_tasks_give_comes_in_their_order(workers: int) -> None:
    assert spread.done(list(map(twice, range(5))), workers) == [0, 2, 4, 6, 8]
    assert spread.done([], workers) == []


def test_processes_share_in_the_work() -> None:
    one, other = os.pipe(), os.pipe()

    def meet(said: int, heard: int) -> int:
        """Wait until the other task has been taken, too."""
        os.write(said, b"!")
        os.read(heard, 1)
        return os.getpid()

    tasks = [partial(meet, one[1], other[0]), partial(meet, other[1], one[0])]
    pids = spread.done(tasks, 2)
    assert len(set(pids)) == 2
    assert os.getpid() not in pids


@pytest.mark.parametrize("at", [0, 1, 2])
def test_what_fails_in_a_process_is_raised_here(at: int) -> None:
    tasks = [twice(number) for number in range(3)]
    tasks[at] = failing
    with pytest.raises(ValueError, match="a and b"):
        spread.done(tasks, 2)


def test_a_process_that_dies_is_told() -> None:
    heard, said = os.pipe()

    def task() -> int:
        return len(os.read(heard, 1))  # the other task has been taken, too

    def last() -> int:
        os.write(said, b"!")
        return dying()

    with pytest.raises(RuntimeError, match="came to an end"):
        spread.done([task, last], 2)


def test_where_nothing_forks_one_process_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "can_fork", lambda: False)
    assert spread.done([os.getpid] * 3, 3) == [os.getpid()] * 3


def test_more_tasks_than_can_be_numbered_are_done_by_one_process() -> None:
    assert spread.done([os.getpid] * (spread.MOST + 1), 3) == [os.getpid()] * (spread.MOST + 1)


def test_a_process_sends_what_its_tasks_give() -> None:
    numbers, filled = os.pipe()
    os.write(filled, bytes([1, 0]))
    os.close(filled)
    mine, theirs = multiprocessing.Pipe(duplex=False)
    try:
        spread._work(theirs, [twice(5), twice(6)], numbers)
    finally:
        gc.enable()
        os.close(numbers)
    assert mine.recv() == [(1, 12), (0, 10)]


@pytest.mark.parametrize(("many", "workers"), [(0, 2), (1, 4), (17, 2), (10_000, 300)])
def test_parts_are_everything_once(many: int, workers: int) -> None:
    parts = spread.parts(many, workers)
    assert [one for part in parts for one in range(many)[part]] == list(range(many))
    assert len(parts) <= min(workers, spread.MOST)


def test_it_is_told_how_many_processes_have_answered() -> None:
    told: list[float] = []
    spread.done([os.getpid] * 4, 4, told=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]


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
    monkeypatch.setattr(engine, "MANY", 10)
    monkeypatch.setattr(linkage_search, "MANY", 10)
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
