"""Findings: problems as data, comparable and showable whatever they are about."""

from decimal import Decimal
from typing import Any

import pytest

from crmcore.findings import (
    Finding,
    Findings,
    ModelError,
    Severity,
    ValidationError,
    error,
    remark,
    warning,
)
from crmcore.values import Ref
from tests.examples import JUNK

ACCOUNT: Ref[Any] = Ref("account", "1")
BAD = error("type.wrong", "Name is text", ref=ACCOUNT, path="name", value=3, suggestion="use text")
ODD = warning("email.form", "this is no address", ref=ACCOUNT, path="email", value="x")
NOTE = remark("type.unusual", "this is unusual")
ALL = Findings([BAD, ODD, NOTE])


def test_severities_are_ordered() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.ERROR
    assert [one.severity for one in ALL] == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_a_finding_says_where_what_and_the_way_out() -> None:
    assert str(BAD) == "error: account:1.name: Name is text [3]; use text"
    assert str(NOTE) == "info: this is unusual"
    assert str(error("x", "wrong", path="name")) == "error: name: wrong"
    assert str(error("x", "wrong", ref=ACCOUNT)) == "error: account:1: wrong"


def test_findings_are_a_sequence() -> None:
    assert len(ALL) == 3
    assert ALL[0] is BAD
    assert ALL[1:] == Findings([ODD, NOTE])
    assert BAD in ALL
    assert list(ALL) == [BAD, ODD, NOTE]
    assert Findings([BAD, ODD, NOTE, BAD]) == ALL + [BAD]  # noqa: RUF005  # this is the addition
    assert not Findings()
    assert ALL != [BAD, ODD, NOTE]


def test_findings_can_be_sifted() -> None:
    assert ALL.errors == Findings([BAD])
    assert ALL.warnings == Findings([ODD, NOTE])
    assert ALL.with_code("type") == Findings([BAD, NOTE])
    assert ALL.with_code("type.wrong") == Findings([BAD])
    assert ALL.with_code("typ") == Findings()


def test_findings_are_counted_by_code() -> None:
    counted = Findings([*ALL, ODD, error("a", "")]).counts()
    assert list(counted.items()) == [
        ("email.form", 2),
        ("a", 1),
        ("type.unusual", 1),
        ("type.wrong", 1),
    ]


def test_findings_are_shown_line_by_line() -> None:
    assert str(ALL).splitlines() == [str(BAD), str(ODD), str(NOTE)]
    assert str(Findings()) == "no findings"
    assert repr(Findings([NOTE])) == f"Findings([{NOTE!r}])"


def test_findings_have_a_table_for_notebooks() -> None:
    table = ALL._repr_html_()
    assert "3 findings" in table
    assert "type.wrong" in table
    assert "<script" not in Findings([error("x", "<script>")])._repr_html_()


@pytest.mark.parametrize("index", range(len(JUNK)))  # pytest cannot show all of them
def test_findings_compare_and_hash_whatever_value_they_hold(index: int) -> None:
    one, twin = (error("x", "wrong", path="a", value=JUNK[index]) for _ in range(2))
    assert one == twin
    assert hash(one) == hash(twin)
    assert dict.fromkeys((one, twin)) == {one: None}
    assert hash(Findings([one])) == hash(Findings([twin]))
    assert one != error("x", "wrong", path="a", value="another")
    assert str(one)
    assert repr(one)
    assert repr(Findings([one]))
    assert Findings([one])._repr_html_()


def test_findings_of_values_that_are_shown_unlike_differ() -> None:
    assert error("x", "m", value=1) != error("x", "m", value=True)
    assert error("x", "m", value=1) != error("x", "m", value=Decimal(1))


def test_a_refused_write_lists_its_errors_and_carries_everything() -> None:
    refused = ValidationError(ALL)
    assert str(refused) == f"nothing was stored: 1 error\n  {BAD}"
    assert refused.findings == ALL
    assert refused == ValidationError(Findings([BAD, ODD, NOTE]))
    assert hash(refused) == hash(ValidationError(Findings([BAD, ODD, NOTE])))


def test_a_long_list_of_errors_is_cut() -> None:
    many = Findings(
        [Finding(code="x", severity=Severity.ERROR, message=f"m{i}") for i in range(30)]
    )
    lines = str(ValidationError(many)).splitlines()
    assert lines[0] == "nothing was stored: 30 errors"
    assert lines[-1] == "  ... and 10 more (see .findings)"
    assert len(lines) == 22


def test_a_broken_model_lists_every_reason() -> None:
    assert str(ModelError("rule book", ALL)).splitlines() == [
        "this rule book cannot work:",
        f"  {BAD}",
        f"  {ODD}",
        f"  {NOTE}",
    ]
