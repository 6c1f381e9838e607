"""Names of companies."""

import pytest

from crmcore.rules.similarity.company import (
    company_form,
    company_likeness,
    normal_company,
    taken_apart,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Łódź & Co., S.A.", "lodz"),
        ("The Steele-George Partners Inc.", "steele george partners"),
        ("Crystal Labs GmbH & Co. KG", "crystal labs"),
        ("Jones and Sons Ltd", "jones sons"),
        ("Jones & Sons", "jones sons"),
        ("Lion Pharma Sp. z o.o.", "lion pharma"),
        ("AB Volvo", "volvo"),
        ("Y Combinator", "y combinator"),
        ("I. B. M. Corporation", "ibm"),
        ("株式会社トヨタ", "トヨタ"),
        ("トヨタ 株式会社", "トヨタ"),
        ("ООО Ромашка", "ромашка"),
        ("Müller Aktiengesellschaft", "muller"),
        ("Minen Foods, L.L.C.", "minen foods"),
        ("Acme", "acme"),
        ("Siemens (Schweiz) AG", "siemens schweiz"),
        ("Inc.", "inc"),
        ("Fund I GmbH", "fund i"),
        ("Ramírez y Hijos S.L.", "ramirez hijos"),
        ("Müller u. Söhne GmbH & Co. KG", "muller sohne"),
        ("PHU Kowalski sp. z o.o. sp.k.", "kowalski"),
        ("...", ""),
    ],
)
def test_the_normal_form_is_what_tells_a_company_from_others(text: str, normal: str) -> None:
    assert normal_company(text) == normal


@pytest.mark.parametrize(
    "form", "SA SARL SAS GmbH AG Ltd Inc LLC BV NV Oy AB AS SpA Srl SL KK".split()
)
def test_legal_forms_of_many_countries_do_not_count(form: str) -> None:
    assert normal_company(f"Acme {form}") == normal_company(f"ACME {'.'.join(form)}.") == "acme"


@pytest.mark.parametrize(
    ("left", "right", "likeness"),
    [
        ("data corp", "datacorp", 0.95),
        ("store 12", "store 13", 0.0),
        ("store 12", "store", 0.7),
        ("international business machines", "ibm", 0.8),
        ("ibm", "international business machines", 0.8),
        ("acme", "acme foods", 0.7),
        ("acme usa", "acme", 0.0),
        ("acme usa", "acme polska", 0.0),
        ("acme usa", "acme usa", 1.0),
        ("nova foods", "terra media", 0.0),
        ("group of nova", "nova", 0.0),
    ],
)
def test_names_are_graded(left: str, right: str, likeness: float) -> None:
    assert company_likeness(left, right) == company_likeness(right, left) == likeness


def test_a_misspelt_name_is_nearly_the_same() -> None:
    assert 0.9 < company_likeness("mironrz partners", "mironrzz partners") < 1


def test_nothing_is_compared_of_what_is_no_name() -> None:
    assert company_form("  ") is company_form(None) is company_form(5) is None
    assert company_form("Acme Ltd") == "acme"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ets. Lemercier SA", "Établissements Lemercier"),
        ("Distillerie des Trois Frères", "Distillerie des 3 Frères SARL"),
        ("21st Century Glass", "Twenty First Century Glass Ltd"),
        ("Solar III", "Solar 3 GmbH"),
        ("Lindner Steuerberatungsgesellschaft mbH", "Lindner Steuerberatung"),
        ("Marlowe's Bakery", "Marlowes Bakery"),
        ("ООО Ромашка", "Romashka"),
        ("カワサキ", "Kawasaki K.K."),
    ],
)
def test_forms_to_compare_are_equal(one: str, other: str) -> None:
    assert company_form(one) == company_form(other) is not None


def test_forms_to_compare_tell_figures_apart() -> None:
    assert company_form("La Mancha I") != company_form("La Mancha III")
    assert company_form("V Group") == "v group"
    assert company_form("Forty Winks") == "40 winks"
    assert company_form(None) is None
    assert company_form("!!") is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ph zubr", "przedsiebiorstwo handlowe zubr", 0.8),
        ("skw", "suddeutsche kabel werke", 0.8),
        ("sk", "suddeutsche kabel", 0.0),
    ],
)
def test_initials_stand_for_words_in_a_row(one: str, other: str, expected: float) -> None:
    assert company_likeness(one, other) == company_likeness(other, one) == expected


def test_articles_do_not_tell_names_apart_but_those_of_surnames() -> None:
    assert taken_apart("banque de la savoie").told == ("banque", "savoie")
    assert taken_apart("le petit zinc").told == ("petit", "zinc")
    assert taken_apart("de vries bouw").told == ("de", "vries", "bouw")
    assert taken_apart("al di la").told == ("al", "di", "la")
    assert taken_apart("").told == ()
    name = taken_apart("acme 2 deutschland")
    assert (name.numbers, name.figures) == (frozenset({"2"}), "2")
    assert name.countries == {"deutschland"}
    assert name.telling == name.known == {"acme", "2", "deutschland"}
