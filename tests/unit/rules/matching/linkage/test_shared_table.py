import pytest

from crmcore.entities import Contact, Lead, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import CONTACT_LINKAGE, LEAD_CONTACT_LINKAGE
from crmcore.rules.matching.linkage import fast
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.shared_table import filled
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage_search import readers
from crmcore.values import Address, PersonName

PEOPLE: list[Record] = [
    Contact(
        name=PersonName(family=f"Family{at % 5}", given=f"Given{at % 3}"),
        email=None if at % 4 else f"box{at}@example.org",
        phone=f"+1 212 555 01{at:02}",
        mailing_address=Address(street=f"{at} High Street", city="Paris"),
    )
    for at in range(12)
]
LEADS: list[Record] = [Lead(name=PersonName(family="Family1"), company="Acme") for _ in range(2)]


@pytest.mark.parametrize(
    ("rule", "records"), [(CONTACT_LINKAGE, PEOPLE), (LEAD_CONTACT_LINKAGE, [*PEOPLE, *LEADS])]
)
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("many", [5, 100])
def test_several_processes_make_the_table_that_one_makes(
    rule: LinkageRule,
    records: list[Record],
    workers: int,
    many: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fast, "MANY", many)
    read = readers(rule, STANDARD_MODEL, {})
    alone, together = (
        Table(rule.about),
        filled(rule.about, records, read, keys=rule.keys, workers=workers),
    )
    alone.fill(records, read)
    assert len(together) == len(records)
    for one, other in zip(together.columns, alone.columns, strict=True):
        assert (one.ids, one.forms) == (other.ids, other.forms)
        for name in one.trait.facets:
            assert one.facet(name) == other.facet(name)
    assert together.values() == alone.values()
