from crmcore.rules.matching.linkage import lone_forms
from crmcore.rules.similarity import NameForm


def test_forms_of_many_come_in_their_order() -> None:
    assert lone_forms.MAILBOXES.forms(["B@x.org", None, "no", "a@x.org"]) == [
        ("b@x.org",),
        None,
        None,
        ("a@x.org",),
    ]
    assert lone_forms.PLACES.forms([("1", None), (None, None), (7, "Bath")]) == [
        (("1", ""),),
        None,
        (("", "bath"),),
    ]
    assert lone_forms.STREETS.forms(["41 Lake Rd", None, "Lake Rd"]) == [
        (("lake road", ("41",)),),
        None,
        (("lake road", ()),),
    ]
    assert lone_forms.COMPANIES.forms(["Acme Ltd", "", "."]) == [("acme",), None, None]
    assert lone_forms.SITES.forms(["https://www.acme.co.uk/x"]) == [("acme.co.uk",)]
    assert lone_forms.IDENTIFIERS.forms(["DE 12-3"]) == [("de123",)]
    assert lone_forms.WORDS.forms(["Head of  Sales!"]) == [("head of sales",)]


def test_nothing_is_made_of_nothing() -> None:
    assert not lone_forms.NAMES.forms([])
    assert not lone_forms.PLACES.forms([])


def test_what_cannot_be_hashed_is_no_part_of_a_name() -> None:
    forms = lone_forms.NAMES.forms([(["King"], "Ada", None, None), ("King", None, None, None)])
    assert forms == [NameForm("", "ada", "", ""), NameForm("king", "", "", "")]
