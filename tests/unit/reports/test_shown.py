"""How a page of a report looks."""

from crmcore.findings import Findings, warning
from crmcore.reports.shown import page_html, page_text

ROWS = [("Ada", "EUR 5.00", "12", None, ""), ("Bob", None, "", None, "-3.5 %")]
COLUMNS = ("name", "amount", "n", "nothing", "")


def test_numbers_amounts_and_what_is_missing_line_up() -> None:
    lines = page_text("Sales", [(ROWS, COLUMNS)], Findings()).splitlines()
    assert lines[2:] == [
        "name    amount   n  nothing",
        "────  ────────  ──  ───────  ──────",
        "Ada   EUR 5.00  12  –",
        "Bob          –      –        -3.5 %",
    ]


def test_the_first_findings_are_shown_and_the_others_counted() -> None:
    found = Findings([warning("w", f"number {at}") for at in range(7)])
    assert page_text("Sales", [], found).splitlines()[-1] == "... and 2 more (see .findings)"
    assert "number 5" not in page_html("Sales", [], found)
