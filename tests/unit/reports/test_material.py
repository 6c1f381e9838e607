"""What is arranged of material is arranged once."""

from crmcore import STANDARD_MODEL, Account, Opportunity
from crmcore.model.model import Model
from crmcore.reports.material import Material

SOME = Material.of([Opportunity(name="one"), Account(name="Acme"), Opportunity(name="two")])


def names(material: Material) -> list[str]:
    return [one.name for one in material.all(Opportunity)]


def names_in(material: Material, model: Model) -> list[str]:
    return [f"{model.currency} {one}" for one in names(material)]


def test_it_sorts_mixed_records_and_stays_what_it_is() -> None:
    assert names(SOME) == ["one", "two"]
    assert Material.of(SOME) is SOME
    assert Material().all(Account) == ()


def test_what_is_arranged_is_kept() -> None:
    assert SOME.arranged(names) is SOME.arranged(names)
    assert Material(SOME.by_entity) == SOME


def test_what_is_arranged_by_a_model_is_kept_until_another_is_named() -> None:
    dollars = STANDARD_MODEL.with_currency("USD")
    first = SOME.arranged_by(STANDARD_MODEL, names_in)
    assert SOME.arranged_by(STANDARD_MODEL, names_in) is first
    assert SOME.arranged_by(dollars, names_in) == ["USD one", "USD two"]
    assert SOME.arranged_by(STANDARD_MODEL, names_in) == first
