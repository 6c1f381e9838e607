"""RowFields: single fields of rows, as their records have them."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.lowering import OPEN
from crmcore.adapters.row_fields import RowFields, asked
from crmcore.codec import Codec, DecodeError
from crmcore.codec.errors import Misfit
from crmcore.entities import Account, Contact, Opportunity
from crmcore.ports.rows import Row
from crmcore.query import F, matches
from crmcore.testing import strategies
from tests.adapters import MODEL, Subscription

CODEC = Codec(MODEL)
DEAL = CODEC.forms.entity("opportunity")


@given(st.data())
def test_a_filter_answers_on_fields_what_it_answers_on_the_record(data: st.DataObject) -> None:
    """S7 A filter on the fields of a row, old ones too, selects what it selects among records."""
    entity = data.draw(st.sampled_from([Account, Contact, Opportunity, Subscription]))
    records = data.draw(st.lists(strategies.records(entity, MODEL), max_size=5))
    where = data.draw(strategies.queries(entity, MODEL, records=records)).where
    for one in records:
        row = CODEC.row(one)
        older = data.draw(st.sets(st.sampled_from(sorted(row.data.keys() - {"id"}))))
        stored = {name: value for name, value in row.data.items() if name not in older}
        form = CODEC.forms.entity(row.kind)
        fields = asked(where, form, OPEN)
        with suppress(DecodeError):  # it cannot do without the field
            read = CODEC.record(Row(row.kind, row.id, one.version, stored))
            alone = RowFields({**stored, "id": row.id}, form, {})
            assert {name: alone[name] for name in alone} == {
                name: getattr(read, name) for name in alone
            }
            if fields is not None:
                assert matches(where, RowFields(stored, form, fields)) == matches(where, read)


def test_parts_are_read_alone_where_only_they_are_asked_after() -> None:
    only = asked((F.amount.amount > 1) & (F.stage == "Won"), DEAL, OPEN)
    assert only is not None
    assert only["amount"] is not None
    assert only["stage"] is None
    both = asked((F.amount.amount > 1) & F.amount.is_none(), DEAL, OPEN)
    assert both == {"amount": None}
    row = RowFields({"amount": {"amount": "1.50", "currency": 7}}, DEAL, only)
    assert row["amount"]["amount"] == Decimal("1.50")
    assert len(row["amount"]) == 2
    assert sorted(row["amount"]) == ["amount", "currency"]


def test_what_is_no_field_needs_the_record() -> None:
    assert asked(F.ref == DEAL, DEAL, OPEN) is None
    assert asked(F.version == 1, DEAL, OPEN) is None


def test_what_does_not_fit_or_is_made_anew_is_told() -> None:
    row = RowFields({"stage": 5, "amount": 3}, DEAL, {"amount": DEAL.parts("amount", OPEN)})
    for name in ("stage", "amount", "id"):
        with pytest.raises(Misfit):
            row[name]
    assert row["close_on"] is None
