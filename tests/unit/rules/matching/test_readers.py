from crmcore.entities import Account, Contact
from crmcore.fields import CustomField
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import CONTACT_LINKAGE
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage_search import readers
from crmcore.rules.matching.readers import raw_reader
from crmcore.rules.matching.reading import FieldPath, field_path
from crmcore.values import Address, PersonName
from tests.properties.matching.records import changed

ACME = changed(Account(name="Acme"), id="a1")
ADA = changed(
    Contact(
        name=PersonName(family="Lovelace", given="Ada"),
        email="ada@x.org",
        other_emails=("ada@y.org", None),  # type: ignore[arg-type]  # bad data
        labels={"b", "a"},
        account_id="a1",  # type: ignore[arg-type]  # an id
    ),
    id="c1",
)
BARE = changed(Contact(name=PersonName(family="Hopper")), id="c2")
MEANINGS = (("email", "other_emails"), ("account_id.name",), ("labels", "title"))
READ = (
    (("ada@x.org", "ada@y.org"), ("Acme",), ("a", "b")),
    ((), (), ()),
)


def test_many_records_are_read_as_one_is() -> None:
    for meanings in [(one,) for one in MEANINGS] + [MEANINGS, (("name",),)]:
        paths = [tuple(_path(text) for text in texts) for texts in meanings]
        for is_cached in (True, False):
            read = raw_reader(paths, {ACME.ref: ACME}, is_cached=is_cached)
            assert read is not None
            assert list(map(read.raw, read.held([ADA, BARE]))) == [read(ADA), read(BARE)]


def _path(text: str) -> FieldPath:
    return field_path(text, "contact", STANDARD_MODEL)


def test_values_come_in_the_order_of_meanings_and_fields() -> None:
    read = raw_reader(
        [tuple(_path(text) for text in texts) for texts in MEANINGS[:2]],
        {ACME.ref: ACME},
        is_cached=True,
    )
    assert read is not None
    assert (read(ADA), read(BARE)) == tuple(one[:2] for one in READ)


def test_what_cannot_be_hashed_is_read_all_the_same() -> None:
    odd = changed(Contact(name=PersonName(family="Odd"), email=["a@x.org"]), id="c3")  # type: ignore[arg-type]  # bad data
    table = Table(PEOPLE)
    table.fill([ADA, odd], readers(CONTACT_LINKAGE, STANDARD_MODEL, {}))
    mail = next(one for one in table.columns if one.trait.name == "mail")
    assert [mail.forms[number] for number in mail.ids] == [("ada@x.org", "ada@y.org"), ("a@x.org",)]


TIERED = STANDARD_MODEL.with_custom_fields(Contact, CustomField(name="tier"))


def test_a_custom_value_or_a_part_of_one_is_read() -> None:
    golden = changed(ADA, custom={"tier": "gold"}, mailing_address=Address(city="Bath"))
    for text, expected in (("custom.tier", "gold"), ("mailing_address.city", "Bath")):
        read = raw_reader([(field_path(text, "contact", TIERED),)], {}, is_cached=True)
        assert read is not None
        assert list(read.held([golden, BARE])) == [expected, None]
        assert (read(golden), read(BARE)) == (((expected,),), ((),))


def test_a_field_that_holds_nothing_is_no_value_of_any_record() -> None:
    paths = [(_path("email"), _path("other_emails"), _path("phone"))]
    read = raw_reader(paths, {}, is_cached=True)
    assert read is not None
    assert list(read.held([BARE, BARE])) == [None, None]
    assert list(read.held([ADA, BARE])) == [("ada@x.org", "ada@y.org"), None]
    lone = changed(BARE, other_emails=("b@x.org",))
    assert list(map(read.raw, read.held([lone, ADA]))) == [read(lone), read(ADA)]
