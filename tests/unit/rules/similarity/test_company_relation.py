import pytest

from crmcore.rules.similarity.company import company_form
from crmcore.rules.similarity.company_relation import (
    Relation,
    company_relation,
    is_romanised,
    part_of_group,
)

CASES = [
    ("Acme Foods Ltd", "ACME FOODS", Relation.SAME),
    ("Acmefoods", "Acme Foods", Relation.SLIP),
    ("Norddeutsche Werke", "Nordeutsche Werke", Relation.SLIP),
    ("Müller Bau", "Mueller Bau", Relation.SLIP),
    ("King Brothers", "iKng Brothers", Relation.SLIP),
    ("Mohammed Saleh", "Muhammad Saleh", Relation.SLIP),
    ("Autohaus Huber", "Huber Autohaus", Relation.SLIP),
    ("Banque de Savoie", "Banque Savoie", Relation.SLIP),
    ("Alnoor Trading", "Al Noor Trading", Relation.SLIP),
    ("Al-Nour Trading", "Alnoor Trading", Relation.SLIP),
    ("Acme", "Acme Foods", Relation.MORE_WORDS),
    ("SKW Kabelwerke", "Kabelwerke", Relation.MORE_WORDS),
    ("Union", "Union Security", Relation.ALIKE),
    ("PH Zubr", "Przedsiebiorstwo Handlowe Zubr", Relation.ALIKE),
    ("Puloso", "Pluoso Foods", Relation.ALIKE),
    ("Boston University", "University of Boston", Relation.ALIKE),
    ("Norton Delicatessen", "Norton Deli", Relation.ALIKE),
    ("Vood", "Vodo", Relation.SLIP),
    ("Mosa Group", "Msa Group", Relation.ALIKE),
    ("Abingdon Belmonte Cavendish", "Abinxdon Belmontx Cavxndish", Relation.ALIKE),
    ("Acme Foods", "Acme Motors", Relation.DIFFERENT),
    ("Acme Foods", "Babbage Engines", Relation.DIFFERENT),
    ("Summit Sports", "Summit Supports", Relation.DIFFERENT),
    ("Shell Motors", "Shill Motors Foods", Relation.ALIKE),
    ("Universal Bank", "Union Bank", Relation.DIFFERENT),
    ("Fund I GmbH & Co. KG", "Fund III GmbH & Co. KG", Relation.DIFFERENT),
    ("Fund GmbH", "Fund III GmbH", Relation.DIFFERENT),
    ("Acme France", "Acme Deutschland", Relation.PART),
    ("Acme France", "Acme", Relation.PART),
    ("Acme", "Acme Holding", Relation.PART),
    ("Acme Bank", "Acme Bank Leasing", Relation.PART),
    ("University of Boston", "University of Boston Medical Center", Relation.PART),
    ("Boston University", "Bostan University Press", Relation.PART),
]


@pytest.mark.parametrize(("one", "other", "expected"), CASES)
def test_two_names_go_together_in_one_way(one: str, other: str, expected: Relation) -> None:
    first, second = company_form(one), company_form(other)
    assert first is not None
    assert second is not None
    assert company_relation(first, second) is company_relation(second, first) is expected


def test_a_trade_more_is_a_part_only_where_the_rest_names_one() -> None:
    acme, motors = frozenset({"acme"}), frozenset({"acme", "motors"})
    energy = frozenset({"energy"})
    assert not part_of_group(acme, energy)
    assert not part_of_group(motors, energy)
    assert part_of_group(motors, energy, is_trade=lambda word: word == "motors")
    assert part_of_group(acme, frozenset({"leasing"}))


def test_romanisations_begin_alike() -> None:
    assert is_romanised("qasim", "qassim")
    assert not is_romanised("qasim", "kasim")
    assert not is_romanised("nour", "nourelhuda")
