"""People and companies of several countries are found as well as those of the United States."""

from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Account, Contact
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import ACCOUNT_LINKAGE, CONTACT_LINKAGE, AnyRule, find_duplicates
from crmcore.rules.similarity.contact_points import line_end
from crmcore.rules.similarity.lines import is_one_line, is_slip, line_form, quick_phone
from crmcore.values import Address, PersonName
from crmcore.values.ids import AccountId, ContactId
from crmcore.values.phone import normal_phone

TOLERANCE = 0.1
"""Recall in any country is at most this much below that in the United States."""


def person(given: str, family: str, *details: str) -> Contact:
    """A contact from name, e-mail, telephone, street, postal code and city."""
    email, phone, street, code, city = details
    return Contact(
        name=PersonName(given=given, family=family),
        email=email or None,
        phone=phone or None,
        mailing_address=Address(street=street, postal_code=code, city=city),
    )


def again(one: Contact, given: str, family: str, *details: str) -> tuple[Contact, Contact]:
    """A person, and the same one written another way."""
    return one, person(given, family, *details)


PEOPLE: dict[str, list[tuple[Contact, Contact]]] = {
    "US": [
        again(
            person(
                "William",
                "O'Connor",
                "w.oconnor@acme.com",
                "(212) 555-0143",
                "41 Lake Rd",
                "10001-1234",
                "New York",
            ),
            "Bill",
            "OConnor",
            "",
            "+1 212 555 0143",
            "41 Lake Road",
            "10001",
            "NEW YORK",
        ),
        again(
            person(
                "Katherine", "Smith-Jones", "kate@jones.com", "", "9 Elm St.", "60601", "Chicago"
            ),
            "Kate",
            "Jones",
            "kate@jones.com",
            "",
            "9 Elm Street",
            "60601",
            "Chicago",
        ),
        again(
            person(
                "Robert", "Featherstone", "", "415.555.0199", "7 Oak Ave", "94103", "San Francisco"
            ),
            "R.",
            "Featherstone",
            "",
            "1-415-555-0199",
            "7 Oak Avenue",
            "94103",
            "San Francisco",
        ),
        again(
            person("Sarah", "Kowalczyk", "sarah.k@work.org", "", "12 Hill Dr", "73301", "Austin"),
            "Sara",
            "Kowalczyck",
            "sarah.k@work.org",
            "",
            "12 Hill Drive",
            "73301",
            "Austin",
        ),
    ],
    "FR": [
        again(
            person(
                "François",
                "Lefèvre",
                "f.lefevre@acme.fr",
                "01 23 45 67 89",
                "12 av. de la République",
                "75011",
                "Paris",
            ),
            "FRANCOIS",
            "LEFEVRE",
            "",
            "+33 1 23 45 67 89",
            "12 avenue de la Republique",
            "75011",
            "PARIS",
        ),
        again(
            person("Jean-Pierre", "de la Tour", "jp@tour.fr", "", "3 bd Voltaire", "69003", "Lyon"),
            "Jean Pierre",
            "La Tour",
            "jp@tour.fr",
            "",
            "3 boulevard Voltaire",
            "69003",
            "Lyon",
        ),
        again(
            person(
                "Mme Hélène",
                "Bézieux",
                "",
                "06 12 34 56 78",
                "5 rue du Château",
                "33000",
                "Bordeaux",
            ),
            "H.",
            "Bezieux",
            "",
            "0033 6 12 34 56 78",
            "5, rue du Chateau",
            "33000",
            "Bordeaux",
        ),
        again(
            person(
                "Chloé", "Garnier", "chloe.g@travail.fr", "", "8 place Bellecour", "69002", "Lyon"
            ),
            "Cloé",
            "Garnière",
            "chloe.g@travail.fr",
            "",
            "8 pl. Bellecour",
            "69002",
            "Lyon",
        ),
    ],
    "DE": [
        again(
            person(
                "Jürgen",
                "Müller-Lüdenscheidt",
                "j.mueller@acme.de",
                "030/1234567",
                "Hauptstr. 12",
                "10115",
                "Berlin",
            ),
            "Jurgen",
            "Muller-Ludenscheidt",
            "",
            "+49 30 1234567",
            "Hauptstraße 12",
            "10115",
            "BERLIN",
        ),
        again(
            person(
                "Dr. Anna", "von der Heide", "anna@heide.de", "", "Gartenweg 5", "80331", "München"
            ),
            "Anna",
            "Heide",
            "anna@heide.de",
            "",
            "Gartenweg 5",
            "80331",
            "Munchen",
        ),
        again(
            person(
                "Friedrich", "Weiß", "", "0171 2345678", "Bahnhofstraße 7", "70173", "Stuttgart"
            ),
            "F.",
            "Weiss",
            "",
            "0049 171 2345678",
            "Bahnhofstr. 7",
            "70173",
            "Stuttgart",
        ),
        again(
            person("Sabine", "Schröder", "sabine.s@arbeit.de", "", "Ringstr. 3", "50667", "Köln"),
            "Sabina",
            "Schroder",
            "sabine.s@arbeit.de",
            "",
            "Ringstraße 3",
            "50667",
            "Koln",
        ),
    ],
    "GB": [
        again(
            person(
                "Margaret",
                "Hughes",
                "m.hughes@acme.co.uk",
                "020 7946 0958",
                "3 Victoria Rd",
                "EC1A 1BB",
                "London",
            ),
            "Maggie",
            "Hughes",
            "",
            "+44 20 7946 0958",
            "3 Victoria Road",
            "EC1A1BB",
            "LONDON",
        ),
        again(
            person(
                "Sir Thomas", "Ashby-Cole", "tom@ashby.co.uk", "", "9 High St", "BA1 1AA", "Bath"
            ),
            "Tom",
            "Ashby",
            "tom@ashby.co.uk",
            "",
            "9 High Street",
            "ba1 1aa",
            "Bath",
        ),
        again(
            person("Elizabeth", "Pemberton", "", "07911 123456", "4 Mill Ln", "LS1 4AP", "Leeds"),
            "E.",
            "Pemberton",
            "",
            "00447911123456",
            "4 Mill Lane",
            "LS14AP",
            "Leeds",
        ),
        again(
            person(
                "Alistair",
                "MacGregor",
                "a.mac@job.co.uk",
                "",
                "2 Castle Ter",
                "EH1 2DP",
                "Edinburgh",
            ),
            "Alastair",
            "McGregor",
            "a.mac@job.co.uk",
            "",
            "2 Castle Terrace",
            "EH1 2DP",
            "Edinburgh",
        ),
    ],
    "ES": [
        again(
            person(
                "José",
                "García Márquez",
                "jose.garcia@acme.es",
                "91 123 45 67",
                "Calle Mayor 21",
                "28013",
                "Madrid",
            ),
            "Jose",
            "Garcia",
            "",
            "+34 911234567",
            "C/ Mayor 21",
            "28013",
            "MADRID",
        ),
        again(
            person(
                "María del Carmen",
                "Núñez",
                "mc@nunez.es",
                "",
                "Avda. de la Constitución 7",
                "41001",
                "Sevilla",
            ),
            "Maria",
            "Nunez",
            "mc@nunez.es",
            "",
            "Avenida de la Constitucion 7",
            "41001",
            "Sevilla",
        ),
        again(
            person(
                "Íñigo", "Echeverría", "", "612 345 678", "Calle Real 4", "20001", "San Sebastián"
            ),
            "I.",
            "Echeverria",
            "",
            "0034 612345678",
            "Calle Real 4",
            "20001",
            "San Sebastian",
        ),
        again(
            person("Begoña", "Ibáñez", "bego@trabajo.es", "", "Plaza Nueva 2", "48001", "Bilbao"),
            "Begona",
            "Ybañez",
            "bego@trabajo.es",
            "",
            "Plaza Nueva 2",
            "48001",
            "Bilbao",
        ),
    ],
    "PL": [
        again(
            person(
                "Łukasz",
                "Wiśniewski",
                "l.wisniewski@acme.pl",
                "22 123 45 67",
                "ul. Długa 5",
                "00-001",
                "Warszawa",
            ),
            "Lukasz",
            "Wisniewski",
            "",
            "+48 221234567",
            "Dluga 5",
            "00-001",
            "WARSZAWA",
        ),
        again(
            person(
                "Małgorzata", "Nowak-Zając", "gosia@nowak.pl", "", "Polna 12", "30-001", "Kraków"
            ),
            "Małgorzata",
            "Nowak",
            "gosia@nowak.pl",
            "",
            "ul. Polna 12",
            "30001",
            "Krakow",
        ),
        again(
            person(
                "Świętosław", "Grzędzielski", "", "601 234 567", "Lipowa 3", "50-001", "Wrocław"
            ),
            "S.",
            "Grzedzielski",
            "",
            "0048 601234567",
            "Lipowa 3",
            "50-001",
            "Wroclaw",
        ),
        again(
            person(
                "Żaneta",
                "Brzęczyszczykiewicz",
                "zaneta@praca.pl",
                "",
                "Krótka 8",
                "80-001",
                "Gdańsk",
            ),
            "Zaneta",
            "Brzeczyszczykievicz",
            "zaneta@praca.pl",
            "",
            "Krotka 8",
            "80-001",
            "Gdansk",
        ),
    ],
    "JP": [
        again(
            person(
                "太郎",
                "山田",
                "taro@acme.co.jp",
                "03-1234-5678",
                "丸の内1-2-3",
                "100-0005",
                "千代田区",
            ),
            "太郎",
            "山田",
            "",
            "+81 3-1234-5678",
            "丸の内1-2-3",
            "1000005",
            "千代田区",
        ),
        again(
            person("", "佐藤花子", "hanako@sato.jp", "", "本町4-5", "530-0001", "大阪市"),
            "花子",
            "佐藤",
            "hanako@sato.jp",
            "",
            "本町4-5",
            "530-0001",
            "大阪市",
        ),
        again(
            person("ｹﾝｼﾞ", "鈴木", "", "090-1234-5678", "栄2-1", "460-0008", "名古屋市"),
            "ケンジ",
            "鈴木",
            "",
            "0081 90 1234 5678",
            "栄2-1",
            "4600008",
            "名古屋市",
        ),
        again(
            person(
                "Haruki", "Watanabe", "haruki@shigoto.jp", "", "Sakae 3-1", "460-0008", "Nagoya"
            ),
            "Watanabe",
            "Haruki",
            "haruki@shigoto.jp",
            "",
            "Sakae 3-1",
            "4600008",
            "Nagoya",
        ),
    ],
    "Arabic in Latin letters": [
        again(
            person(
                "Mohammed",
                "Al-Rashid",
                "m.rashid@acme.ae",
                "04 123 4567",
                "12 Palm St",
                "00000",
                "Dubai",
            ),
            "Muhammad",
            "Rashid",
            "",
            "+971 4 123 4567",
            "12 Palm Street",
            "",
            "Dubai",
        ),
        again(
            person(
                "Fatima",
                "El Mansouri",
                "fatima@mansouri.ma",
                "",
                "3 rue Atlas",
                "20000",
                "Casablanca",
            ),
            "Fatimah",
            "Al Mansouri",
            "fatima@mansouri.ma",
            "",
            "3 rue Atlas",
            "20000",
            "Casablanca",
        ),
        again(
            person("Yousef", "bin Khalid", "", "050 123 4567", "7 Corniche Rd", "", "Abu Dhabi"),
            "Yusuf",
            "Khalid",
            "",
            "00971501234567",
            "7 Corniche Road",
            "",
            "Abu Dhabi",
        ),
        again(
            person("Abdul", "Hakim", "a.hakim@amal.sa", "", "5 King Fahd Rd", "11564", "Riyadh"),
            "Abdel",
            "Hakeem",
            "a.hakim@amal.sa",
            "",
            "5 King Fahd Road",
            "11564",
            "Riyadh",
        ),
    ],
}

