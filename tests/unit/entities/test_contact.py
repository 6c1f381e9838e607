"""Contacts."""

from crmcore.entities import Contact
from crmcore.model.describe import describe
from crmcore.values import PersonName
from tests.unit.entities.shape import check_shape


def test_a_contact_needs_a_name() -> None:
    names = (
        "account_id email phone mobile title department decision_role birth_on mailing_address "
        "reports_to_id source description"
    )
    defaults = dict.fromkeys(names.split(), None) | {
        "other_emails": (),
        "other_phones": (),
        "is_active": True,
        "is_email_opt_out": False,
        "is_phone_opt_out": False,
        "is_post_opt_out": False,
    }
    check_shape(Contact, "contact", {"name"}, defaults)


def test_further_addresses_keep_their_order() -> None:
    ada = PersonName(family="Lovelace", given="Ada")
    contact = Contact(name=ada, other_emails=["b@x.org", "a@x.org"], other_phones="+33 1 23 45")
    assert contact.other_emails == ("b@x.org", "a@x.org")
    assert contact.other_phones == ("+33 1 23 45",)


def test_contacts_report_in_a_tree() -> None:
    lookup = describe(Contact).field("reports_to_id").lookup
    assert lookup is not None
    assert (lookup.kind, lookup.shape.name) == ("contact", "TREE")
