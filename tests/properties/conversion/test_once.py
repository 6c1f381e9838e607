"""A lead is converted once."""

import pytest
from hypothesis import given

from crmcore.rules.conversion import AlreadyConvertedError
from tests.properties.conversion.worlds import World, worlds


@given(worlds())
def test_a_converted_lead_is_not_converted_again(world: World) -> None:
    """C4 a second conversion raises with the receipt, and makes nothing."""
    plan = world.convert()
    after = world.commit(plan)
    receipt = after[plan.receipt.ref]
    with pytest.raises(AlreadyConvertedError) as raised:
        world.convert(lead=after[world.lead.ref], children=(), links=[receipt])
    assert raised.value.receipt == receipt
    assert raised.value.became == tuple(
        one.ref for one in (plan.account, plan.contact, plan.opportunity) if one is not None
    )
    assert world.state() == after
