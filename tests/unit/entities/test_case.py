"""Cases."""

from crmcore.entities import Case
from tests.unit.entities.shape import check_shape


def test_a_case_needs_a_subject() -> None:
    names = "account_id who priority origin type opened_at closed_at description"
    check_shape(Case, "case", {"subject"}, dict.fromkeys(names.split(), None) | {"status": "New"})
