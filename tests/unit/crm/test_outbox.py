"""The outbox: at least once, in order, from a cursor on."""

from collections.abc import Iterator

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import Account, Crm, MemoryRepository
from crmcore.crm.hooks import Event, RecordCreated
from crmcore.crm.outbox import DeliveryError, OutboxGapError, place
from crmcore.errors import UsageError
from crmcore.ports import HistoryGoneError
from crmcore.ports.journal import Commit


class Forgetful(MemoryRepository):
    """A store whose journal keeps the commits after a number only, and may forget changes."""

    def __init__(self) -> None:
        super().__init__()
        self.oldest = 0
        self.erased: set[int] = set()

    def commits(self, after: int = 0) -> Iterator[Commit]:
        if after < self.oldest:
            raise HistoryGoneError(after, self.oldest)
        for one in super().commits(after):
            yield attrs.evolve(one, changes=one.changes[1:]) if one.seq in self.erased else one


def filled(sizes: list[int]) -> tuple[Crm, Forgetful]:
    """A store with a commit of so many records for each size."""
    store = Forgetful()
    crm = Crm(store)
    for size in sizes:
        crm.add_all([Account(name=f"Account {number}") for number in range(size)])
    return crm, store


SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=5)


class Consumer:
    """It applies each event once, and breaks when it has taken so many."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.seen: list[str] = []
        self.applied: list[str] = []
        self.left = 0

    def __call__(self, one: Event) -> None:
        self.seen.append(one.id)
        if self.left == 0:
            raise ZeroDivisionError
        self.left -= 1
        if one.id not in self.applied:
            self.applied.append(one.id)

    def save(self, cursor: str) -> None:
        self.cursor = cursor


@given(SIZES, st.lists(st.integers(0, 6), max_size=8))
def test_every_event_is_delivered_in_order_whatever_fails(
    sizes: list[int], failures: list[int]
) -> None:
    crm, _ = filled(sizes)
    wanted = [one.id for one in crm.outbox().events()]
    assert len(wanted) == sum(sizes)
    mine = Consumer()
    for left in [*failures, 100]:
        mine.left = left
        try:
            crm.outbox().deliver(mine, after=mine.cursor, save=mine.save)
        except DeliveryError:
            event("failed")
    assert mine.applied == wanted
    assert list(dict.fromkeys(mine.seen)) == wanted
    assert mine.cursor == wanted[-1]
    assert list(crm.outbox().events(mine.cursor)) == []


@given(SIZES, st.data())
def test_reading_goes_on_behind_any_cursor(sizes: list[int], data: st.DataObject) -> None:
    crm, store = filled(sizes)
    told = list(crm.outbox().events())
    at = data.draw(st.integers(0, len(told) - 1))
    assert list(crm.outbox().events(told[at].id)) == told[at + 1 :]
    seq, number, of = place(told[at].id)
    store.oldest = seq if number == of else seq - 1
    assert list(crm.outbox().events(told[at].id)) == told[at + 1 :]
    store.oldest += 1
    with pytest.raises(OutboxGapError, match=r"no longer all kept.*outbox\.restart") as gap:
        list(crm.outbox().events(told[at].id))
    assert isinstance(gap.value.__cause__, HistoryGoneError)
    restart = crm.outbox().restart()
    assert {one.ref for one in restart.records} == {one.ref for one in crm.find(Account)}
    store.oldest = len(sizes)
    assert list(crm.outbox().events(restart.cursor)) == []
    new = crm.add(Account(name="New"))
    (last,) = crm.outbox().events(restart.cursor)
    assert isinstance(last, RecordCreated)
    assert last.record == new


def test_a_commit_that_lost_events_is_told_again() -> None:
    crm, store = filled([3, 1])
    cursor = list(crm.outbox().events())[1].id
    assert len(list(crm.outbox().events(cursor))) == 2
    store.erased.add(1)
    assert [one.id for one in crm.outbox().events(cursor)] == ["1-1-2", "1-2-2", "2-1-1"]


def test_a_consumer_that_fails_is_told_where_to_go_on() -> None:
    crm, _ = filled([2])

    def fail(_: Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(DeliveryError, match="failed on event 1-1-2; go on from the start") as why:
        crm.outbox().deliver(fail)
    assert isinstance(why.value.__cause__, ZeroDivisionError)
    with pytest.raises(DeliveryError, match="go on from 1-1-2"):
        crm.outbox().deliver(fail, after="1-1-2")
    assert crm.outbox().deliver(fail, after="1-2-2") == "1-2-2"


def test_only_the_id_of_an_event_is_a_cursor() -> None:
    crm, _ = filled([1])
    for wrong in ("", "1", "1-1", "a-b-c", "1-1-1-1", 3):
        with pytest.raises(UsageError, match="this is no cursor"):
            list(crm.outbox().events(wrong))  # type: ignore[arg-type]  # that is the point
    assert place("12-3-4") == (12, 3, 4)


class Plain:
    """A repository without a journal."""

    def __init__(self) -> None:
        self._store = MemoryRepository()
        self.snapshot = self._store.snapshot
        self.commit = self._store.commit
        self.close = self._store.close


def test_a_store_without_a_journal_has_no_outbox() -> None:
    crm = Crm(Plain())
    crm.add(Account(name="Acme"))
    with pytest.raises(UsageError, match="keeps no journal"):
        crm.outbox()