COMPANIES: dict[str, list[tuple[str, str]]] = {
    "US": [("Acme Foods, Inc.", "ACME FOODS INCORPORATED"), ("The Bolt Company LLC", "Bolt Co.")],
    "FR": [("Société Durand SARL", "DURAND"), ("Bouger & Fils S.A.S.", "Bouger et Fils")],
    "DE": [("Müller GmbH & Co. KG", "Muller"), ("Fischer und Söhne AG", "Fischer & Sohne")],
    "GB": [("Hartley Travel Ltd", "Hartley Travel Limited"), ("Nixon Pharma PLC", "NIXON PHARMA")],
    "ES": [("Velero e Hijos, S.L.", "Velero e Hijos SL"), ("Grupo Nadal S.A.", "Grupo Nadal")],
    "PL": [("Łoś Sp. z o.o.", "Los spółka z o.o."), ("Wisła S.A.", "WISLA")],
    "JP": [("株式会社アクメ", "アクメ"), ("山田商事株式会社", "山田商事")],
}


def found(pairs: list[tuple[Any, Any]], rule: AnyRule, kind: Any) -> float:
    """The share of the pairs that is found, all of them in one search."""
    records = [
        attrs.evolve(one, id=kind(f"{at}-{side}"))
        for at, both in enumerate(pairs)
        for side, one in enumerate(both)
    ]
    sets = find_duplicates(records, rules=[rule], model=STANDARD_MODEL)
    right = {(match.left.id[:-2], match.right.id[:-2]) for match in sets.pairs}
    assert all(one == other for one, other in right), "two people were taken for one"
    return len(right) / len(pairs)


