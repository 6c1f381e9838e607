from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve, frozen

from crmcore import (
    STANDARD_MODEL,
    Account,
    Contact,
    Crm,
    CustomField,
    F,
    MemoryRepository,
    NotFoundError,
    PersonName,
    Record,
    Ref,
)
from crmcore.adapters import MemoryRowStore
from crmcore.changes import ChangeSet, Insert
from crmcore.errors import UsageError
from crmcore.fields import Picklist
from crmcore.ports import HistoryGoneError

START = datetime(2026, 1, 1, tzinfo=UTC)


class Ticking:
    """A clock that is a day later each time it is asked."""

    def __init__(self) -> None:
        self.day = 0

    def __call__(self) -> datetime:
        self.day += 1
        return START + timedelta(days=self.day)


@pytest.fixture
def crm() -> Crm:
    tier = CustomField(name="tier", type=Picklist("gold"))
    model = STANDARD_MODEL.with_custom_fields(Account, tier)
    return Crm(MemoryRepository(), model=model, clock=Ticking(), by="ann")


@frozen(kw_only=True)
class Seat(Record):
    """A record that says nothing of itself."""


class Plain:
    """A repository without a journal."""

    def __init__(self) -> None:
        self._store = MemoryRepository()
        self.snapshot = self._store.snapshot
        self.commit = self._store.commit
        self.close = self._store.close


