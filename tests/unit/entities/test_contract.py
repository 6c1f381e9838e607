"""Contracts."""

from crmcore.entities import Contract
from tests.unit.entities.shape import check_shape


def test_a_contract_needs_a_name() -> None:
    names = ("account_id", "opportunity_id", "number", "start_on", "end_on", "value", "description")
    check_shape(Contract, "contract", {"name"}, dict.fromkeys(names) | {"status": "Draft"})
