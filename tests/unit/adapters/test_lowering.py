from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from attrs import field, frozen

from crmcore.adapters.lowering import Lowered, lower
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Campaign,
    Contact,
    Judgement,
    Opportunity,
    Record,
)
from crmcore.entities.ledger import Verdict
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import ALL, And, F, Filter, In, Or, Path, Query
from crmcore.values import Money, PersonName, Ref
from crmcore.values.ids import new_id


class Size(StrEnum):
    SMALL = "small"


DOE = PersonName(family="Doe")


@frozen(kw_only=True)
class Sample(Record):
    id: str = field(factory=new_id)
    code: str = field(factory=new_id)
    tier: str | None = "gold"
    size: Size = Size.SMALL
    name: PersonName = DOE


MODEL = STANDARD_MODEL.with_entity(Sample)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
WHO = Ref[Contact]("contact", "c")


def lowered(entity: type[Record], where: Filter, **rest: Any) -> Lowered:
    return lower(Query.of(entity, where, **rest), MODEL)


@pytest.mark.parametrize(
    ("entity", "where"),
    [
        (Account, ALL),
        (Account, F.id == "a"),
        (Account, F.name == "Acme"),
        (Account, F.name >= "Acme"),
        (Account, F.name.starts_with("Ac")),
        (Account, F.name.contains("c")),
        (Account, F.roles.contains("customer")),
        (Account, F.employees > 10),
        (Account, F.employees.in_([1, 2])),
        (Account, F.parent_id.is_none()),
        (Account, ~(F.name == "x")),
        (Account, (F.name == "x") | ~F.parent_id.is_none()),
        (Account, F.billing_address.city == "Berlin"),
        (Account, F.billing_address.city.is_none()),
        (Account, F.annual_revenue.currency == "EUR"),
        (Account, F.custom["tier"] == "gold"),
        (Account, F.custom["tier"].is_none()),
        (Account, F.custom["is_new"] == True),  # noqa: E712  # a filter
        (Account, F.custom["tier"].starts_with("g")),
        (Account, F.external_ids["sap"] == "1"),
        (Account, Or(())),
        (Contact, F.name.family == "Lovelace"),
        (Activity, F.who.kind == "lead"),
        (Opportunity, F.pipeline == "other"),
        (Account, F.is_person == True),  # noqa: E712  # a filter
    ],
)
def test_what_rows_can_tell_is_asked_of_them_as_it_is(entity: type[Record], where: Filter) -> None:
    assert lowered(entity, where) == Lowered(
        Query.of(entity, where), is_exact=True, is_ordered=True
    )


@pytest.mark.parametrize(
    ("entity", "where", "row"),
    [
        (Activity, F.due_on <= date(2026, 1, 1), F.due_on <= "2026-01-01"),
        (Activity, F.done_at < MOMENT, F.done_at < "2026-01-01T00:00:00.000000Z"),
        (
            Activity,
            F.done_at == MOMENT.astimezone(timezone(timedelta(hours=1))),
            F.done_at == "2026-01-01T00:00:00.000000Z",
        ),
        (Activity, F.who == WHO, And((F.who.kind == "contact", F.who.id == "c"))),
        (Judgement, F.verdict == Verdict.DUPLICATE, F.verdict == "duplicate"),
        (Judgement, F.verdict.in_(list(Verdict)), F.verdict.in_(["duplicate", "not_duplicate"])),
        (Sample, F.size == Size.SMALL, Or((F.size == "small", F.size.is_none()))),
        (Opportunity, F.pipeline == "standard", None),
        (
            AccountContactRelation,
            F.is_active == True,  # noqa: E712  # a filter
            Or((F.is_active == True, F.is_active.is_none())),  # noqa: E712  # a filter
        ),
        (Campaign, F.member_statuses.contains("Sent"), None),
    ],
)
def test_values_are_asked_for_in_their_stored_form(
    entity: type[Record], where: Filter, row: Filter | None
) -> None:
    # A field that a row may lack has its default: None asks for that too.
    wanted = row if row is not None else Or((where, Path(where.path.steps[0]).is_none()))  # type: ignore[union-attr]  # a test of one field
    found = lowered(entity, where)
    assert found.query.where == wanted
    assert found.is_exact


