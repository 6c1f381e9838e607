from datetime import date, datetime
from decimal import Decimal

import pytest

from crmcore.entities import AccountContactRelation, AccountRelation, Activity, Opportunity
from crmcore.errors import UnknownNameError
from crmcore.model.describe import describe
from crmcore.query import F
from crmcore.rules.rollup import sound
from crmcore.rules.rollup.algebra import Sort
from crmcore.rules.rollup.operations import COUNT_DISTINCT, MAX, SUM
from crmcore.values import Address, Money, Ref

DEAL = describe(Opportunity)


@pytest.mark.parametrize(
    ("python", "sort"),
    [
        (bool, Sort.FLAG),
        (int, Sort.NUMBER),
        (Decimal, Sort.NUMBER),
        (Money, Sort.MONEY),
        (datetime, Sort.MOMENT),
        (date, Sort.DATE),
        (str, Sort.TEXT),
        (Ref, Sort.REFERENCE),
        (Address, None),
    ],
)
def test_every_class_of_values_has_its_sort(python: type, sort: Sort | None) -> None:
    assert sound.sort_of(python) is sort


def test_a_custom_path_is_told_from_others() -> None:
    assert sound.is_custom(F.custom["tier"])
    assert not any(map(sound.is_custom, (F.name, F.external_ids["custom"], None, "custom.tier")))


def test_a_reference_of_several_kinds_may_lead_to_the_account() -> None:
    assert not list(sound.by_findings(F.about, "account", describe(Activity)))
    (finding,) = sound.by_findings(F.about, "user", describe(Activity))
    assert (finding.path, finding.suggestion) == ("by", "use F.owner_id")
    (nothing,) = sound.by_findings(F.name, "case", DEAL)
    assert nothing.suggestion == "give it a Lookup('case')"


def test_the_two_ends_of_a_link_are_found_from_its_schema() -> None:
    link = describe(AccountContactRelation)
    (child,), (over,) = sound.link_fields(link, child="contact", over="account")
    assert (child.name, over.name) == ("contact_id", "account_id")
    assert not list(sound.via_findings(link, child="contact", over="account"))


@pytest.mark.parametrize(("child", "over"), [("account", "account"), ("contact", "account")])
def test_a_link_with_two_or_no_references_to_one_side_is_refused(child: str, over: str) -> None:
    (finding,) = sound.via_findings(describe(AccountRelation), child=child, over=over)
    assert finding.code == "rollup.via"


def test_what_operations_take_is_said() -> None:
    (finding,) = sound.value_findings(F.name, SUM, DEAL)
    assert finding.message == "sum takes a number or money, not text"
    (finding,) = sound.value_findings(F.labels, COUNT_DISTINCT, DEAL)
    assert finding.message.endswith("not this")


def test_money_is_converted_only_where_it_is_calculated_with() -> None:
    assert sound.is_money(F.amount, MAX, DEAL)
    assert not sound.is_money(F.amount, COUNT_DISTINCT, DEAL)
    assert not sound.is_money(F.close_on, MAX, DEAL)
    assert not sound.is_money(F.ammount, MAX, DEAL)
    assert not sound.is_money(None, SUM, DEAL)


def test_a_wrong_field_is_named_with_the_nearest() -> None:
    wrong = UnknownNameError("field", "ammount", tuple(one.path for one in DEAL.fields), DEAL.kind)
    (finding,) = sound.value_findings(F.ammount, SUM, DEAL)
    assert (finding.code, finding.message) == ("rollup.field", str(wrong))
