"""A model as text: diagram and data dictionary."""

import re
from typing import Annotated, Any

import pytest
from attrs import field, frozen

from crmcore.entities import Account, Case, Lead, Record
from crmcore.fields import CustomField, Email, Lookup, Number, Picklist, Text, Whole
from crmcore.model import json_schema as schemas
from crmcore.model.describe import describe
from crmcore.model.document import data_dictionary, er_diagram, json_schema, type_name
from crmcore.model.model import STANDARD_MODEL


@frozen(kw_only=True)
class Subscription(Record):
    """What is paid for | each month.

    And more about it.
    """

    account_id: Annotated[str, Lookup("account")]
    payers: Annotated[tuple[str, ...], Lookup("contact")] = ()
    agent_id: Annotated[str | None, Lookup("user", "contact")] = None
    odd: Any = None
    short: Annotated[str, Text(max_length=1_000)] = ""
    stars: Annotated[int | None, Whole(minimum=1, maximum=5)] = None
    rebate: Annotated[str | None, Number()] = None
    letters: Annotated[frozenset[str], Email()] = field(default=frozenset())


class Plain(Record):
    pass


MODEL = (
    STANDARD_MODEL.with_entity(Subscription, Plain)
    .with_custom_fields(
        Account,
        CustomField(name="site_id", type=Lookup("account"), label='The "site"'),
        CustomField(name="tier", type=Picklist("a|b", "c\\d"), required=True),
    )
    .renamed(Account, 'Comp"any', "Companies")
    .with_disabled(Lead)
)
DIAGRAM = er_diagram(MODEL).splitlines()
BOOK = data_dictionary(MODEL)


def test_every_entity_in_use_is_in_the_diagram() -> None:
    assert DIAGRAM[0] == "erDiagram"
    boxes = [line for line in DIAGRAM if line.endswith('"]')]
    assert len(boxes) == len(MODEL.schemas)
    assert '    account["Comp\'any"]' in boxes
    assert not any(re.search(r"\blead\b", line) for line in boxes)


def test_every_reference_has_its_line() -> None:
    for line in (
        '    account |o--o{ account : "parent_id"',
        '    account ||--o{ account_contact_relation : "account_id"',
        '    contact |o--o{ activity : "who"',
        '    contact }o--o{ subscription : "payers"',
        '    user |o--o{ subscription : "agent_id"',
        '    contact |o--o{ subscription : "agent_id"',
        '    account |o--o{ account : "custom.site_id"',
        '    user ||--o{ quota : "owner_id"',
        "    %% owner_id of every record names a user that may live elsewhere",
        "    %% about of attachment names a record of any kind",
    ):
        assert DIAGRAM.count(line) == 1, line


def test_no_line_names_a_disabled_entity() -> None:
    assert not any(re.search(r"\blead\b", line) for line in DIAGRAM)
    assert any(re.search(r"\blead\b", line) for line in er_diagram(STANDARD_MODEL).splitlines())


def test_every_line_of_the_diagram_is_one_that_mermaid_knows() -> None:
    known = re.compile(r'    (\w+\["[^"]+"\]|%% [^\n]+|\w+ (\|\||\|o|\}o)--o\{ \w+ : "[\w.]+")')
    assert all(known.fullmatch(line) for line in DIAGRAM[1:])


def chapter(title: str) -> list[str]:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", BOOK, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[1].strip().splitlines()


def test_every_entity_in_use_has_a_chapter() -> None:
    titles = re.findall(r"^## .*\(`(\w+)`\)$", BOOK, re.MULTILINE)
    assert titles == [schema.kind for schema in MODEL.schemas]
    assert "lead" not in titles


def test_a_chapter_has_a_row_for_every_field() -> None:
    lines = chapter('Comp"any (`account`)')
    fields = re.findall(r"^\| `([\w.]+)`", "\n".join(lines), re.MULTILINE)
    assert set(fields) == {one.path for one in MODEL.schema(Account).fields}
    assert fields[:2] == ["id", "name"]
    assert fields[-9:-7] == ["custom.site_id", "custom.tier"]
    assert fields[-1] == "updated_at"


def test_a_row_says_what_the_field_is() -> None:
    rows = chapter("Subscription (`subscription`)")
    assert rows[0] == "What is paid for | each month."
    assert rows[2] == "| field | label | type | required | refers to | on merge | on delete |"
    for row in (
        "| `account_id` | Account | reference | yes | account | follow | restrict |",
        "| `payers` | Payers | list of reference |  | contact | follow | restrict |",
        "| `odd` | Odd | anything |  |  |  |  |",
    ):
        assert row in rows
    account = chapter('Comp"any (`account`)')
    assert "| `custom.tier` | Tier | picklist: a\\|b, c\\\\d | yes |  |  |  |" in account
    assert "| `tax_id` | Tax id | text |  |  |  |  |" in account
    attachment = chapter("Attachment (`attachment`)")
    assert "| `about` | About | reference | yes | any | follow | restrict |" in attachment


def test_every_row_has_as_many_cells_as_the_head() -> None:
    rows = [line for line in BOOK.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8}


def test_an_entity_without_docstring_has_only_its_table() -> None:
    assert chapter("Plain (`plain`)")[0].startswith("| field ")


@pytest.mark.parametrize(
    ("entity", "name", "words"),
    [
        (Account, "name", "text"),
        (Account, "description", "text of several lines"),
        (Account, "employees", "whole number from 0"),
        (Account, "annual_revenue", "money"),
        (Account, "website", "web address"),
        (Account, "phone", "phone"),
        (Account, "billing_address", "address"),
        (Account, "is_person", "checkbox"),
        (Account, "labels", "set of text"),
        (Account, "external_ids", "mapping to text"),
        (Account, "custom", "mapping to anything"),
        (Account, "created_at", "moment"),
        (Account, "ownership", "picklist: Public, Private, Subsidiary, Other ..."),
        (Lead, "name", "person name"),
        (Lead, "email", "e-mail"),
        (Case, "who", "reference"),
        (Subscription, "short", "text of at most 1,000"),
        (Subscription, "stars", "whole number from 1 to 5"),
        (Subscription, "rebate", "exact number"),
        (Subscription, "letters", "set of e-mail"),
    ],
)
def test_a_type_has_a_name_in_words(entity: type[Record], name: str, words: str) -> None:
    assert type_name(describe(entity).field(name)) == words


def test_the_texts_are_the_same_each_time() -> None:
    assert er_diagram(MODEL) == er_diagram(MODEL.with_disabled().with_enabled())
    assert data_dictionary(MODEL) == BOOK
    assert json_schema is schemas.json_schema
