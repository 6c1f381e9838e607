"""What ``Crm`` keeps for its reports is never older than the store."""

from datetime import UTC, datetime

import attrs
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Account, Contact, Crm, Money, Opportunity, PersonName, Ref, Touch
from crmcore.adapters import MemoryRepository
from crmcore.crm.reporting import DEALS, TOUCHES, KeptMaterial
from crmcore.model.model import STANDARD_MODEL

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def clock() -> datetime:
    return NOW


def deal(name: str, **values: object) -> Opportunity:
    return attrs.evolve(
        Opportunity(name=name, stage="Won", amount=Money(90, "EUR")),
        **values,  # type: ignore[arg-type]  # fields of a deal
    )


def touch(of: Opportunity) -> Touch:
    return Touch(who=Ref("contact", "ada"), at=NOW, source="web", opportunity_id=of.id)


ADA = Contact(id="ada", name=PersonName(family="Lovelace"))  # type: ignore[arg-type]  # ids are texts
STEPS = st.sampled_from(["deal", "touch", "stage", "delete", "other", "rival", "transaction"])


def step(what: str, crm: Crm, rival: Crm) -> None:
    deals = crm.find(Opportunity)
    match what:
        case "deal":
            crm.add(deal("made"))
        case "other":
            crm.add(Account(name="in no report"))
        case "rival":
            rival.add(deal("made by another"))
        case "transaction":
            with crm.transaction() as tx:
                tx.add(touch(tx.add(deal("made with others"))))
        case "touch" if deals:
            crm.add(touch(deals[0]))
        case "stage" if deals:
            crm.save(attrs.evolve(deals[-1], stage="Lost", lost_reason="price"))
        case "delete" if deals and not crm.find(Touch):
            crm.delete(Opportunity, deals[0].id)


@given(st.lists(STEPS, max_size=6), st.lists(st.booleans(), min_size=6, max_size=6))
def test_reports_show_what_is_stored_whatever_was_asked_before(
    steps: list[str], asked: list[bool]
) -> None:
    """P7. A report equals the one of a ``Crm`` that was opened for it alone."""
    repository = MemoryRepository(STANDARD_MODEL)
    crm, rival = Crm(repository, clock=clock), Crm(repository, clock=clock)
    crm.add(ADA)
    for what, ask in zip(steps, asked, strict=False):
        if ask:
            crm.pipeline()
            crm.attribution()
        step(what, crm, rival)
    fresh = Crm(repository, clock=clock)
    assert crm.attribution() == fresh.attribution()
    assert crm.funnel() == fresh.funnel()
    assert crm.forecast() == fresh.forecast()
    assert crm.pipeline() == fresh.pipeline()


def test_reports_of_one_moment_share_their_records() -> None:
    crm = Crm()
    one = crm.add(deal("made"))
    with crm._repository.snapshot() as snapshot:  # what a Crm keeps is its own
        kept = KeptMaterial(crm.model)
        first = kept.of(snapshot, DEALS)
        assert kept.of(snapshot, DEALS) is first
        wider = kept.of(snapshot, TOUCHES)
        assert wider.all(Opportunity) is first.all(Opportunity)
        assert kept.of(snapshot, DEALS) is wider
    kept.apply(crm.delete(Opportunity, one.id, dry_run=True).changes)
    assert not kept._material.by_entity  # as above
