from typing import Annotated, Any

from attrs import frozen

from crmcore.entities import Opportunity, Record
from crmcore.fields import CustomField, Lookup
from crmcore.model.describe import describe
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F, Query, matches
from crmcore.query.referring import referring_queries, referring_query
from crmcore.values import Ref

ADA = Ref[Any]("contact", "ada")


@frozen(kw_only=True)
class Ticket(Record):
    asked_by_id: Annotated[str | None, Lookup("contact")] = None
    about: Annotated[Ref[Any] | None, Lookup()] = None
    watchers: Annotated[tuple[str, ...], Lookup("contact")] = ()


TICKET = describe(Ticket)


def test_a_reference_to_one_kind_is_asked_by_id() -> None:
    query = referring_query("ticket", TICKET.field("asked_by_id"), ADA)
    assert query == Query("ticket", F.asked_by_id == "ada")


def test_a_reference_to_several_kinds_is_asked_whole() -> None:
    assert referring_query("ticket", TICKET.field("about"), ADA).where == (F.about == ADA)


def test_references_in_a_tuple_are_asked_one_by_one() -> None:
    query = referring_query("ticket", TICKET.field("watchers"), ADA)
    assert matches(query.where, Ticket(watchers=("bob", "ada")))
    assert not matches(query.where, Ticket(watchers=("bob",)))


def test_references_to_several_records_are_asked_at_once() -> None:
    bob = Ref[Any]("contact", "bob")
    asked = list(referring_queries("ticket", TICKET.field("asked_by_id"), [ADA, bob]))
    assert asked == [Query("ticket", F.asked_by_id.in_(["ada", "bob"]))]
    about = list(referring_queries("ticket", TICKET.field("about"), [ADA, bob]))
    assert about == [Query("ticket", F.about.in_([ADA, bob]))]
    watchers = list(referring_queries("ticket", TICKET.field("watchers"), [ADA, bob]))
    assert [one.where for one in watchers] == [
        F.watchers.contains("ada"),
        F.watchers.contains("bob"),
    ]


def test_nothing_refers_to_nothing() -> None:
    assert list(referring_queries("ticket", TICKET.field("about"), [])) == []


def test_a_custom_reference_is_asked_where_it_is_kept() -> None:
    model = STANDARD_MODEL.with_custom_fields(
        Opportunity, CustomField(name="champion", type=Lookup("contact"))
    )
    query = referring_query("opportunity", model.schema(Opportunity).field("champion"), ADA)
    assert matches(query.where, Opportunity(name="Engine", custom={"champion": "ada"}))
