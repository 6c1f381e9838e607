"""Leads."""

import pytest

from crmcore.entities import Lead, kind_of
from crmcore.fields import KEEP
from crmcore.model.describe import describe
from tests.unit.entities.shape import check_value

NAMES = (
    "name company title email phone mobile fax website address industry employees annual_revenue "
    "source rating interest budget authority timeline description referred_by_id "
    "converted_account_id converted_contact_id converted_opportunity_id converted_at"
).split()


def test_a_lead_needs_nothing_at_all() -> None:
    lead = Lead()
    assert kind_of(Lead) == "lead"
    assert {name: getattr(lead, name) for name in NAMES} == dict.fromkeys(NAMES, None)
    assert lead.status == "New"
    assert {lead.is_email_opt_out, lead.is_phone_opt_out, lead.is_post_opt_out} == {False}
    check_value(Lead, lead, "lead")


@pytest.mark.parametrize("kind", ["account", "contact", "opportunity"])
def test_what_a_lead_became_is_historic(kind: str) -> None:
    lookup = describe(Lead).field(f"converted_{kind}_id").lookup
    assert lookup is not None
    assert (lookup.kind, lookup.on_merge) == (kind, KEEP)
