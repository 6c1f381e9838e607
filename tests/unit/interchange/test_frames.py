from crmcore import STANDARD_MODEL, Address, CustomField, Lead, Money, PersonName
from crmcore.interchange import to_frame

SCHEMA = STANDARD_MODEL.with_custom_fields(Lead, CustomField(name="tier")).schema("lead")


def test_a_frame_has_a_row_for_each_record_and_a_column_for_each_part() -> None:
    lead = Lead(
        name=PersonName(family="King"),
        address=Address(city="Bonn"),
        budget=Money(12, "EUR"),
        custom={"tier": "a"},
    )
    frame = to_frame(SCHEMA, [lead, Lead(company="Vega")])
    assert list(frame["name.family"]) == ["King", None]
    assert list(frame["address.city"]) == ["Bonn", None]
    assert list(frame["budget.amount"]) == [12, None]
    assert list(frame["budget.currency"]) == ["EUR", None]
    assert list(frame["custom.tier"]) == ["a", None]
    assert "custom" not in frame.columns
    assert len(to_frame(SCHEMA, [])) == 0
