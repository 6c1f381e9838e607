import pytest

from crmcore.entities import Account, Contact
from crmcore.errors import UsageError
from crmcore.rules.matching.given import Given
from crmcore.values import PersonName, Ref
from tests.properties.matching.records import changed

ACME, ZETA = changed(Account(name="Acme"), id="a2"), changed(Account(name="Zeta"), id="a1")
ADA = changed(Contact(name=PersonName(family="Lovelace")), id="c1")


def test_records_are_in_the_order_of_their_references() -> None:
    given = Given([ADA, ACME, ZETA, ADA])
    assert list(given) == [ZETA.ref, ACME.ref, ADA.ref]
    assert list(given.values()) == [ZETA, ACME, ADA]
    assert len(given) == 3
    assert given.of(["contact", "account"]) == [ZETA, ACME, ADA]
    assert given.of(["contact", "lead"]) == [ADA]


def test_a_record_is_found_by_its_reference_alone() -> None:
    given = Given([ADA, ACME])
    assert given[ACME.ref] is ACME
    assert given.get(ADA.ref) is ADA
    assert ADA.ref in given
    for unknown in (ZETA.ref, Ref("lead", "c1")):
        assert given.get(unknown) is None
        assert unknown not in given
        with pytest.raises(KeyError):
            given[unknown]


def test_of_two_records_of_one_reference_that_beside_gives_way() -> None:
    other = changed(Account(name="Acme Ltd"), id="a2")
    both = Given([ACME]).beside([other, ZETA, ADA])
    assert [both.get(one.ref) for one in (ACME, ZETA, ADA)] == [ACME, ZETA, ADA]


def test_two_records_of_one_id_are_refused() -> None:
    with pytest.raises(UsageError, match="two different records"):
        Given([ACME, ZETA, changed(Account(name="Acme Ltd"), id="a2")])
