"""A converted lead has a status that says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Lead
from crmcore.errors import UsageError
from crmcore.model.pipeline import LeadCategory, LeadStatus
from tests.properties.conversion.worlds import World, worlds

STATUSES = st.lists(
    st.builds(LeadStatus, st.sampled_from("abcdef"), st.sampled_from(LeadCategory)),
    unique_by=lambda one: one.key,
    max_size=6,
).map(lambda extra: (LeadStatus("New"), *extra, LeadStatus("Done", LeadCategory.CONVERTED)))


@given(worlds(), STATUSES, st.data())
def test_the_status_of_a_converted_lead_means_converted(
    world: World, statuses: tuple[LeadStatus, ...], data: st.DataObject
) -> None:
    """C3 afterwards the status is flagged converted; one not flagged so is refused."""
    model = world.model.with_lead_statuses(*statuses)
    context = world.context.__class__(
        model=model, now=world.context.now, new_id=world.context.new_id
    )
    asked = data.draw(st.none() | st.sampled_from([one.key for one in statuses]), label="status")
    categories = {one.key: one.category for one in statuses}
    if asked is not None and categories[asked] is not LeadCategory.CONVERTED:
        with pytest.raises(UsageError):
            world.convert(context=context, status=asked)
        return
    lead = world.commit(world.convert(context=context, status=asked))[world.lead.ref]
    assert isinstance(lead, Lead)
    assert categories[lead.status] is LeadCategory.CONVERTED
    assert asked in (None, lead.status)