@pytest.mark.parametrize("country", PEOPLE)
def test_people_are_found_as_well_as_those_of_the_united_states(country: str) -> None:
    """D3."""
    here = found(PEOPLE[country], CONTACT_LINKAGE, ContactId)
    assert here >= found(PEOPLE["US"], CONTACT_LINKAGE, ContactId) - TOLERANCE


@pytest.mark.parametrize("country", COMPANIES)
def test_companies_are_found_as_well_as_those_of_the_united_states(country: str) -> None:
    """D3."""
    places = Address(street="1 Road", city="Town", postal_code="12345")
    share = []
    for where in (country, "US"):
        pairs: list[tuple[Any, Any]] = [
            (Account(name=one, billing_address=places), Account(name=other, billing_address=places))
            for one, other in COMPANIES[where]
        ]
        share.append(found(pairs, ACCOUNT_LINKAGE, AccountId))
    assert share[0] >= share[1] - TOLERANCE


def test_the_united_states_are_no_low_bar() -> None:
    """D3: otherwise the laws above would say little."""
    assert found(PEOPLE["US"], CONTACT_LINKAGE, ContactId) == 1


NOTATIONS = {
    "US": ("(212) 555-0143", "+1 212 555 0143", "1-212-555-0143", "212.555.0143 ext. 12"),
    "FR": ("01 23 45 67 89", "+33 1 23 45 67 89", "0033123456789", "01.23.45.67.89"),
    "DE": ("030/12345678", "+49 30 12345678", "0049 (0)30 12345678", "030 1234-5678"),
    "GB": ("020 7946 0958", "+44 20 7946 0958", "00442079460958", "(020) 79460958 x7"),
    "JP": ("03-1234-5678", "+81 3-1234-5678", "0081312345678", "０３－１２３４－５６７８"),
    "PL": ("22 123 45 67", "+48 221234567", "0048 22 123 45 67", "(22) 1234567"),
    "ES": ("91 123 45 67", "+34 911234567", "0034911234567", "911 23 45 67"),
}


