"""An import takes every row once, and says what became of it."""

from __future__ import annotations

import csv
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import Contact, Crm, CustomField, Lead, PersonName, Touch
from crmcore.fields import Whole
from crmcore.model.model import Model
from crmcore.rules.capture import Outcome
from tests.properties.conversion.worlds import NOW, content, models, stored

MODELS = models().map(
    lambda one: one.with_custom_fields(Lead, CustomField(name="visits", type=Whole(minimum=0)))
)

CELLS = {
    "First Name": ["", "Ada", "Grace"],
    "Surname": ["", "Lovelace", "Hopper"],
    "Email": ["", "ada@vega.example", "ADA@vega.example", "grace@vega.example", "nonsense"],
    "company": ["", "Vega", "Orion"],
    "Website": ["", "vega.example"],
    "Visits": ["", "3", "0", "many"],
    "VIP?": ["", "yes", "0", "perhaps"],
    "source": ["", "Web", "Fair"],
    "Employees": ["", "12", "1.5", "1,000.00"],
}
COLUMNS = {
    "First Name": "name.given",
    "Surname": "name.family",
    "Email": "email",
    "company": "company",
    "Website": "website",
    "Visits": "custom.visits",
    "VIP?": "custom.is_vip",
    "source": "source",
    "Employees": "employees",
}

ROWS = st.lists(
    st.tuples(*(st.sampled_from(cells) for cells in CELLS.values())), min_size=1, max_size=6
)
CONTACTS = st.lists(
    st.builds(
        Contact,
        name=st.builds(
            PersonName,
            given=st.sampled_from(["Ada", "Grace"]),
            family=st.sampled_from(["Lovelace", "Hopper"]),
        ),
        email=st.sampled_from([None, "ada@vega.example", "grace@vega.example"]),
    ),
    max_size=2,
)


def imported(crm: Crm, rows: Any, **asked: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(CELLS)
            writer.writerows(rows)
        return crm.import_csv(path, columns=COLUMNS, **asked)


def crm_with(model: Model, people: list[Contact]) -> Crm:
    numbers = count(1)
    crm = Crm(model=model, clock=lambda: NOW, ids=lambda: f"new-{next(numbers)}")
    crm.add_all(people)
    return crm


@given(MODELS, ROWS, CONTACTS)
def test_importing_a_file_twice_creates_nothing_the_second_time(
    model: Model, rows: Any, people: list[Contact]
) -> None:
    """L1 each row is created, updated, skipped or rejected, with its number and the reason."""
    crm = crm_with(model, people)
    preview = imported(crm, rows, dry_run=True)
    assert crm.count(Lead) == 0
    first = imported(crm, rows)
    assert [one.outcome for one in preview.rows] == [one.outcome for one in first.rows]
    filled = [number for number, row in enumerate(rows, 2) if any(row)]
    assert [one.number for one in first.rows] == list(range(2, 2 + len(filled)))
    assert sum(first.count(one) for one in Outcome) == len(filled)
    assert all(one.why for one in first.rows)
    assert crm.count(Lead) == first.count(Outcome.CREATED)
    for one in first.rows:
        event(one.outcome.value)
        assert (one.ref is None) is (one.outcome is Outcome.REJECTED)
    before = stored(crm._repository, model)
    again = imported(crm, rows)
    assert again.count(Outcome.CREATED) == again.count(Outcome.UPDATED) == 0
    assert again.count(Outcome.REJECTED) == first.count(Outcome.REJECTED)
    assert stored(crm._repository, model) == before
    assert not crm.check().errors


@given(MODELS, ROWS)
def test_a_row_is_rejected_exactly_for_a_bad_cell(model: Model, rows: Any) -> None:
    """L1 bad rows do not keep the good ones out, and each says which cell is bad."""
    done = imported(crm_with(model, []), rows)
    bad = {"many": "custom.visits", "perhaps": "custom.is_vip", "1.5": "employees"}
    for row, outcome in zip([row for row in rows if any(row)], done.rows, strict=True):
        wrong = {path for cell, path in bad.items() if cell in row}
        assert {one.path for one in outcome.findings.errors} == wrong
        assert (outcome.outcome is Outcome.REJECTED) is bool(wrong)


@given(MODELS, ROWS, ROWS)
def test_a_second_file_keeps_ids_children_and_the_first_touch(
    model: Model, one: Any, other: Any
) -> None:
    """L2 what was known stays: ids, touches, the first source and every value that was present."""
    crm = crm_with(model, [])
    imported(crm, one)
    before = stored(crm._repository, model)
    imported(crm, other)
    after = content(stored(crm._repository, model))
    schema = model.schema(Lead)
    for ref, record in content(before).items():
        if not isinstance(record, Lead):
            assert after[ref] == record
            continue
        now = after[ref]
        for field in schema:
            value = field.value(record)
            if value is not None and field.name not in ("custom", "external_ids"):
                assert field.value(now) == value
        assert record.external_ids.items() <= now.external_ids.items()
    touches = [touch for touch in after.values() if isinstance(touch, Touch)]
    assert {touch.who for touch in touches} <= after.keys()
