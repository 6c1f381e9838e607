from decimal import Decimal
from typing import Annotated, Any

import pytest
from attrs import frozen

from crmcore.entities import Account, AccountContactRelation, Contact, Opportunity, User
from crmcore.entities.record import Record
from crmcore.fields import CustomField, Date, Lookup, MultiPicklist, Number, Text
from crmcore.findings import ModelError, Severity
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F
from crmcore.rules.rollup import NOTHING, STANDARD_ROLLUPS, Rollup, check
from crmcore.rules.rollup.fit import require_sound
from crmcore.values import Money

MODEL = STANDARD_MODEL.with_custom_fields(
    Opportunity,
    CustomField(name="seats", type=Number()),
    CustomField(name="buyer", type=Lookup("account")),
    CustomField(name="signed_on", type=Date()),
    CustomField(name="colours", type=MultiPicklist("red")),
    CustomField(name="note", type=Text()),
)


@frozen(kw_only=True)
class Subscription(Record):
    account_id: Annotated[str | None, Lookup("account")] = None
    price: Money | None = None


def rollup(**changed: Any) -> Rollup:
    usual: dict[str, Any] = {
        "name": "amount",
        "child": Opportunity,
        "by": F.account_id,
        "value": F.amount,
        "aggregate": "sum",
    }
    return Rollup(**{**usual, **changed})


def codes(one: Rollup) -> list[str]:
    return [finding.code for finding in check(one, MODEL)]


@pytest.mark.parametrize(
    "one",
    [
        *STANDARD_ROLLUPS,
        rollup(where=F.stage_category.in_(["won", "lost"])),
        rollup(value=F.custom["seats"]),
        rollup(by=F.custom["buyer"], rate_on=F.custom["signed_on"]),
        rollup(value=F.custom["note"], aggregate="min"),
        rollup(value=F.external_ids["sap"], aggregate="count_distinct"),
        rollup(value=F.amount.currency, aggregate="count_distinct", empty=0),
        rollup(by=F.owner_id, over=User),
        rollup(rate_on=F.created_at),
        rollup(empty=NOTHING),
        rollup(empty=Money(1, "EUR")),
        rollup(currency="USD", empty=Money(1, "USD")),
        rollup(value=F.probability, empty=1),
        rollup(value=F.name, aggregate="max", empty="none"),
        rollup(value=F.custom["seats"], empty=Decimal(1)),
        rollup(value=None, aggregate="count_distinct", empty=3),
    ],
    ids=str,
)
def test_what_can_work_has_no_findings(one: Rollup) -> None:
    assert not check(one, MODEL)
    require_sound(one, MODEL)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (rollup(where=F.stagge == "Won"), "rollup.field"),
        (rollup(where=F.stage_category > "won"), "rollup.field"),
        (rollup(value=F.custom["seets"]), "rollup.field"),
        (rollup(value=F.custom["note"]), "rollup.value"),
        (rollup(value=F.custom["colours"], aggregate="count_distinct"), "rollup.value"),
        (rollup(value=F.custom["seats"], currency="EUR"), "rollup.currency"),
        (rollup(by=F.custom["note"]), "rollup.by"),
        (rollup(rate_on=F.custom["note"]), "rollup.rate_on"),
        (rollup(rate_on=F.custom["signed"]), "rollup.field"),
        (rollup(empty=0), "rollup.empty"),
        (rollup(empty=Money(0, "USD")), "rollup.empty"),
        (rollup(value=F.probability, empty=True), "rollup.empty"),
        (rollup(value=None, aggregate="count", empty="none"), "rollup.empty"),
        (rollup(value=F.name, aggregate="count_distinct", empty="none"), "rollup.empty"),
        (rollup(value=F.close_on, aggregate="max", empty=0), "rollup.empty"),
    ],
    ids=str,
)
def test_what_a_model_does_not_fit_is_found(one: Rollup, code: str) -> None:
    assert codes(one) == [code]
    with pytest.raises(ModelError):
        require_sound(one, MODEL)


def test_a_missing_field_is_named_with_the_nearest() -> None:
    (finding,) = check(rollup(value=F.custom["seets"], empty=1), MODEL)
    assert "did you mean 'custom.seats'?" in finding.message
    assert finding.path == "amount.value"


def test_an_entity_that_the_model_lacks_is_found() -> None:
    own = rollup(child=Subscription, value=F.price)
    (finding,) = check(own, MODEL)
    assert (finding.code, finding.value) == ("rollup.entity", "subscription")
    assert finding.suggestion == "use model.with_entity(Subscription)"
    assert not check(own, MODEL.with_entity(Subscription))


def test_a_disabled_entity_is_no_error_so_that_disabling_breaks_nothing() -> None:
    model = MODEL.with_disabled(Opportunity)
    (finding,) = check(rollup(), model)
    assert (finding.code, finding.severity) == ("rollup.disabled", Severity.WARNING)
    assert finding.suggestion == "use model.with_enabled(Opportunity)"
    require_sound(rollup(), model)


def test_a_link_needs_one_reference_to_each_side() -> None:
    linked = Rollup(
        name="contacts",
        child=Contact,
        by=F.account_id,
        via=AccountContactRelation,
        aggregate="count",
    )
    assert not check(linked, MODEL)
    with pytest.raises(ModelError, match="does not link one contact to one account"):
        Rollup(name="x", child=Contact, by=F.account_id, via=Account, aggregate="count")
