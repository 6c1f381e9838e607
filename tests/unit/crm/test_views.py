from __future__ import annotations

import itertools

from crmcore import Account
from crmcore.crm.views import AccountTree


def test_a_tree_shows_each_account_with_its_figures() -> None:
    top, low = Account(name="Top"), Account(name="Low <b>")
    tree = AccountTree(top, {top.id: (low,)}, {"deals": {top.id: 3, low.id: None}})
    lines = str(tree).splitlines()
    assert [line.split() for line in lines[2:]] == [["Top", "3"], ["└──", "Low", "<b>", "–"]]
    assert "Low &lt;b&gt;" in tree._repr_html_()


def test_a_wide_or_deep_tree_is_cut_and_says_so() -> None:
    root = Account(name="Top")
    wide = tuple(Account(name=f"C{at:03}", parent_id=root.id) for at in range(130))
    tree = AccountTree(root, {root.id: wide}, {"deals": {one.id: 7 for one in wide}})
    lines = str(tree).splitlines()
    assert lines[-1].strip() == "└── … 30 more"
    assert lines[3].split()[-2:] == ["C000", "7"]
    assert "… 30 more" in tree._repr_html_()
    chain = [Account(name="0")]
    for at in range(1, 60):
        chain.append(Account(name=str(at), parent_id=chain[-1].id))
    below: dict[str, tuple[Account, ...]] = {
        one.id: (child,) for one, child in itertools.pairwise(chain)
    }
    deep = str(AccountTree(chain[0], below, {}))
    assert "… 1 more" in deep
    assert len(deep.splitlines()) == 2 + 41 + 1
