from datetime import UTC, date, datetime, timedelta

import pytest

from crmcore import (
    STANDARD_MODEL,
    Account,
    AccountContactRelation,
    Activity,
    Case,
    Contact,
    Contract,
    Money,
    NotFoundError,
    Opportunity,
    OpportunityContactRole,
    PersonName,
    Record,
    Touch,
)
from crmcore.reports.account_view import account_view
from crmcore.rules.rollup import Scope
from crmcore.rules.rule import Context
from crmcore.values.ids import AccountId, ContactId, OpportunityId

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: "new")
TOP, LOW, AWAY = AccountId("top"), AccountId("low"), AccountId("away")
ADA, CARL, OLD = ContactId("ada"), ContactId("carl"), ContactId("old")


def deal(id_: str, account: AccountId, stage: str = "Prospecting") -> Opportunity:
    amount = Money(100, "EUR")
    return Opportunity(
        id=OpportunityId(id_), name=id_, account_id=account, stage=stage, amount=amount
    )


RECORDS: list[Record] = [
    Account(id=TOP, name="Top"),
    Account(id=LOW, name="Low", parent_id=TOP),
    Account(id=AWAY, name="Away"),
    Contact(id=ADA, name=PersonName(family="Lovelace"), account_id=LOW),
    Contact(id=CARL, name=PersonName(family="Consult"), account_id=AWAY),
    Contact(id=OLD, name=PersonName(family="Former"), account_id=AWAY),
    AccountContactRelation(account_id=LOW, contact_id=CARL, roles={"adviser"}),
    AccountContactRelation(account_id=LOW, contact_id=OLD, end_on=date(2026, 1, 1)),
    deal("open", LOW),
    deal("top", TOP, "Proposal"),
    deal("won", LOW, "Won"),
    deal("lost", LOW, "Lost"),
    deal("away", AWAY),
    OpportunityContactRole(opportunity_id=OpportunityId("open"), contact_id=ADA),
    Case(subject="open", account_id=LOW),
    Case(subject="closed", account_id=LOW, closed_at=NOW - timedelta(days=1)),
    Contract(name="runs", account_id=LOW),
    Contract(name="over", account_id=LOW, end_on=date(2026, 5, 31)),
    Touch(who=Contact(id=ADA, name=PersonName(family="L")).ref, at=NOW - timedelta(days=2)),
    Activity(subject="done", who=Contact(id=ADA, name=PersonName(family="L")).ref, done_at=NOW),
    Activity(subject="later", about=deal("open", LOW).ref, due_on=date(2026, 7, 1)),
    Activity(subject="soon", about=deal("open", LOW).ref, due_on=date(2026, 6, 2)),
    Activity(subject="elsewhere", about=deal("away", AWAY).ref, due_on=date(2026, 6, 1)),
]


def test_a_page_has_everything_about_a_group() -> None:
    view = account_view(RECORDS, TOP, context=CONTEXT)
    assert [one.name for one in view.accounts] == ["Top", "Low"]
    assert [str(one.contact.name) for one in view.people] == ["Consult", "Lovelace"]
    carl, ada = view.people
    assert carl.roles == {"adviser"}
    assert [one.name for one in carl.shared_with] == ["Away"]
    assert [(one.name, role) for one, role in ada.deals] == [("open", None)]
    assert view.consultants == (carl,)
    assert {one.name for one in view.open_deals} == {"open", "top"}
    assert [one.subject for one in view.cases] == ["open"]
    assert [one.name for one in view.contracts] == ["runs"]
    assert (view.open_amount, view.weighted) == (Money(200, "EUR"), Money(60, "EUR"))
    assert view.won_amount == Money(100, "EUR")
    assert str(view.win_rate) == "50.0 % (n=2)"
    assert view.last_touch is not None
    assert view.last_activity is not None
    assert view.next_activity is not None
    assert (view.last_activity.subject, view.next_activity.subject) == ("done", "soon")


@pytest.mark.parametrize(
    ("account", "scope", "names"),
    [
        (LOW, Scope.OWN, ["Low"]),
        (LOW, Scope.SUBTREE, ["Low"]),
        (LOW, Scope.ULTIMATE_PARENT, ["Top", "Low"]),
        (TOP, Scope.OWN, ["Top"]),
    ],
)
def test_the_scope_says_which_accounts_are_in_view(
    account: AccountId, scope: Scope, names: list[str]
) -> None:
    view = account_view(RECORDS, account, context=CONTEXT, scope=scope)
    assert [one.name for one in view.accounts] == names


def test_boxes_of_the_treemap_lie_in_the_accounts_above() -> None:
    (trace,) = account_view(RECORDS, TOP, context=CONTEXT).plot().data
    assert (trace.ids, trace.parents) == (("top", "low", "top/"), ("", "top", "top"))
    assert trace.values == (200, 100, 100)


def test_an_account_with_nothing_has_a_page() -> None:
    view = account_view([Account(id=TOP, name="Top")], TOP, context=CONTEXT)
    assert (view.last_touch, view.next_activity, view.people) == (None, None, ())
    assert "last touch     –" in str(view)
    with pytest.raises(NotFoundError):
        account_view(RECORDS, "nowhere", context=CONTEXT)
