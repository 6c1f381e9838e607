from __future__ import annotations

from crmcore import Account, Activity, Lead
from crmcore.crm.views import AccountTree, title


def test_a_record_is_called_by_what_people_know_it_by() -> None:
    assert title(Account(name="Acme")) == "Acme"
    assert title(Activity(subject="Call")) == "Call"
    assert title(Lead(company="Vega")) == "Vega"
    nameless = Lead()
    assert title(nameless) == str(nameless.ref)


def test_a_tree_shows_each_account_with_its_figures() -> None:
    top, low = Account(name="Top"), Account(name="Low <b>")
    tree = AccountTree(top, {top.id: (low,)}, {"deals": {top.id: 3, low.id: None}})
    lines = str(tree).splitlines()
    assert [line.split() for line in lines[2:]] == [["Top", "3"], ["└──", "Low", "<b>", "–"]]
    assert "Low &lt;b&gt;" in tree._repr_html_()