@pytest.mark.parametrize(
    ("entity", "where"),
    [
        (Account, F.version == 1),
        (Account, F.nothing == 1),
        (Account, F.name.part == "x"),
        (Account, (F.version == 1) & (F.version == 2)),
        (Account, F.name == 3),
        (Account, F.employees == "3"),
        (Account, F.employees == True),  # noqa: E712  # a filter
        (Account, F.employees == Decimal(3)),
        (Account, F.is_person == 1),
        (Account, F.annual_revenue.amount > 3),
        (Account, F.annual_revenue == Money(3, "EUR")),
        (Account, F.custom["score"] > 3),
        (Account, F.custom["tags"].contains("a")),
        (Account, F.custom["a"]["b"] == "x"),
        (Account, F.custom.contains("a")),
        (Account, F.labels.is_none()),
        (Account, F.labels == frozenset({"a"})),
        (Account, F.roles.in_([frozenset({"a"})])),
        (Account, F.employees.starts_with("1")),
        (Account, F.employees.contains("1")),
        (Account, F.name.contains(1)),
        (Account, F.name.is_none() & (F.name == 3) | (F.name == 3)),
        (Account, F.employees.in_([1, Decimal(2)])),
        (Account, F == 1),
        (Activity, F.due_on == "2026-01-01"),
        (Activity, F.due_on == MOMENT),
        (Activity, F.done_at == "2026-01-01T00:00:00.000000Z"),
        (Activity, F.done_at == datetime(2026, 1, 1)),  # noqa: DTZ001  # naive on purpose
        (Activity, F.done_at > datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
        (Activity, F.due_on.starts_with("2026")),
        (Activity, F.who > WHO),
        (Activity, F.who.is_none() | (F.due_on == MOMENT)),
        (Opportunity, F.probability == Decimal(3)),
        (Judgement, F.verdict == "duplicate"),
        (Judgement, F.verdict > Verdict.DUPLICATE),
        (Judgement, ~(F.verdict == "duplicate")),
        (Campaign, F.member_statuses.is_none()),
        (Sample, F.code == "x"),
        (Sample, F.tier.is_none()),
    ],
)
def test_what_rows_cannot_tell_is_not_asked_of_them(entity: type[Record], where: Filter) -> None:
    found = lowered(entity, where)
    assert not found.is_exact
    assert found.query.where == ALL


def test_the_rest_of_a_conjunction_is_still_asked() -> None:
    known = F.name == "x"
    assert lowered(Account, known & (F.version == 1)).query.where == known
    found = lowered(Account, known & (F.employees > 1) & (F.version == 1) & ALL)
    assert found.query.where == And((known, F.employees > 1))
    assert not found.is_exact


def test_all_or_anything_is_all() -> None:
    assert lowered(Account, ALL | (F.version == 1)) == Lowered(
        Query("account"), is_exact=True, is_ordered=True
    )


def test_a_null_is_told_from_an_absent_key_above() -> None:
    found = lowered(Sample, F.tier == "gold")
    assert found.query.where == Or((F.tier == "gold", F.tier.is_none()))
    assert not found.is_exact
    assert lowered(Sample, F.tier == "silver").is_exact


def test_a_limit_is_asked_only_of_an_exact_filter() -> None:
    assert lowered(Account, F.name == "x", limit=3).query.limit == 3
    found = lowered(Account, F.version == 1, limit=3, order=F.name)
    assert found.is_ordered
    assert (found.query.limit, found.query.order) == (None, Query.of(Account, order=F.name).order)


@pytest.mark.parametrize(
    ("entity", "order", "after", "row"),
    [
        (Account, [F.name.desc(), F.employees], ("x", None, "a"), ("x", None, "a")),
        (Activity, [F.due_on], (date(2026, 1, 1), "a"), ("2026-01-01", "a")),
        (Account, [F.billing_address.city, F.id], ("x", "a", "a"), ("x", "a", "a")),
        (Account, [], ("a",), ("a",)),
    ],
)
def test_an_order_of_plain_values_is_asked(
    entity: type[Record], order: list[Any], after: tuple[Any, ...], row: tuple[Any, ...]
) -> None:
    found = lowered(entity, ALL, order=order, after=after)
    assert found.is_ordered
    assert found.query.after == row


@pytest.mark.parametrize(
    ("entity", "order", "after"),
    [
        (Account, F.version, None),
        (Account, F.annual_revenue, None),
        (Account, F.annual_revenue.amount, None),
        (Account, F.custom["tier"], None),
        (Account, F.labels, None),
        (Opportunity, F.probability, None),
        (Opportunity, F.stage, None),
        (Judgement, F.verdict, None),
        (Activity, F.who, None),
        (Account, F.name, (3, "a")),
        (Account, F.name, ("x", 3)),
    ],
)
def test_an_order_that_rows_do_not_have_is_left_out(
    entity: type[Record], order: Any, after: tuple[Any, ...] | None
) -> None:
    found = lowered(entity, ALL, order=order, after=after, limit=1)
    assert found == Lowered(Query.of(entity), is_exact=True, is_ordered=False)


def test_nothing_is_known_of_an_entity_that_the_model_lacks() -> None:
    assert lower(Query("other", F.name == "x"), MODEL) == Lowered(
        Query("other"), is_exact=False, is_ordered=False, rest=F.name == "x"
    )


def test_a_value_is_asked_for_as_plain_text() -> None:
    found = lowered(Account, F.name.in_([Size.SMALL])).query.where
    assert isinstance(found, In)
    assert type(found.values[0]) is str
