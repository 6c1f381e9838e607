"""What a model adds to the schemas of its entities."""

from crmcore.entities import Account, Lead
from crmcore.fields import CustomField
from crmcore.model.customise import Label, described
from crmcore.model.describe import describe


def test_entities_are_described_by_their_stored_name() -> None:
    assert described((Account, Lead), {}, {}) == {
        "account": describe(Account),
        "lead": describe(Lead),
    }


def test_custom_fields_come_after_the_standard_ones() -> None:
    schema = described((Account,), {"account": (CustomField(name="tier"),)}, {})["account"]
    assert schema.standard == describe(Account).fields
    assert [one.path for one in schema.fields][-1] == "custom.tier"


def test_labels_replace_those_made_from_the_name() -> None:
    schema = described((Account,), {}, {"account": Label("Company", "Companies")})["account"]
    assert (schema.kind, schema.label, schema.plural) == ("account", "Company", "Companies")
