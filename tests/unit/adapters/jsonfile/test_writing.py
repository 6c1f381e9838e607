"""A whole file, written: the same bytes as ever, and the same whichever way the rows come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from crmcore.adapters import JsonFileRepository
from crmcore.adapters.jsonfile.writing import exported, pieces
from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account, Activity, Contact, Opportunity, Record
from crmcore.errors import DamagedStoreError
from crmcore.query import Query
from crmcore.values import Address, Money, PersonName, Ref
from crmcore.values.ids import AccountId, ActivityId, ContactId, OpportunityId

FIXTURES = Path(__file__).with_name("fixtures")
START = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
ODD = ('naïve "q"\n\u2028😀', "a\\b", "", "\x7f\x00", "z" * 300)


def account(number: int) -> Account:
    return Account(
        id=AccountId(f"a{number}"),
        name=ODD[number % 5],
        roles=frozenset({"supplier", "customer"}) if number % 2 else frozenset(),
        annual_revenue=Money(Decimal(number) / 8, "EUR"),
        billing_address=Address(city="Łódź", postal_code=str(number)),
        employees=number * 10**6,
        phone=f"+49 (30) {number}",
    )


def contact(number: int) -> Contact:
    return Contact(
        id=ContactId(f'{"é" if number % 3 else "c"}"{number}'),
        name=PersonName(given=ODD[(number + 1) % 5], family="F"),
        account_id=AccountId(f"a{number % 2}"),
        email=f"u{number}@example.org" if number % 4 else None,
        other_emails=(f"o{number}@example.org", "shared@example.org"),
        phone=f"+4930{number}",
        external_ids={"erp": f"{number % 3}", "web": ODD[number % 5]},
        custom={"tier": "gold", "n": Decimal("1E+3"), "s": frozenset({"b", "a"}), "at": START},
        labels=frozenset({"b", ODD[number % 5]}),
        created_at=START + timedelta(microseconds=number),
        birth_on=date(1990, 1, 1 + number % 28),
        is_active=bool(number % 2),
    )


def deal(number: int) -> Opportunity:
    return Opportunity(
        id=OpportunityId(f"o{number}"),
        name="Deal",
        account_id=AccountId("a1"),
        probability=Decimal("12.50"),
        amount=Money(-number, "JPY"),
    )


def about(number: int) -> Activity:
    who: Ref[Contact] = Ref("contact", contact(number).id)
    return Activity(id=ActivityId(f"t{number}"), subject="x", who=who)


def story(repository: JsonFileRepository) -> None:
    """Loads onto nothing, onto rows, and onto commits; changes, removals and rewritings between."""

    def load(*records: Record) -> None:
        repository.commit(ChangeSet([Insert(one) for one in records], by="u", at=START))

    def stored(entity: type[Contact]) -> list[Contact]:
        with repository.snapshot() as now:
            return list(now.find(Query.of(entity)))

    load(*map(contact, range(6)), *map(account, range(2)), *map(about, range(3)))
    first, second, *_ = stored(Contact)
    changed = attrs.evolve(first, email="new@example.org", labels=())
    repository.commit(ChangeSet([Update(first, changed), Delete(second)], reason='say "why"'))
    load(*map(deal, range(300)), *map(contact, range(10, 14)))
    repository.compact()
    load(attrs.evolve(second, version=0), *map(account, range(5, 9)))
    repository.compact()
    repository.commit(ChangeSet([Delete(stored(Contact)[-1])]))


def test_the_file_is_that_of_the_writer_before(tmp_path: Path) -> None:
    """The fixture was written by version 0.1.0, row by row."""
    repository = JsonFileRepository(tmp_path / "x")
    story(repository)
    content = FIXTURES.joinpath("format2.crm.json").read_bytes()
    assert repository.path.read_bytes() == content
    assert repository.verify() == 318


def test_a_file_of_the_writer_before_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(FIXTURES.joinpath("format2.crm.json").read_bytes())
    old, new = JsonFileRepository(path), JsonFileRepository(tmp_path / "y")
    story(new)
    assert old.verify() == new.verify()
    for one in (old, new):
        one.export(one.path.with_suffix(".all"))
    assert old.path.with_suffix(".all").read_bytes() == new.path.with_suffix(".all").read_bytes()
    assert list(old.commits()) == list(new.commits())
    old.compact()
    new.compact()
    assert old.path.read_bytes() == new.path.read_bytes()


def test_every_row_is_exported_once_in_order(tmp_path: Path) -> None:
    repository = JsonFileRepository(tmp_path / "x")
    story(repository)
    with repository._store.snapshot() as moment:  # what it is made from
        lines = [line for piece in pieces(moment) for line in exported(piece)]
    assert len(lines) == repository.export(tmp_path / "all") == 318
    assert (tmp_path / "all").read_bytes() == b"".join(lines)
    assert lines == sorted(set(lines))


def test_damage_is_not_covered_up_by_a_load(tmp_path: Path) -> None:
    """It is added as a line, as the rows cannot be taken over, and the damage stays to be found."""
    repository = JsonFileRepository(tmp_path / "x")
    repository.commit(ChangeSet([Insert(account(n)) for n in range(50)]))
    repository.close()
    content = bytearray((tmp_path / "x").read_bytes())
    content[content.index(b'"a20"') + 30] ^= 1
    (tmp_path / "x").write_bytes(content)
    again = JsonFileRepository(tmp_path / "x")
    many = [attrs.evolve(deal(n), name="n" * 5000) for n in range(1000)]  # enough for a new file
    assert again.commit(ChangeSet([Insert(one) for one in many])) == 2
    assert (tmp_path / "x").read_bytes()[512 : len(content)] == bytes(content[512:])
    with pytest.raises(DamagedStoreError):
        again.verify()
