import pytest

from crmcore.rules.matching.linkage import companies
from crmcore.rules.matching.linkage.companies import COMPANIES
from crmcore.rules.matching.linkage.subject import LEVELS

TRAITS = {trait.name: trait for trait in COMPANIES.traits}
BUCKETS = COMPANIES.standard.buckets()


def level(trait: str, one: str, other: str) -> int:
    """The level of two texts, read as the values of a record are."""
    about = TRAITS[trait]
    left, right = (about.form(((text,),)) for text in (one, other))
    there = about.compare(left, right, BUCKETS)
    assert there == about.compare(right, left, BUCKETS)
    return there % LEVELS


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Acme Foods Ltd", "ACME FOODS", companies.N_SAME),
        ("Norddeutsche Werke", "Nordeutsche Werke", companies.N_SLIP),
        ("Acmefoods", "Acme Foods", companies.N_SLIP),
        ("Al Noor Trading", "Al-Nour Trading LLC", companies.N_SLIP),
        ("SKW Kabelwerke", "Kabelwerke", companies.N_MORE),
        ("PH Zubr", "Przedsiebiorstwo Handlowe Zubr", companies.N_ALIKE),
        ("Hotel Polonia", "Hotel Polonez", companies.N_DIFFERENT),
        ("Solar Park One", "Solar Park Two", companies.N_DIFFERENT),
        ("Acme France", "Acme", companies.N_BRANCH),
        ("Acme", "Babbage", companies.N_DIFFERENT),
    ],
)
def test_two_names_have_a_level(one: str, other: str, expected: int) -> None:
    assert level("company", one, other) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("https://shop.acme.co.uk", "acme.co.uk", 1),
        ("acmeworks.com", "acmeworks.de", 2),
        ("acmeworks.com", "acmework.com", 2),
        ("acme.github.io", "babbage.github.io", 3),
        ("acme.com", "acne.com", 3),  # too short for a slip
    ],
)
def test_two_sites_have_a_level(one: str, other: str, expected: int) -> None:
    assert level("site", one, other) == expected


def test_a_public_suffix_is_nobodys_site() -> None:
    assert TRAITS["site"].form((("github.io", "co.uk"),)) is None


@pytest.mark.parametrize(
    ("place", "street", "expected"),
    [(1, 1, 0), (2, 2, 1), (1, 0, 2), (1, 3, 3), (3, 1, 4), (3, 0, 5), (0, 3, 5), (0, 0, None)],
)
def test_town_and_house_make_one_piece_of_evidence(
    place: int, street: int, expected: int | None
) -> None:
    found = COMPANIES.classify((0, 0, 0, place and place + 32, street and street + 32, 0))
    where = found[companies.PLACE]
    assert (None if where is None else where[0]) == expected


def test_a_company_of_another_name_is_never_surely_one() -> None:
    name = TRAITS["company"].compare(("acme",), ("babbage",), BUCKETS)
    ident = TRAITS["tax"].compare(("de123456",), ("de123456",), BUCKETS)
    assert COMPANIES.cap(COMPANIES.classify((name, 0, 0, 0, 0, ident))) == 0.9
    assert COMPANIES.cap(COMPANIES.classify((name, 0, 0, 0, 0, 0))) == 0.45
    branch = TRAITS["company"].compare(("acme france",), ("acme",), BUCKETS)
    assert COMPANIES.cap(COMPANIES.classify((branch, 0, 0, 0, 0, 0))) == 0.4
    assert COMPANIES.cap(COMPANIES.classify((0, 0, 0, 0, 0, ident))) == 0.94
