"""Rows: a number that nobody has leads nowhere."""

import pytest

from crmcore.rules.matching.rows import Rows
from crmcore.values.ref import Ref


def test_a_number_that_nobody_has_leads_nowhere() -> None:
    rows = Rows()
    (number,) = rows.add_all([Ref("contact", "a")])
    rows.drop(Ref("contact", "a"))
    rows.drop(Ref("contact", "a"))
    assert rows.add_all([Ref("contact", "b"), Ref("lead", "b")]) == [number, 1]
    rows.drop(Ref("lead", "b"))
    with pytest.raises(LookupError):
        rows.ref(1)
    assert len(rows) == 1
