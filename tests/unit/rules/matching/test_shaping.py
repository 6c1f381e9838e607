"""Shaping: forms are made once where that is right, and anew where it is not."""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from crmcore import CustomField, Model
from crmcore.entities import Account, Contact, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import CONTACT_LINKAGE, LinkageRule
from crmcore.rules.matching import shaping as module
from crmcore.rules.matching.linkage_search import readers
from crmcore.rules.matching.reading import field_path
from crmcore.rules.matching.shaping import Shaping
from crmcore.values import PersonName
from crmcore.values.ids import AccountId

NAMES = [trait.name for trait in CONTACT_LINKAGE.about.traits]
COMPANY, LINE, MAIL, TITLE = (NAMES.index(one) for one in ("company", "line", "mail", "title"))

ACME = Account(id=AccountId("a"), name="Acme Foods", parent_id=AccountId("p"))
PARENT = Account(id=AccountId("p"), name="Bolt Systems")
ADA = Contact(
    name=PersonName(given="Ada", family="Lovelace"),
    email="ada@x.org",
    title="Countess",
    account_id=AccountId("a"),
)


MODEL = STANDARD_MODEL.with_custom_fields(
    Contact, CustomField(name="employer"), CustomField(name="former")
)


def shaping(
    related: Mapping[Any, Record],
    rule: LinkageRule = CONTACT_LINKAGE,
    model: Model = STANDARD_MODEL,
) -> Shaping:
    paths = {
        meaning: [
            field_path(text, "contact", model)
            for text in (rule.fields[meaning].get("contact", ()) if meaning in rule.fields else ())
        ]
        for meaning in rule.about.meanings
    }
    read = readers(rule, model, related, is_cached=False)["contact"]
    return Shaping(rule.about.traits, read, paths)


def test_forms_that_follow_from_another_record_are_forgotten_with_it() -> None:
    related: dict[Any, Record] = {ACME.ref: ACME}
    made = shaping(related)
    assert made.forms(ADA)[COMPANY] == ("acme foods",)
    related[ACME.ref] = attrs.evolve(ACME, name="Bolt Systems")
    made.forget("contact", "a")
    assert made.forms(ADA)[COMPANY] == ("acme foods",)
    made.forget("account", "a")
    assert made.forms(ADA)[COMPANY] == ("bolt systems",)


def test_forms_that_follow_from_several_records_are_made_each_time() -> None:
    related: dict[Any, Record] = {ACME.ref: ACME, PARENT.ref: PARENT}
    rule = CONTACT_LINKAGE.with_field("company", {"contact": "account_id.parent_id.name"})
    made = shaping(related, rule)
    assert made.forms(ADA)[COMPANY] == ("bolt systems",)
    related[PARENT.ref] = attrs.evolve(PARENT, name="Acme Foods")
    assert made.forms(ADA)[COMPANY] == ("acme foods",)
    rule = CONTACT_LINKAGE.with_field("company", {"contact": ("account_id.name", "department")})
    made = shaping({ACME.ref: ACME}, rule)
    ada = attrs.evolve(ADA, department="Bolt Systems")
    assert made.forms(ada)[COMPANY] == ("acme foods", "bolt systems")


def test_values_within_values_are_read() -> None:
    for places in ("custom.employer", ("custom.employer", "custom.former")):
        rule = CONTACT_LINKAGE.with_field("company", {"contact": places})
        made = shaping({}, rule, MODEL)
        ada = attrs.evolve(ADA, custom={"employer": "Acme Foods", "former": "Acme Foods"})
        assert made.forms(ada)[COMPANY] == ("acme foods",)
        assert made.forms(ADA)[COMPANY] is None


def test_what_a_record_has_kept_has_the_form_that_it_had() -> None:
    made = shaping({})
    its = made.forms(ADA)
    marked = tuple(f"as filed {at}" for at in range(len(its)))
    assert made.forms(ADA, ADA, marked) == marked
    moved = attrs.evolve(ADA, title="Lady")
    forms = made.forms(moved, ADA, marked)
    assert forms[MAIL] == f"as filed {MAIL}"
    assert forms[TITLE] == ("lady",)


def test_only_so_much_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LATELY", 2)
    made = shaping({})
    for at in range(5):
        title = f"Title {at}"
        assert made.forms(attrs.evolve(ADA, title=title))[TITLE] == (f"title {at}",)
        assert max(len(one.known) for one in made._meanings) == 1 + at % 2
    every = [attrs.evolve(ADA, title=title) for title in ("Lady", "Lady", "Countess")]
    made.learn(every, [made.forms(one) for one in every], {"title": 3, "mail": 1})
    assert {one.places: len(one.known) for one in made._meanings}[TITLE,] >= 2


def test_bad_data_is_shaped_as_ever() -> None:
    made = shaping({})
    given: dict[str, Any] = {"title": ["Lady"], "email": {"a": 1}, "account_id": ["a"]}
    odd = attrs.evolve(ADA, **given)
    forms = made.forms(odd)
    assert forms[MAIL] is None
    assert forms[COMPANY] is None
    assert forms == made.forms(odd)
    made.learn([odd, odd], [forms, forms], dict.fromkeys(NAMES, 2))
    given = {"account_id": 7}
    assert made.forms(attrs.evolve(ADA, **given))[COMPANY] is None
