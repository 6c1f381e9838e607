from attrs import evolve

from crmcore import Crm
from crmcore.entities import Account, Activity, Contact
from crmcore.values import PersonName
from tests.unit.rules.merge.examples import made


def test_an_unmerge_tells_what_comes_back_and_what_stays() -> None:
    crm = Crm()
    one = crm.add(made(Contact, id="a", name=PersonName(family="L")))
    two = crm.add(made(Contact, id="b", name=PersonName(family="L"), title="Countess"))
    crm.add(Activity(subject="Call", who=two.ref))
    merge = crm.merge(one, two)
    now = crm.get(Contact, "a")
    crm.save(evolve(now, title="Queen"))
    unmerge = crm.unmerge(merge, dry_run=True)
    text = str(unmerge)
    assert text.startswith("unmerge of 1 record from contact:a")
    assert "1 contact" in text
    assert "1 activity.who" in text
    assert "contact:a title = Queen: it was edited since" in text
    assert "it was edited since" in unmerge._repr_html_()
    assert unmerge.id == unmerge.receipt.id


def test_an_unmerge_tells_what_another_merge_leads_elsewhere() -> None:
    crm = Crm()
    crm.add_all([made(Account, id=one, name="Acme") for one in ("x", "y")])
    crm.add(made(Contact, id="a", name=PersonName(family="L")))
    crm.add(made(Contact, id="b", name=PersonName(family="L"), account_id="y"))
    people = crm.merge("a", "b")
    crm.merge("x", "y")
    unmerge = crm.unmerge(people.id)
    assert "contact:b account_id: account:y -> account:x" in str(unmerge)
    assert crm.get(Contact, "b").account_id == "x"