class TestHistory:
    def test_it_tells_who_changed_what_when_and_why(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        with crm.transaction(reason="new web site") as tx:
            tx.save(evolve(acme, website="acme.example", custom={"tier": "gold"}))
        first, second = crm.history(acme)
        assert (first.seq, first.by, first.values) == (1, "ann", (("name", None, "Acme"),))
        assert second.reason == "new web site"
        assert second.values == (
            ("custom.tier", None, "gold"),
            ("website", None, "acme.example"),
        )
        assert first.at is not None
        assert second.at is not None
        assert first.at < second.at

    def test_a_deleted_record_has_its_history(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        crm.delete(Account, acme.id)
        found = crm.history(acme)
        assert [one.values for one in found] == [(("name", None, "Acme"),), ()]
        assert "(deleted)" in str(found)
        assert crm.history(acme.ref) == found
        with pytest.raises(NotFoundError):
            crm.history(acme.id)

    def test_the_history_of_merged_records_goes_with_the_survivor(self, crm: Crm) -> None:
        one, two, three = crm.add_all([Account(name=name) for name in ("Acme", "ACME", "Acme Ltd")])
        crm.merge(two, three)
        crm.merge(one, two)
        found = crm.history(one)
        assert {entry.change.ref for entry in found} == {one.ref, two.ref, three.ref}
        assert crm.history(three).ref == one.ref
        assert [entry.seq for entry in found] == sorted(entry.seq for entry in found)

    def test_a_survivor_that_kept_all_its_values_was_not_deleted(self, crm: Crm) -> None:
        one, two = crm.add_all([Account(name="Acme"), Account(name="Acme")])
        crm.merge(one, two)
        lines = str(crm.history(one)).splitlines()
        assert [word in line for line in lines[-2:] for word in ("(unchanged)", "(deleted)")] == [
            *(True, False),
            *(False, True),
        ]

    def test_a_record_without_any_value_was_made(self) -> None:
        crm = Crm(model=STANDARD_MODEL.with_entity(Seat))
        assert "(made)" in str(crm.history(crm.add(Seat())))

    def test_nothing_known_is_nothing_found(self, crm: Crm) -> None:
        with pytest.raises(NotFoundError):
            crm.history(Ref[Account]("account", "a"))
        with pytest.raises(NotFoundError):
            crm.history(Ref[Account]("unknown", "a"))

    def test_it_says_where_earlier_commits_are_gone(self) -> None:
        crm = Crm(MemoryRepository(keep_commits=1))
        acme = crm.add(Account(name="Acme"))
        crm.save(evolve(acme, website="acme.example"))
        found = crm.history(acme)
        assert len(found) == 1
        assert not found.is_whole
        assert "no longer kept" in str(found)
        crm.add(Account(name="Other"))
        assert len(crm.history(acme)) == 0

    def test_it_reads_as_a_table_rows_and_html(self, crm: Crm) -> None:
        ada = crm.add(Contact(name=PersonName(family="<Lovelace>"), email="ada@x.org"))
        crm.delete(Contact, ada.id)
        found = crm.history(ada)
        assert "ada@x.org" in str(found)
        assert "&lt;Lovelace&gt;" in found._repr_html_()
        assert found.to_rows()[1]["field"] == "email"
        assert found.to_rows()[-1]["field"] is None
        assert found[0] == next(iter(found))
        assert found[:1] == (found[0],)

    def test_rows_without_a_journal_keep_none(self) -> None:
        crm = Crm(MemoryRowStore())
        with pytest.raises(UsageError, match="keeps no journal"):
            crm.history(crm.add(Account(name="Acme")))

    def test_it_needs_a_journal(self) -> None:
        crm = Crm(Plain())
        acme = crm.add(Account(name="Acme"))
        for ask in (
            lambda: crm.history(acme),
            crm.commits,
            lambda: crm.as_of(START),
        ):
            with pytest.raises(UsageError, match="keeps no journal: 'Plain'"):
                ask()


class TestCommits:
    def test_the_feed_goes_on_from_a_number(self, crm: Crm) -> None:
        for name in "abc":
            crm.add(Account(name=name))
        assert [one.seq for one in crm.commits()] == [1, 2, 3]
        assert [one.seq for one in crm.commits(after=2)] == [3]


def names(crm: Crm) -> list[str]:
    return sorted(one.name for one in crm.find(Account))


class TestAsOf:
    def test_it_shows_what_was_stored_then(self, crm: Crm) -> None:
        a = crm.add(Account(name="a"))
        crm.save(evolve(a, name="A"))
        b = crm.add(Account(name="b"))
        crm.delete(Account, a.id)
        days = [names(crm.as_of(START + timedelta(days=day))) for day in range(6)]
        seen = list(dict.fromkeys(map(tuple, days)))
        assert seen == [(), ("a",), ("A",), ("A", "b"), ("b",)]
        past = crm.as_of(a.updated_at or START)
        assert past.get(Account, a.id) == a
        assert past.find(Account, F.name == "b") == ()
        with pytest.raises(NotFoundError):
            past.get(Account, b.id)

    def test_it_stays_while_the_present_goes_on(self, crm: Crm) -> None:
        a = crm.add(Account(name="a"))
        past = crm.as_of(a.updated_at or START)
        crm.save(evolve(a, name="later"))
        assert names(past) == ["a"]
        crm.delete(Account, a.id)
        crm.add(Account(name="even later"))
        assert names(past) == ["a"]
        assert [one.seq for one in past.commits()] == [1]
        assert len(past.history(a)) == 1

    def test_its_clock_stands_at_that_moment(self, crm: Crm) -> None:
        a = crm.add(Account(name="a"))
        moment = a.updated_at or START
        past = crm.as_of(moment)
        assert past._desk.context().now == moment
        assert past.rollup("open_deals", a.id) == 0

    def test_it_cannot_write(self, crm: Crm) -> None:
        a = crm.add(Account(name="a"))
        past = crm.as_of(a.updated_at or START)
        with pytest.raises(UsageError, match="the past cannot be changed"):
            past.add(Account(name="b"))
        past.close()
        assert names(crm) == ["a"]

    def test_a_moment_has_a_time_zone(self, crm: Crm) -> None:
        with pytest.raises(UsageError, match="aware datetime"):
            crm.as_of(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused

    def test_a_journal_that_begins_later_says_so(self) -> None:
        crm = Crm(MemoryRepository(keep_commits=1), clock=Ticking())
        a = crm.add(Account(name="a"))
        b = crm.add(Account(name="b"))
        with pytest.raises(HistoryGoneError, match="only after 1"):
            crm.as_of(a.updated_at or START)
        assert names(crm.as_of(b.updated_at or START)) == ["a", "b"]

    def test_a_commit_without_a_moment_belongs_to_the_one_before(self) -> None:
        store = MemoryRepository()
        crm = Crm(store, clock=Ticking())
        a = crm.add(Account(name="a"))
        store.commit(ChangeSet([Insert(Account(name="b"))]))
        crm.add(Account(name="c"))
        assert names(crm.as_of(a.updated_at or START)) == ["a", "b"]
