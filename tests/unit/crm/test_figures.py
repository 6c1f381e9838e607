from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crmcore import Account, Crm, ExchangeRate, Finding, MemoryRepository, Money, Opportunity

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def test_a_commit_by_somebody_else_is_seen() -> None:
    store = MemoryRepository()
    mine, other = Crm(store), Crm(store)
    acme = mine.add(Account(name="Acme"))
    assert mine.rollup("open_deals", acme.id) == 0
    other.add(Opportunity(name="Engine", account_id=acme.id))
    assert mine.rollup("open_deals", acme.id) == 1


def test_what_is_known_is_not_computed_again() -> None:
    crm = Crm()
    crm.add(Account(name="Acme"))
    assert crm.rollups("open_deals") is crm.rollups("open_deals")
    before = crm.rollups("open_deals")
    crm.rollups("won_amount")
    assert crm.rollups("open_deals") is before


def test_a_missing_rate_is_told_once() -> None:
    heard: list[Finding] = []
    crm = Crm(on_finding=heard.append)
    acme = crm.add(Account(name="Acme"))
    crm.add(Opportunity(name="Engine", account_id=acme.id, amount=Money(100, "USD")))
    for _ in range(3):
        assert crm.rollup("open_pipeline", acme.id) == Money(0, "EUR")
    assert [one.code for one in heard] == ["rollup.no_rate"]


def test_a_new_day_takes_new_rates() -> None:
    days = [NOW]
    crm = Crm(clock=lambda: days[-1])
    acme = crm.add(Account(name="Acme"))
    crm.add(Opportunity(name="Engine", account_id=acme.id, amount=Money(100, "USD")))
    for day, rate in ((4, 2), (5, 4)):
        crm.add(
            ExchangeRate(
                currency="USD", base="EUR", valid_from=NOW.date().replace(day=day), rate=rate
            )
        )
    assert crm.rollup("open_pipeline", acme.id) == Money(50, "EUR")
    days.append(NOW + timedelta(days=1))
    assert crm.rollup("open_pipeline", acme.id) == Money(25, "EUR")


def test_figures_are_verified_and_rebuilt_on_demand() -> None:
    crm = Crm()
    acme = crm.add(Account(name="Acme"))
    crm.add(Opportunity(name="Engine", account_id=acme.id))
    assert crm.rollup("open_deals", acme.id) == 1
    assert not crm.verify_rollups()
    index = crm._figures._known[crm.rules.rollup("open_deals")]
    (grove,) = index.totals._groves.values()
    column = index.totals._columns[crm.rules.rollup("open_deals")]  # type: ignore[index]  # a rollup
    grove.nodes[acme.id][column.lane.slot] += 1
    (found,) = crm.verify_rollups()
    assert (found.code, found.ref, found.value) == ("rollup.differs", acme.ref, 2)
    crm.rebuild_rollups()
    assert crm.rollup("open_deals", acme.id) == 1
    assert not Crm(rules=crm.rules.__class__(rollups=())).verify_rollups()
