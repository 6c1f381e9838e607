from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmcore import STANDARD_MODEL, Address, Money, PersonName, Ref
from crmcore.entities.ledger import Verdict
from crmcore.interchange import CellError, cell_text, cell_value

GOOD: list[tuple[str, str, Any]] = [
    ("lead.title", "CTO", "CTO"),
    ("lead.is_email_opt_out", "Yes", True),
    ("lead.is_email_opt_out", "0", False),
    ("lead.employees", "1,200.00", 1200),
    ("opportunity.probability", "12.5", Decimal("12.5")),
    ("lead.budget", "1200.50", Money("1200.50", "EUR")),
    ("lead.budget", "1,000,000 gbp", Money(1_000_000, "GBP")),
    ("opportunity.close_on", "2026-05-04", date(2026, 5, 4)),
    ("opportunity.close_on", "2026-05-04T10:00:00", date(2026, 5, 4)),
    ("touch.at", "2026-05-04T10:30:00+02:00", datetime(2026, 5, 4, 8, 30, tzinfo=UTC)),
    ("touch.at", "2026-05-04T10:30", datetime(2026, 5, 4, 10, 30, tzinfo=UTC)),
    ("touch.who", "contact:ada", Ref("contact", "ada")),
    ("contact.account_id", "acme", "acme"),
    ("contact.other_emails", "a@x.org; b@x.org", ("a@x.org", "b@x.org")),
    ("lead.labels", "x;y", frozenset({"x", "y"})),
    ("lead.address", "1 High St", Address(street="1 High St")),
    ("lead.name", "Ada Lovelace", PersonName(given="Ada", family="Lovelace")),
    ("judgement.verdict", "duplicate", Verdict.DUPLICATE),
]
BAD = [
    ("lead.is_email_opt_out", "perhaps", "yes or no"),
    ("lead.employees", "1.5", "whole number"),
    ("lead.employees", "1,5", "whole number"),
    ("opportunity.probability", "NaN", "a number"),
    ("lead.budget", "much", "an amount"),
    ("lead.budget", "12 EURO", "an amount"),
    ("opportunity.close_on", "May", "a date"),
    ("touch.at", "noon", "a moment"),
    ("touch.who", "ada", "contact:<id>"),
    ("lead.external_ids", "sap", "a part"),
    ("judgement.verdict", "maybe", "one of"),
]


def value(path: str, text: str) -> Any:
    kind, _, name = path.partition(".")
    return cell_value(STANDARD_MODEL.schema(kind).field(name), text, currency="EUR")


@pytest.mark.parametrize(("path", "text", "expected"), GOOD)
def test_a_text_is_read_by_the_type_of_its_field(path: str, text: str, expected: Any) -> None:
    assert value(path, text) == expected


@pytest.mark.parametrize(("path", "text", "wanted"), BAD)
def test_a_text_that_is_no_value_says_what_is_wanted(path: str, text: str, wanted: str) -> None:
    with pytest.raises(CellError) as refused:
        value(path, text)
    assert wanted in str(refused.value)
    assert text in str(refused.value)


@pytest.mark.parametrize(("path", "text", "expected"), GOOD)
def test_a_value_is_written_as_a_text_that_reads_back(path: str, text: str, expected: Any) -> None:
    if isinstance(expected, Address | PersonName):
        return
    assert value(path, cell_text(expected)) == expected


def test_nothing_is_an_empty_text() -> None:
    assert cell_text(None) == ""
    assert cell_text(True) == "true"
    assert cell_text(False) == "false"
