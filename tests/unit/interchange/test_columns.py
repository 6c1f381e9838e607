import pytest

from crmcore import STANDARD_MODEL, Address, CustomField, Lead, PersonName
from crmcore.errors import UnknownNameError, UsageError
from crmcore.interchange import Columns
from crmcore.interchange.columns import made, paths_of, row_of

MODEL = STANDARD_MODEL.with_custom_fields(Lead, CustomField(name="tier"))
SCHEMA = MODEL.schema("lead")


def test_columns_are_guessed_by_path_name_and_label() -> None:
    found = Columns.guessed(
        MODEL, "lead", ("Company", "E-Mail", "name.given", "Tier", "Shoe size", "company")
    )
    assert found.paths["Company"] == "company"
    assert found.paths["name.given"] == "name.given"
    assert found.paths["Tier"] == "custom.tier"
    assert "Shoe size" not in found.paths
    assert "company" not in found.paths


def test_columns_must_name_fields_and_each_once() -> None:
    with pytest.raises(UnknownNameError, match="company"):
        Columns.named(MODEL, "lead", {"A": "compny"})
    with pytest.raises(UsageError, match="two columns"):
        Columns.named(MODEL, "lead", {"A": "company", "B": "company"})


def test_a_row_is_read_into_values_and_bad_cells_are_told() -> None:
    columns = Columns.named(
        MODEL,
        "lead",
        {
            "Given": "name.given",
            "Family": "name.family",
            "City": "address.city",
            "N": "employees",
            "Tier": "custom.tier",
            "SAP": "external_ids.sap",
        },
    )
    cells = {"Given": "Ada", "Family": "King", "City": "Bonn", "N": "x", "Tier": "a", "SAP": "7"}
    read = columns.read(cells, "row 2")
    assert read.values["name"] == PersonName(given="Ada", family="King")
    assert read.values["address"] == Address(city="Bonn")
    assert read.values["external_ids"] == {"sap": "7"}
    assert [(one.path, one.value) for one in read.findings] == [("employees", "x")]
    lead = made(SCHEMA, read.values)
    assert isinstance(lead, Lead)
    assert lead.custom == {"tier": "a"}
    again = row_of(SCHEMA, lead)
    assert again["name.family"] == "King"
    assert again["custom.tier"] == "a"
    assert again["external_ids.sap"] == "7"
    assert "title" not in again


def test_the_paths_of_an_entity_have_parts_and_no_system_fields() -> None:
    paths = set(paths_of(SCHEMA))
    assert {"id", "name", "name.family", "address.city", "custom.tier"} <= paths
    assert not paths & {"version", "created_at", "custom"}