@pytest.mark.parametrize("country", NOTATIONS)
def test_a_telephone_line_is_one_in_every_notation(country: str) -> None:
    """D3: in its own country, and where no country is known."""
    at_home = {line_form(notation, country) for notation in NOTATIONS[country]}
    assert len(at_home) == 1
    assert None not in at_home
    forms = [line_form(notation) or "" for notation in NOTATIONS[country]]
    assert len({line_end(form) for form in forms}) == 1
    national = [form for form in forms if not form.startswith("+")]
    assert all(is_one_line(one, other) for one in national for other in forms)


def test_lines_of_two_countries_are_two() -> None:
    """D3: however many of their last digits are the same."""
    here, abroad = line_form("030 1234567", "DE"), line_form("+43 30 1234567", "DE")
    assert here is not None
    assert abroad is not None
    assert not is_one_line(here, abroad)
    assert not is_slip(here, abroad)


@given(
    st.sampled_from(["DE", "FR", "GB", "US", "CA", "IT", "JP", "PL", "ES", "AE", "AR", "MX", "BR"]),
    st.sampled_from(["", "0", "00", "1", "+", "+49", "0049 ", "+1 ", "+39 0", "(0)", "011"]),
    st.text("0123456789 -/().", min_size=3, max_size=14),
)
def test_the_quick_way_says_what_libphonenumber_says(region: str, before: str, rest: str) -> None:
    """D3."""
    for text in (before + rest, "".join(char for char in before + rest if char not in " -/().")):
        made = quick_phone(text, region)
        event(f"quick: {made is not None}")
        assert made is None or (made or None) == normal_phone(text, region)
