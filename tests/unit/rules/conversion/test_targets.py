"""What goes into one target, and what is told of it."""

from crmcore.changes import Insert, Update
from crmcore.entities import Account, Contact
from crmcore.entities.ledger import Fate
from crmcore.fields import CustomField
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.conversion.targets import Offer, Part, filled, mapped, offers, skipped
from crmcore.rules.field_map import Computed, Constant, MapEntry
from crmcore.values import PersonName, Ref
from tests.unit.rules.conversion.cases import account, contact, lead, request

TITLE = MapEntry("contact.title", "title")
NOTHING = MapEntry(
    "contact.department",
    Computed(name="nothing", function=lambda lead: None, gives=str, reads=("company",)),
)


def test_an_entry_offers_the_leads_value_a_constant_or_what_is_computed() -> None:
    one = request(lead=lead(title="Dr"))
    assert mapped(TITLE, one) == Offer(path="title", value="Dr", reads=("title",), why="field map")
    constant = MapEntry("contact.source", Constant("Web"))
    assert mapped(constant, one) == Offer(path="source", value="Web", why="constant")
    assert mapped(NOTHING, one).value is None


def test_what_is_given_takes_the_place_of_what_is_mapped() -> None:
    given = {"title": ("Prof", "asked"), "source": ("Web", "asked"), "phone": (None, "unasked")}
    first, second = offers([TITLE], given, request(lead=lead(title="Dr")))
    assert (first.value, first.given, first.given_why) == ("Dr", "Prof", "asked")
    assert (second.path, second.value, second.given) == ("source", None, "Web")


def test_a_new_record_has_what_is_offered() -> None:
    model = STANDARD_MODEL.with_custom_fields(Contact, CustomField(name="tier"))
    wanted = [
        Offer(path="name", value=lead().name, reads=("name",)),
        Offer(path="custom.tier", value="gold"),
        Offer(path="title", given="Prof"),
    ]
    part = filled(None, Contact, wanted, request(model))
    assert part.after == Contact(
        id=Ref[Contact]("contact", "new-1").id,  # type: ignore[arg-type]  # a plain text is an id
        name=PersonName(family="Lovelace", given="Ada"),
        custom={"tier": "gold"},
        title="Prof",
    )
    assert part.is_new
    assert part.changes == (Insert(part.after),)


def test_a_new_record_without_a_required_value_is_not_made() -> None:
    wanted = [Offer(path="name", value=" ", reads=("company",), why="field map")]
    part = filled(None, Account, wanted, request(lead=lead(company=" ")))
    assert part.after is None
    assert not part.changes
    assert [one.code for one in part.findings] == ["conversion.missing"]
    assert [one.fate for one in part.transfers] == [Fate.DROPPED]


def test_gaps_are_filled_and_values_kept() -> None:
    one = request(lead=lead(title="Dr", phone="1", mobile="2"), overwrite="contact.mobile")
    old = contact(title="Prof", mobile="9", account_id=None)
    wanted = [
        mapped(MapEntry(f"contact.{name}", name), one) for name in ("title", "phone", "mobile")
    ]
    part = filled(old, Contact, wanted, one)
    assert part.after is not None
    assert (part.after.title, part.after.phone, part.after.mobile) == ("Prof", "1", "2")
    told = [(t.field, t.fate, t.over) for t in part.transfers]
    assert told == [
        ("title", Fate.KEPT, "Prof"),
        ("phone", Fate.COPIED, None),
        ("mobile", Fate.COPIED, "9"),
    ]
    assert part.changes == (Update(old, part.after),)


def test_an_equal_value_is_kept_as_the_same() -> None:
    one = request(lead=lead(title="Dr"))
    (transfer,) = filled(contact(title="Dr"), Contact, [mapped(TITLE, one)], one).transfers
    assert (transfer.fate, transfer.why) == (Fate.KEPT, "the same value")


def test_zero_no_and_empty_text_are_not_gaps() -> None:
    one = request(lead=lead(employees=5, phone="1", is_email_opt_out=True))
    wanted = [mapped(MapEntry(f"account.{name}", name), one) for name in ("employees", "phone")]
    part = filled(account(employees=0, phone=""), Account, wanted, one)
    assert not part.changes


def test_a_blank_name_never_overwrites_one() -> None:
    one = request(lead=lead(company=" "), overwrite="account.name")
    part = filled(account(), Account, [mapped(MapEntry("account.name", "company"), one)], one)
    assert part.after == account()
    assert [(t.fate, t.why) for t in part.transfers] == [(Fate.DROPPED, "field map gave no value")]


def test_what_an_argument_replaces_is_dropped() -> None:
    one = request(lead=lead(title="Dr"))
    wanted = offers([TITLE], {"title": ("Prof", "title was given")}, one)
    part = filled(contact(), Contact, wanted, one)
    (transfer,) = part.transfers
    assert (transfer.fate, transfer.over, transfer.target) == (Fate.DROPPED, "Prof", None)
    assert part.after is not None
    assert part.after.title == "Prof"


def test_what_a_function_makes_nothing_of_is_dropped() -> None:
    one = request()
    part = filled(contact(), Contact, [mapped(NOTHING, one)], one)
    assert [(t.field, t.fate) for t in part.transfers] == [("company", Fate.DROPPED)]
    assert part.transfers[0].why == "made by nothing gave no value"


def test_a_skipped_part_drops_what_it_would_have_taken() -> None:
    entries = [TITLE, MapEntry("contact.email", "email")]
    (transfer,) = skipped(request(), entries, "no contact")
    assert (transfer.field, transfer.fate, transfer.why) == ("email", Fate.DROPPED, "no contact")


def test_an_absent_part_changes_nothing() -> None:
    assert Part[Account]().changes == ()
    assert not Part[Account]().is_new
