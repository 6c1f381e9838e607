import attrs
import pytest

from crmcore.rules.matching.linkage import companies
from crmcore.rules.matching.linkage.companies import COMPANIES
from crmcore.rules.matching.linkage.subject import LEVELS
from crmcore.rules.matching.linkage.weights import Buckets

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


def learnt(*, town: str = "", word: str = "") -> Buckets:
    """Weights learnt where a town, and a word of company names, are common."""
    common = {"town": {town: 5}, "word": {word: 5}}
    return attrs.evolve(COMPANIES.standard, common=common).buckets()


def test_a_town_more_is_a_branch_unless_the_other_one_is_there() -> None:
    code = TRAITS["company"].compare(
        ("voigt spedition",), ("voigt spedition berlin",), learnt(town="berlin")
    )
    assert code % LEVELS == companies.N_TOWN
    expected = {
        (0, 0): companies.N_BRANCH,
        (1, 0): companies.N_MORE,
        (2, 3): companies.N_MORE,
        (3, 0): companies.N_BRANCH,
    }
    for (place, street), level in expected.items():
        named = COMPANIES.classify((code, 0, 0, place and place + 32, street and street + 32, 0))[0]
        assert named is not None
        assert named[0] == level - 1


def test_a_trade_more_is_a_part_where_others_have_the_trade_that_is_there() -> None:
    names = ("hill steel",), ("hill steel energy",)
    compare = TRAITS["company"].compare
    assert compare(*names, learnt(word="steel")) % LEVELS == companies.N_BRANCH
    assert compare(*names, learnt(word="wood")) % LEVELS == companies.N_MORE
    assert compare(*names[::-1], learnt(word="steel")) % LEVELS == companies.N_BRANCH


def test_several_names_are_compared_by_the_closest() -> None:
    assert TRAITS["company"].compare(("acme", "babbage"), ("acme",), BUCKETS) % LEVELS == 1


def test_one_name_elsewhere_with_another_line_is_a_branch() -> None:
    name = TRAITS["company"].compare(("acme",), ("acme",), BUCKETS)
    ident = TRAITS["tax"].compare(("de123456",), ("de123456",), BUCKETS)
    elsewhere, other_line, same_line = 3 + 32, 3 + 32, 1 + 32
    caps = {
        (elsewhere, other_line, 0): 0.5,
        (elsewhere, same_line, 0): 1.0,
        (elsewhere, 0, 0): 1.0,
        (1 + 32, other_line, 0): 1.0,
        (elsewhere, other_line, ident): 1.0,
    }
    for (place, line, tax), cap in caps.items():
        assert COMPANIES.cap(COMPANIES.classify((name, 0, line, place, 0, tax))) == cap


def test_facets_of_a_name() -> None:
    facets = TRAITS["company"].facets
    assert facets["whole"](("banque de savoie",)) == ("banquedesavoie", "banquesavoie")
    assert facets["head"](("acme", "porter dental")) == ("porterde",)
    assert facets["frame"](("acme foods", "porter dental group")) == ("poer dentalgr",)
    assert facets["end"](("acme foods",)) == ("oods",)


def test_the_values_of_names_and_places_have_their_tables() -> None:
    names, form = TRAITS["company"].values, ("acme foods",)
    assert {table: list(texts(form)) for table, texts in names.items()} == {
        "company": ["acme foods"],
        "word": ["acme", "foods"],
    }
    places, two = TRAITS["place"].values, (("60311", "frankfurt am main"), ("", ""))
    assert {table: list(texts(two)) for table, texts in places.items()} == {
        "post": ["60311"],
        "city": ["frankfurt am main"],
        "town": ["frankfurtammain", "frankfurt"],
    }


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
