"""Activities and attachments."""

from crmcore.entities import Activity, Attachment, Contact, Lead
from crmcore.model.describe import describe
from crmcore.values import PersonName
from tests.unit.entities.shape import check_shape


def test_an_activity_needs_a_subject() -> None:
    names = "who about due_on starts_at ends_at done_at priority outcome location description"
    defaults = dict.fromkeys(names.split(), None) | {"kind": "task"}
    check_shape(Activity, "activity", {"subject"}, defaults)


def test_an_attachment_needs_a_record_and_a_place() -> None:
    defaults = dict.fromkeys(("name", "media_type", "description"), None)
    check_shape(Attachment, "attachment", {"about", "uri"}, defaults)


def test_an_activity_is_with_a_lead_or_a_contact_about_anything_sold() -> None:
    lead, contact = Lead(company="Acme"), Contact(name=PersonName(family="Lovelace"))
    assert Activity(subject="Call", who=lead.ref).who == lead.ref
    assert Activity(subject="Call", who=contact.ref).who == contact.ref
    who, about = (describe(Activity).field(name).lookup for name in ("who", "about"))
    assert who is not None
    assert who.kinds == ("lead", "contact")
    assert about is not None
    assert about.kinds == ("account", "opportunity", "case", "contract", "campaign")


def test_an_attachment_is_of_any_record() -> None:
    lookup = describe(Attachment).field("about").lookup
    assert lookup is not None
    assert lookup.kinds == ()
