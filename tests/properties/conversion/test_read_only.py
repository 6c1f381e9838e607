"""A converted lead is read-only, and its links keep answering."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore import (
    STANDARD_MODEL,
    Account,
    ChangeSet,
    Contact,
    Crm,
    Lead,
    Opportunity,
    PersonName,
    Record,
    ValidationError,
)
from crmcore.changes import Update
from crmcore.testing import strategies

FIELDS = [
    one.name
    for one in STANDARD_MODEL.schema(Lead).standard
    if not one.is_system and one.name not in {"status", "converted_at"}
]


def converted(crm: Crm) -> Lead:
    name = PersonName(given="Ada", family="King")
    lead = crm.add(Lead(name=name, company="Vega", email="ada@vega.example"))
    crm.convert_lead(lead.id)
    return crm.get(Lead, lead.id)


@given(data=st.data())
def test_no_edit_changes_a_converted_lead(data: st.DataObject) -> None:
    """C5. Neither saving it nor committing own changes."""
    crm = Crm()
    lead = converted(crm)
    other = data.draw(strategies.records(Lead))
    names = data.draw(st.sets(st.sampled_from(FIELDS), min_size=1))
    changes: dict[str, Any] = {name: getattr(other, name) for name in names}
    edited = evolve(lead, **changes)
    if edited == lead:
        assert crm.save(edited) == lead
        return
    with pytest.raises(ValidationError) as refused:
        crm.save(edited)
    assert "lead.converted" in {one.code for one in refused.value.findings.errors}
    with pytest.raises(ValidationError):
        crm.commit(ChangeSet([Update(lead, edited)]))
    with pytest.raises(ValidationError), crm.transaction() as tx:
        tx.save(edited)
    assert crm.get(Lead, lead.id) == lead


@given(
    order=st.permutations(["account", "contact", "opportunity"]),
    again=st.booleans(),
)
def test_the_links_of_a_converted_lead_resolve_after_merges(order: list[str], again: bool) -> None:
    """C6. What the lead became may be merged away, and once more: the links still answer."""
    crm = Crm()
    lead = converted(crm)
    links: dict[str, tuple[type[Record], str | None]] = {
        "account": (Account, lead.converted_account_id),
        "contact": (Contact, lead.converted_contact_id),
        "opportunity": (Opportunity, lead.converted_opportunity_id),
    }
    for kind in order:
        entity, id_ = links[kind]
        assert id_ is not None
        for _ in range(2 if again else 1):
            became: Record = crm.get(entity, id_)
            survivor = crm.add(evolve(became, id=f"{kind}-{became.version}-survivor", version=0))
            crm.merge(survivor, became)
    assert crm.get(Lead, lead.id) == lead
    for kind, (entity, id_) in links.items():
        assert id_ is not None
        found: Record = crm.get(entity, id_)
        assert found.id != id_
        assert crm.resolve(id_) == found.ref
        assert found.ref.kind == kind
