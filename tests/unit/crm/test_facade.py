from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    AccountContactRelation,
    Activity,
    Case,
    ChangeSet,
    ConflictError,
    Contact,
    Crm,
    CrmError,
    CustomField,
    F,
    Finding,
    Lead,
    MemoryRepository,
    Money,
    NotFoundError,
    Opportunity,
    OpportunityContactRole,
    PersonName,
    Ref,
    Rollup,
    Severity,
    Touch,
    User,
    ValidationError,
)
from crmcore.adapters import JsonFileRepository
from crmcore.adapters.jsonfile import History, Reading
from crmcore.adapters.jsonfile.lock import FileLock
from crmcore.changes import Insert, Update
from crmcore.crm import RETURN
from crmcore.crm.batch import ONE_FOR_ALL, ONE_PER_LEAD
from crmcore.entities import Judgement, MergeReceipt, OpportunityChange
from crmcore.errors import (
    AmbiguousIdError,
    CycleError,
    ManyFoundError,
    QueryError,
    StoreClosedError,
    StoreLockedError,
    UnknownNameError,
    UsageError,
)
from crmcore.fields import Picklist
from crmcore.findings import ModelError
from crmcore.model.policies import Undo
from crmcore.ports import HistoryGoneError
from crmcore.rules import SKIP

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def person(family: str, given: str = "Ada") -> PersonName:
    return PersonName(given=given, family=family)


@pytest.fixture(params=["memory", "file"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crm]:
    numbers = count(1)
    ids = lambda: f"id-{next(numbers)}"  # noqa: E731  # a factory in one line
    if request.param == "memory":
        yield Crm(clock=lambda: NOW, ids=ids, by="user-7")
        return
    with Crm.open(tmp_path / "x.crm.json", clock=lambda: NOW, ids=ids, by="user-7") as opened:
        yield opened


class TestOpening:
    def test_a_writer_waits_as_long_as_it_is_told(self, tmp_path: Path) -> None:
        with (
            Crm.open(tmp_path / "x", wait=0) as crm,
            FileLock(tmp_path / "x.lock").held(0),
            pytest.raises(StoreLockedError),
        ):
            crm.add(Account(name="Acme"))

    @pytest.mark.parametrize("history", History)
    def test_history_is_kept_or_dropped(self, tmp_path: Path, history: History) -> None:
        with Crm.open(tmp_path / "x", history=history) as crm:
            acme = crm.add(Account(name="Acme"))
            crm.save(evolve(acme, name="Acme 2"))
        repository = JsonFileRepository(tmp_path / "x")  # which was put in order on closing
        if history is History.KEEP:
            assert len(list(repository.commits())) == 2
        else:
            with pytest.raises(HistoryGoneError):
                next(repository.commits())

    def test_records_may_be_held_in_memory(self, tmp_path: Path) -> None:
        with (
            Crm.open(tmp_path / "x", reading=Reading.HELD) as crm,
            Crm.open(tmp_path / "x") as other,
        ):
            acme = crm.add(Account(name="Acme"))
            assert crm.get(Account, acme.id) is crm.get(Account, acme.id)
            other.save(evolve(acme, name="Acme 2"))
            assert crm.one(Account, F.name == "Acme 2").id == acme.id


class TestAdding:
    def test_the_stored_record_comes_back_with_version_and_moments(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        assert (acme.version, acme.created_at, acme.updated_at) == (1, NOW, NOW)
        assert crm.get(Account, acme.id) == acme

    def test_several_records_may_refer_to_one_another(self, crm: Crm) -> None:
        group = Account(name="Group")
        part = Account(name="Part", parent_id=group.id)
        stored = crm.add_all([part, group])
        assert [one.name for one in stored] == ["Part", "Group"]
        assert {one.version for one in stored} == {1}

    def test_an_id_that_is_taken_is_a_finding(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        with pytest.raises(ValidationError) as refused:
            crm.add(Account(id=acme.id, name="Other"))
        assert [one.code for one in refused.value.findings] == ["id.taken"]
        twins = [Account(id=acme.id, name="A"), Account(id=acme.id, name="B")]
        with pytest.raises(ValidationError):
            Crm().add_all(twins)

    def test_every_problem_is_reported_at_once_and_nothing_is_stored(self, crm: Crm) -> None:
        wrong: Any = Contact(name=person(""), account_id="nowhere", email="x")  # type: ignore[arg-type]
        with pytest.raises(ValidationError) as refused:
            crm.add_all([Account(name="Fine"), evolve(wrong, name=PersonName())])
        codes = {one.code for one in refused.value.findings}
        assert codes == {"value.missing", "reference.missing", "email.form"}
        assert "nothing was stored: 2 errors" in str(refused.value)
        assert crm.count(Account) == crm.count(Contact) == 0

    def test_what_is_no_record_is_a_wrong_call(self, crm: Crm) -> None:
        nonsense: Any = {"name": "Acme"}
        with pytest.raises(UsageError, match="only decisions"):
            crm.commit(nonsense)
        with pytest.raises(UsageError, match="only records can be stored"):
            crm.add(nonsense)

    def test_an_own_moment_of_creation_stays(self, crm: Crm) -> None:
        then = datetime(2020, 1, 1, tzinfo=UTC)
        assert crm.add(Account(name="Acme", created_at=then)).created_at == then


class TestSaving:
    def test_what_changed_is_stored(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        saved = crm.save(evolve(acme, website="acme.example"))
        assert (saved.website, saved.version) == ("acme.example", 2)

    def test_a_record_that_says_nothing_new_is_not_written(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        assert crm.save(acme) == acme

    def test_an_outdated_record_is_refused_at_once(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        crm.save(evolve(acme, name="Acme 2"))
        with pytest.raises(ConflictError) as conflict:
            crm.save(evolve(acme, name="Acme 3"))
        assert conflict.value.ref == acme.ref
        assert crm.get(Account, acme.id).name == "Acme 2"

    def test_a_record_that_was_made_again_under_its_id_is_another(self, crm: Crm) -> None:
        first = crm.add(Account(name="First"))
        crm.delete(Account, first.id)
        crm.add(Account(id=first.id, name="Second"))
        with pytest.raises(ConflictError):
            crm.save(evolve(first, name="Changed"))

    def test_an_unknown_record_is_not_found(self, crm: Crm) -> None:
        with pytest.raises(NotFoundError, match="use add for a new record"):
            crm.save(Account(name="Acme"))

    def test_a_merged_record_names_its_survivor(self, crm: Crm) -> None:
        acme, twin = crm.add_all([Account(name="Acme"), Account(name="Acme")])
        crm.merge(acme, twin)
        with pytest.raises(NotFoundError, match=f"merged into account:{acme.id}"):
            crm.save(evolve(twin, name="Late"))

    def test_a_converted_lead_is_read_only(self, crm: Crm) -> None:
        lead = crm.add(Lead(name=person("King"), company="Vega"))
        crm.convert_lead(lead.id)
        converted = crm.get(Lead, lead.id)
        changed = evolve(converted, title="CEO")
        with pytest.raises(ValidationError) as refused:
            crm.save(changed)
        assert [one.code for one in refused.value.findings.errors] == ["lead.converted"]
        with pytest.raises(ValidationError):
            crm.commit(ChangeSet([Update(converted, changed)]))


class TestDeleting:
    def test_a_record_that_others_need_stays(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        crm.add(Contact(name=person("King"), account_id=acme.id))
        with pytest.raises(ValidationError) as refused:
            crm.delete(Account, acme.id)
        assert [one.code for one in refused.value.findings] == ["delete.restricted"]
        assert crm.get(Account, acme.id) == acme

    def test_link_rows_go_with_their_end(self, crm: Crm) -> None:
        ada = crm.add(Contact(name=person("King")))
        acme = crm.add(Account(name="Acme"))
        deal = crm.add(Opportunity(name="Engine", account_id=acme.id))
        crm.add(AccountContactRelation(account_id=acme.id, contact_id=ada.id))
        crm.add(OpportunityContactRole(opportunity_id=deal.id, contact_id=ada.id))
        crm.delete(Contact, ada.id)
        assert crm.count(Contact) == crm.count(AccountContactRelation) == 0
        assert crm.count(OpportunityContactRole) == 0

    def test_a_dry_run_stores_nothing(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        decision = crm.delete(Account, acme.id, dry_run=True)
        assert len(decision.changes) == 1
        assert crm.get(Account, acme.id) == acme
        crm.commit(decision)
        with pytest.raises(NotFoundError):
            crm.get(Account, acme.id)

    def test_the_id_of_a_merged_record_deletes_nothing(self, crm: Crm) -> None:
        acme, twin = crm.add_all([Account(name="Acme"), Account(name="Acme")])
        crm.merge(acme, twin)
        with pytest.raises(NotFoundError, match="merged into"):
            crm.delete(Account, twin.id)


class TestReading:
    def test_find_has_order_limit_and_cursor(self, crm: Crm) -> None:
        crm.add_all(Account(id=f"a{n}", name=name) for n, name in enumerate("cab"))  # type: ignore[arg-type]
        found = crm.find(Account, order=F.name.desc(), limit=2)
        assert [one.name for one in found] == ["c", "b"]
        last = found[-1]
        rest = crm.find(Account, order=F.name.desc(), after=(last.name, last.id))
        assert [one.name for one in rest] == ["a"]

    def test_one_asks_for_exactly_one(self, crm: Crm) -> None:
        crm.add_all([Account(name="A"), Account(name="B")])
        assert crm.one(Account, F.name == "A").name == "A"
        with pytest.raises(NotFoundError):
            crm.one(Account, F.name == "C")
        with pytest.raises(ManyFoundError):
            crm.one(Account, F.name.in_(["A", "B"]))

    def test_derived_fields_may_be_asked_for(self, crm: Crm) -> None:
        crm.add_all([Opportunity(name="1", stage="Won"), Opportunity(name="2")])
        assert [one.name for one in crm.find(Opportunity, F.stage_category == "won")] == ["1"]
        assert crm.count(Opportunity, ~(F.stage_category == "won")) == 1

    def test_wrong_names_have_a_suggestion(self, crm: Crm) -> None:
        with pytest.raises(QueryError, match="not exact"):
            crm.find(Opportunity, F.amount.amount > 1.5)
        with pytest.raises(QueryError, match="not exact"):
            crm.find(Opportunity, F.amount.amount.in_([1, 1.5]))
        with pytest.raises(UnknownNameError, match="did you mean 'amount'"):
            crm.find(Opportunity, F.amuont.amount > 1)
        with pytest.raises(UnknownNameError, match="did you mean 'name'"):
            crm.find(Account, order=F.nmae)

    def test_a_bare_id_of_two_kinds_is_ambiguous(self, crm: Crm) -> None:
        crm.add(Account(id="x", name="X"))  # type: ignore[arg-type]
        assert crm.resolve("x") == Ref("account", "x")
        crm.add(Case(id="x", subject="X"))  # type: ignore[arg-type]
        with pytest.raises(AmbiguousIdError) as wrong:
            crm.resolve("x")
        assert wrong.value.kinds == ("account", "case")
        assert crm.resolve(Ref("case", "x")) == Ref("case", "x")

    def test_resolve_follows_merges_from_any_form(self, crm: Crm) -> None:
        a, b, c = crm.add_all(Account(name=name) for name in "abc")
        crm.merge(b, c)
        crm.merge(a, crm.get(Account, b.id))
        for what in (c, c.ref, c.id, a.id):
            assert crm.resolve(what) == a.ref
        assert crm.get(Account, c.id).id == a.id
        with pytest.raises(NotFoundError):
            crm.resolve("nowhere")
        with pytest.raises(NotFoundError):
            crm.resolve(Ref("account", "nowhere"))
        nonsense: Any = 5
        with pytest.raises(UsageError):
            crm.resolve(nonsense)
        with pytest.raises(UsageError):
            crm.get(Account, nonsense)

    def test_related_walks_both_ways(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        ada = crm.add(Contact(name=person("King"), account_id=acme.id))
        deal = crm.add(Opportunity(name="Engine", account_id=acme.id))
        around = crm.related(acme)
        assert around.incoming["contact.account_id"] == (ada,)
        assert around.incoming["opportunity.account_id"] == (deal,)
        assert around.of("opportunity") == (deal,)
        back = crm.related(deal.ref)
        assert back.outgoing["account_id"] == (acme,)
        assert "Engine" in str(around)
        assert "Acme" in back._repr_html_()

    def test_the_timeline_tells_of_merges_and_of_what_was_said_before_them(self, crm: Crm) -> None:
        ada, byron, king = (
            crm.add(Contact(name=PersonName(family=name))) for name in ("Ada", "Byron", "King")
        )
        crm.not_duplicates(byron, king, reason="cousins")
        merge = crm.merge(ada, byron)
        told = [(one.kind, one.title) for one in crm.timeline(ada)]
        assert ("merge", "Byron merged into Ada") in told
        (judgement,) = (title for kind, title in told if kind == "judgement")
        assert "Byron" in judgement
        assert str(king.ref) in judgement
        assert judgement.endswith("are not duplicates: cousins")
        crm.unmerge(merge)
        kinds = {one.kind for one in crm.timeline(ada)}
        assert kinds == {"merge", "unmerge"}
        assert {one.kind for one in crm.timeline(byron)} == {"merge", "unmerge", "judgement"}

    def test_the_timeline_of_an_account_tells_of_its_people_and_deals(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        ada = crm.add(Contact(name=person("King"), account_id=acme.id))
        crm.add(Activity(subject="Call", kind="call", who=ada.ref, due_on=date(2026, 6, 1)))
        crm.add(Touch(who=ada.ref, at=datetime(2026, 1, 1, tzinfo=UTC), source="Web"))
        deal = crm.add(Opportunity(name="Engine", account_id=acme.id))
        crm.save(evolve(deal, stage="Won"))
        told = crm.timeline(acme)
        assert [one.kind for one in told] == ["call", "deal", "deal", "touch"]
        assert "stage: Prospecting -> Won" in str(told)

    def test_a_disabled_object_is_hidden_and_comes_back(self) -> None:
        store = MemoryRepository()
        crm = Crm(store)
        acme = crm.add(Account(name="Acme"))
        case = crm.add(Case(subject="Help", account_id=acme.id))
        without = Crm(store, model=STANDARD_MODEL.with_disabled(Case))
        with pytest.raises(UnknownNameError, match="disabled"):
            without.find(Case)
        with pytest.raises(ValidationError) as refused:
            without.add(Case(subject="Other"))
        assert [one.code for one in refused.value.findings] == ["entity.disabled"]
        assert "case.account_id" not in without.related(acme).incoming
        assert not without.check()
        assert crm.get(Case, case.id) == case


class TestConsistency:
    def test_the_direct_relation_follows_the_account_of_a_contact(self, crm: Crm) -> None:
        a, b = crm.add_all([Account(name="A"), Account(name="B")])
        ada = crm.add(Contact(name=person("King"), account_id=a.id))
        row = crm.one(AccountContactRelation, F.contact_id == ada.id)
        assert (row.account_id, row.is_direct) == (a.id, True)
        crm.save(evolve(ada, account_id=b.id))
        row = crm.one(AccountContactRelation, F.contact_id == ada.id)
        assert (row.account_id, row.is_direct) == (b.id, True)

    def test_an_own_direct_relation_that_disagrees_is_refused(self, crm: Crm) -> None:
        a, b = crm.add_all([Account(name="A"), Account(name="B")])
        ada = crm.add(Contact(name=person("King"), account_id=a.id))
        wrong = AccountContactRelation(account_id=b.id, contact_id=ada.id, is_direct=True)
        with pytest.raises(ValidationError) as refused:
            crm.add(wrong)
        codes = {one.code for one in refused.value.findings}
        assert codes == {"relation.second_direct", "relation.not_direct"}
        again = AccountContactRelation(account_id=a.id, contact_id=ada.id)
        with pytest.raises(ValidationError, match=r"same time already"):
            crm.add(again)

    def test_a_deal_has_one_primary_role(self, crm: Crm) -> None:
        deal = crm.add(Opportunity(name="Engine"))
        ada, bob = crm.add_all([Contact(name=person("King")), Contact(name=person("Bo", "B"))])
        first = OpportunityContactRole(opportunity_id=deal.id, contact_id=ada.id, is_primary=True)
        second = OpportunityContactRole(opportunity_id=deal.id, contact_id=bob.id, is_primary=True)
        stored = crm.add(first)
        with pytest.raises(ValidationError, match="primary role already"):
            crm.add(second)
        with crm.transaction() as tx:
            tx.save(evolve(stored, is_primary=False))
            tx.add(second)
        assert crm.one(OpportunityContactRole, F.is_primary == True).id == second.id  # noqa: E712

    def test_the_history_of_a_deal_is_written_with_it(self, crm: Crm) -> None:
        deal = crm.add(Opportunity(name="Engine"))
        deal = crm.save(evolve(deal, amount=Money(5, "EUR"), stage="Proposal"))
        deal = crm.save(evolve(deal, next_step="Call"))
        crm.delete(Opportunity, deal.id)
        rows = sorted(crm.find(OpportunityChange), key=lambda row: row.version)
        assert len(rows) == 3
        assert rows[0].before is None
        assert rows[-1].after is None
        assert [row.before for row in rows[1:]] == [row.after for row in rows[:-1]]
        assert {row.by for row in rows} == {"user-7"}

    def test_a_loop_is_refused_with_its_path(self, crm: Crm) -> None:
        top = crm.add(Account(name="Top"))
        low = crm.add(Account(name="Low", parent_id=top.id))
        with pytest.raises(CycleError) as loop:
            crm.reparent(top.id, low.id)
        assert set(loop.value.path) == {top.id, low.id}
        with pytest.raises(ValidationError) as refused:
            crm.save(evolve(top, parent_id=low.id))
        assert [one.code for one in refused.value.findings] == ["hierarchy.loop"]
        with pytest.raises(ValidationError):
            crm.save(evolve(top, parent_id=top.id))

    def test_warnings_are_told_and_stop_nothing(self) -> None:
        heard: list[Finding] = []
        crm = Crm(on_finding=heard.append)
        crm.add(Account(name="Acme", website="no web"))
        assert [(one.code, one.severity) for one in heard] == [("url.form", Severity.WARNING)]
        with pytest.raises(ValidationError):
            crm.add(Account(name="", website="no web"))
        assert len(heard) == 1

    def test_check_finds_what_was_written_past_the_facade(self) -> None:
        store = MemoryRepository()
        a = Account(id="a", name="A", parent_id="b")  # type: ignore[arg-type]
        b = Account(id="b", name="", parent_id="a")  # type: ignore[arg-type]
        lost = Contact(name=person("King"), account_id="gone")  # type: ignore[arg-type]
        store.commit(ChangeSet([Insert(a), Insert(b), Insert(lost)]))
        found = Crm(store).check()
        assert found.counts() == {
            "hierarchy.loop": 1,
            "reference.missing": 1,
            "value.missing": 1,
            "relation.missing": 1,
        }


class TestHierarchy:
    def test_a_group_is_walked_and_moved(self, crm: Crm) -> None:
        top, other = crm.add_all([Account(name="Top"), Account(name="Other")])
        mid = crm.add(Account(name="Mid", parent_id=top.id))
        low = crm.add(Account(name="Low", parent_id=mid.id))
        assert [one.name for one in crm.ancestors(low.id)] == ["Mid", "Top"]
        assert [one.name for one in crm.descendants(top.id)] == ["Mid", "Low"]
        assert crm.ultimate_parent(low.id) == top
        assert crm.ultimate_parent(top.id) == top
        moved = crm.reparent(mid.id, other.id)
        assert moved.parent_id == other.id
        assert crm.ultimate_parent(low.id) == other
        assert crm.reparent(mid.id, None).parent_id is None
        assert crm.reparent(mid.id, None).parent_id is None

    def test_rollups_and_the_tree(self, crm: Crm) -> None:
        top = crm.add(Account(name="Top"))
        low = crm.add(Account(name="Low", parent_id=top.id))
        crm.add(Opportunity(name="1", account_id=top.id, amount=Money(5, "EUR")))
        crm.add(Opportunity(name="2", account_id=low.id, amount=Money(7, "EUR"), stage="Won"))
        assert crm.rollup("open_pipeline", top.id) == Money(5, "EUR")
        assert crm.rollup("won_amount", top.id) == Money(7, "EUR")
        assert dict(crm.rollups("won_amount")) == {
            top.id: Money(7, "EUR"),
            low.id: Money(7, "EUR"),
        }
        tree = crm.tree(top.id, ["open_pipeline", "won_amount"])
        assert "Low" in str(tree)
        assert "EUR 7.00" in str(tree)
        assert "Low" in tree._repr_html_()
        assert "2" in str(crm.explain("won_amount", top.id))
        with pytest.raises(UnknownNameError, match="did you mean 'won_amount'"):
            crm.rollup("won_amonut", top.id)

    def test_the_value_follows_every_commit(self, crm: Crm) -> None:
        top, other = crm.add_all([Account(name="Top"), Account(name="Other")])
        low = crm.add(Account(name="Low", parent_id=top.id))
        deal = crm.add(Opportunity(name="1", account_id=low.id, amount=Money(5, "EUR")))
        assert crm.rollup("open_deals", top.id) == 1
        crm.reparent(low.id, other.id)
        assert (crm.rollup("open_deals", top.id), crm.rollup("open_deals", other.id)) == (0, 1)
        crm.save(evolve(deal, stage="Lost"))
        assert crm.rollup("open_deals", other.id) == 0


class TestDuplicates:
    def test_duplicates_are_found_judged_and_merged(self, crm: Crm) -> None:
        ada = crm.add(Contact(name=person("Lovelace"), email="ada@x.example"))
        twin = crm.add(Contact(name=person("LOVELACE"), email="ADA@x.example", title="Countess"))
        crm.add(Contact(name=person("Babbage", "Charles"), email="cb@y.example"))
        found = crm.find_duplicates(Contact)
        assert [set(cluster.members) for cluster in found.clusters] == [{ada.ref, twin.ref}]
        preview = crm.merge(ada, twin, dry_run=True)
        assert crm.count(Contact) == 3
        merge = crm.merge(ada, [twin])
        assert merge.changes.refs - {merge.receipt.ref} == preview.changes.refs - {
            preview.receipt.ref
        }
        assert crm.get(Contact, twin.id).title == "Countess"
        assert not crm.find_duplicates(Contact).pairs

    def test_not_duplicates_is_remembered(self, crm: Crm) -> None:
        ada = crm.add(Contact(name=person("Lovelace"), email="ada@x.example"))
        twin = crm.add(Contact(name=person("Lovelace"), email="ada@x.example"))
        crm.not_duplicates(ada, twin.id, reason="mother and daughter")
        assert crm.count(Judgement) == 1
        assert not crm.find_duplicates(Contact).clusters

    def test_converted_leads_are_history(self, crm: Crm) -> None:
        one, two = crm.add_all(
            Lead(name=person("King"), company="Vega", email="ada@vega.example") for _ in range(2)
        )
        assert len(crm.find_duplicates(Lead).clusters) == 1
        crm.convert_lead(one.id)
        assert not crm.find_duplicates(Lead).clusters
        found = crm.find_duplicates(Lead, rule="lead-contact-standard-2")
        assert [set(each.members) - {two.ref} for each in found.clusters] == [
            {crm.one(Contact, F.name.family == "King").ref}
        ]

    def test_an_account_in_common_counts_for_contacts(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme Instruments"))
        crm.add_all(Contact(name=person("King"), account_id=acme.id) for _ in range(2))
        found = crm.find_duplicates(Contact, threshold=0.01)
        assert "Acme Instruments" in str([one.evidence for one in found.pairs])

    def test_wrong_rules_are_named(self, crm: Crm) -> None:
        with pytest.raises(UnknownNameError):
            crm.find_duplicates(Contact, rule="contact-standrad")
        with pytest.raises(UsageError, match="no match rule"):
            crm.find_duplicates(Case)


class TestConversion:
    def test_a_lead_becomes_account_contact_and_deal(self, crm: Crm) -> None:
        lead = crm.add(Lead(name=person("King"), company="Vega", email="ada@vega.example"))
        preview = crm.convert_lead(lead.id, opportunity_name="Engine", dry_run=True)
        assert crm.count(Opportunity) == 0
        done = crm.convert_lead(lead.id, opportunity_name="Engine")
        assert len(done.changes) == len(preview.changes)
        converted = crm.get(Lead, lead.id)
        assert converted.converted_at == NOW
        deal = crm.one(Opportunity, F.lead_id == lead.id)
        assert deal.name == "Engine"
        assert crm.get(Account, converted.converted_account_id or "").name == "Vega"
        assert not crm.check().errors

    def test_a_second_conversion_is_refused_or_returns_the_receipt(self, crm: Crm) -> None:
        lead = crm.add(Lead(name=person("King"), company="Vega"))
        first = crm.convert_lead(lead.id)
        with pytest.raises(CrmError) as again:
            crm.convert_lead(lead.id)
        assert again.value.receipt.id == first.receipt.id  # type: ignore[attr-defined]
        with pytest.raises(NotFoundError):
            crm.convert_lead("nowhere")

    def test_a_probable_duplicate_stops_it_unless_allowed(self, crm: Crm) -> None:
        ada = crm.add(Contact(name=person("Lovelace"), phone="+44 20 7946 0018"))
        lead = crm.add(Lead(name=person("Lovelace"), company="Vega", phone="+442079460018"))
        with pytest.raises(ValidationError) as refused:
            crm.convert_lead(lead.id)
        assert ada.id in str(refused.value)
        assert crm.get(Lead, lead.id).converted_at is None
        assert crm.convert_lead(lead.id, dry_run=True).offers == (ada.ref,)
        crm.convert_lead(lead.id, contact=ada, allow_duplicates=True)
        assert crm.get(Lead, lead.id).converted_contact_id == ada.id
        assert crm.count(Contact) == 1

    def test_a_strong_key_attaches_by_itself_and_says_so(self, crm: Crm) -> None:
        vega = crm.add(Account(name="Vega Ltd", website="vega.example"))
        ada = crm.add(
            Contact(name=person("Lovelace"), email="ada@vega.example", account_id=vega.id)
        )
        lead = crm.add(Lead(name=person("Lovelace"), company="VEGA", email="Ada@vega.example"))
        done = crm.convert_lead(lead.id)
        assert done.contact is not None
        assert (done.receipt.account_id, done.contact.id) == (vega.id, ada.id)
        assert "found by its e-mail ada@vega.example and name" in " ".join(str(done).split())
        assert crm.count(Contact) == crm.count(Account) == 1

    def test_a_conversion_is_undone_where_the_policy_allows_it(self, crm: Crm) -> None:
        lead = crm.add(Lead(name=person("King"), company="Vega", title="CTO"))
        done = crm.convert_lead(lead.id)
        with pytest.raises(UsageError, match="undo_conversion"):
            crm.undo(done.receipt)
        allowed = crm.model.with_policies(undo_conversion=Undo.ALLOWED)
        own = Crm(crm._repository, model=allowed, clock=lambda: NOW, by="user-8")
        deal = own.one(Opportunity, F.lead_id == lead.id)
        own.save(evolve(deal, next_step="call"))
        with pytest.raises(ValidationError, match="next_step"):
            own.undo(done)
        own.save(evolve(own.get(Opportunity, deal.id), next_step=None))
        preview = own.undo(done.id, dry_run=True)
        assert own.count(Account) == 1
        assert "comes back" not in str(preview)
        undone = own.undo(done.receipt.ref)
        assert undone.id == done.id
        assert (own.count(Account), own.count(Contact), own.count(Opportunity)) == (0, 0, 0)
        assert own.get(Lead, lead.id).converted_at is None
        assert own.get(Lead, lead.id).title == "CTO"
        with pytest.raises(UsageError, match="undone already"):
            own.undo(done.id)
        again = own.convert_lead(lead.id)
        history = own.conversions(lead)
        assert [one.id for one in history] == [done.id, again.id]
        assert "was converted on 2026-05-04; undone on 2026-05-04" in str(history[0])
        assert str(history[1]).startswith("Ada King of Vega was converted on 2026-05-04\n")
        with pytest.raises(UsageError, match="pass its receipt"):
            own.undo(lead.ref)
        with pytest.raises(UsageError, match="unmerge"):
            own.undo(MergeReceipt(survivor=lead.ref, losers=[lead.ref]))  # type: ignore[arg-type]  # a wrong call
        with pytest.raises(NotFoundError):
            own.undo("nothing")
        assert not own.check().errors

    def test_a_record_knows_the_conversions_that_it_came_from(self, crm: Crm) -> None:
        one, other = crm.add_all(
            [
                Lead(name=person("King"), company="Vega"),
                Lead(name=person("Hopper", "Grace"), company="Solberg"),
            ]
        )
        first, second = crm.convert_lead(one.id), crm.convert_lead(other.id)
        assert first.contact is not None
        assert second.contact is not None
        crm.merge(first.contact, second.contact)
        found = crm.conversions(first.contact.id)
        assert [each.receipt.lead_id for each in found] == [one.id, other.id]
        assert crm.conversions(crm.add(User(name="Ada"))) == ()

    def test_a_batch_may_store_each_lead_by_itself(self, crm: Crm) -> None:
        leads = crm.add_all(
            [
                Lead(name=person("King"), company="Vega Ltd"),
                Lead(name=person("Hopper", "Grace"), company="VEGA"),
                Lead(name=None, company="Solberg"),
            ]
        )
        heard: list[tuple[int, int, str]] = []
        batch = crm.convert_leads(
            [one.id for one in leads],
            commits=ONE_PER_LEAD,
            progress=lambda done, of, outcome: heard.append((done, of, type(outcome).__name__)),
        )
        assert not batch.changes
        first, second = batch.conversions
        assert first.receipt.version < second.receipt.version
        assert first.receipt.account_id == second.receipt.account_id
        assert "of the same company" in " ".join(str(second).split())
        assert heard == [(1, 3, "LeadConversion"), (2, 3, "LeadConversion"), (3, 3, "Refusal")]
        assert "2 converted, 1 refused" in batch._repr_html_()
        assert crm.get(Lead, leads[2].id) == leads[2]

    def test_a_batch_ends_where_the_store_fails(self, crm: Crm) -> None:
        lead = crm.add(Lead(name=person("King"), company="Vega Ltd"))
        crm.close()
        for commits in (ONE_PER_LEAD, ONE_FOR_ALL):
            with pytest.raises(StoreClosedError):
                crm.convert_leads([lead.id], commits=commits)

    def test_a_batch_shares_accounts_and_names_what_it_leaves_out(self, crm: Crm) -> None:
        leads = crm.add_all(
            [
                Lead(name=person("King"), company="Vega Ltd"),
                Lead(name=person("Hopper", "Grace"), company="VEGA"),
                Lead(name=person("Noether", "Emmy"), company="Solberg"),
            ]
        )
        crm.convert_lead(leads[2].id)
        ids = [*(one.id for one in leads), "nowhere", leads[0].id]
        preview = crm.convert_leads(ids, dry_run=True)
        assert crm.count(Account) == 1
        batch = crm.convert_leads(ids, opportunity_name="Engine")
        assert len(preview.conversions) == len(batch.conversions) == 2
        first, second = batch.conversions
        assert first.account == second.account
        assert first.account is not None
        assert first.account.version > 0
        assert [one.lead_id for one in batch.refused] == [leads[2].id, "nowhere"]
        assert crm.count(Account) == 2
        assert "was converted" in " ".join(str(batch).split())
        assert not crm.check().errors

    def test_a_converted_lead_gives_its_receipt_when_asked_to(self, crm: Crm) -> None:
        lead = crm.add(Lead(name=person("King"), company="Vega"))
        first = crm.convert_lead(lead.id)
        again = crm.convert_lead(lead.id, if_converted=RETURN)
        assert again.receipt == first.receipt
        assert not again.changes

    def test_an_existing_deal_may_be_joined_or_none_be_made(self, crm: Crm) -> None:
        acme = crm.add(Account(name="Acme"))
        deal = crm.add(Opportunity(name="Engine", account_id=acme.id))
        one, two = crm.add_all(
            [Lead(name=person("King")), Lead(name=person("Hopper", "Grace"), company="Vega")]
        )
        joined = crm.convert_lead(one.id, opportunity=deal.id)
        assert joined.account is not None
        assert joined.account.id == acme.id
        crm.convert_lead(two.id, opportunity=SKIP)
        assert crm.count(Opportunity) == 1
        with pytest.raises(UsageError, match="must be a record of account"):
            crm.convert_lead(one.id, account=deal)

    def test_disabled_accounts_leave_contact_and_deal(self) -> None:
        store = MemoryRepository()
        plain = Crm(store)
        acme = plain.add(Account(name="Acme"))
        ada = plain.add(Contact(name=person("King"), account_id=acme.id))
        lead = plain.add(Lead(name=person("King"), company="Vega"))
        crm = Crm(store, model=STANDARD_MODEL.with_disabled(Account))
        done = crm.convert_lead(lead.id, contact=ada, allow_duplicates=True)
        assert done.account is None
        assert done.opportunity is not None


class TestSettingUp:
    def test_rules_that_do_not_fit_the_model_are_refused(self) -> None:
        book = STANDARD_RULES.with_rollups(
            Rollup(name="gold", child=Account, by=F.parent_id, where=F.custom["tier"] == "gold",
                   aggregate="count")
        )  # fmt: skip
        with pytest.raises(ModelError):
            Crm(rules=book)
        tier = CustomField(name="tier", type=Picklist("gold"))
        Crm(rules=book, model=STANDARD_MODEL.with_custom_fields(Account, tier))

    def test_custom_values_are_checked(self) -> None:
        tier = CustomField(name="tier", type=Picklist("gold", "silver"))
        crm = Crm(model=STANDARD_MODEL.with_custom_fields(Account, tier))
        crm.add(Account(name="A", custom={"tier": "gold"}))
        for custom in ({"tier": "goold"}, {"teir": "gold"}):
            with pytest.raises(ValidationError, match="did you mean"):
                crm.add(Account(name="B", custom=custom))
        assert [one.name for one in crm.find(Account, F.custom["tier"] == "gold")] == ["A"]

    def test_what_is_no_repository_is_a_wrong_call(self) -> None:
        nonsense: Any = {}
        with pytest.raises(UsageError, match="snapshot, commit and close"):
            Crm(nonsense)

    def test_the_user_and_owner_need_no_record(self, crm: Crm) -> None:
        crm.add(Account(name="Acme", owner_id="someone"))  # type: ignore[arg-type]
        head = crm.add(User(name="Head"))
        with pytest.raises(ValidationError):
            crm.add(User(name="X", manager_id="gone"))  # type: ignore[arg-type]
        crm.add(User(name="Y", manager_id=head.id))

    def test_a_closed_crm_answers_no_more(self, crm: Crm) -> None:
        crm.close()
        crm.close()
        with pytest.raises(CrmError, match="closed"):
            crm.find(Account)


@pytest.mark.parametrize(
    "bad",
    [
        Account(name="x" * 10_000_000),
        Account(name="\ud800"),
        Account(name="a\x00b"),
        Account(name="x", employees=True),
        Account(name="x", created_at=datetime(2026, 1, 1)),  # noqa: DTZ001
        Opportunity(name="x", probability=Decimal("NaN")),
        Opportunity(name="x", probability=Decimal("Infinity")),
        Opportunity(name="x", amount=5),  # type: ignore[arg-type]
        Account(name=None),  # type: ignore[arg-type]
        Account(id="", name="x"),  # type: ignore[arg-type]
        Account(name="x", custom={"no such": 1}),
        Activity(subject="x", who=Ref("account", "a")),
        Touch(who=None, at=NOW),  # type: ignore[arg-type]
        Lead(labels=5),  # type: ignore[arg-type]
    ],
    ids=lambda one: type(one).__name__,
)
def test_bad_input_is_answered_with_findings_and_nothing_is_stored(crm: Crm, bad: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        crm.add(bad)
    assert refused.value.findings.errors
    assert len(str(refused.value)) < 2_000
    assert crm.find(type(bad)) == ()


def test_a_merge_may_choose_a_parent_that_is_not_merged(crm: Crm) -> None:
    top = crm.add(Account(name="Top"))
    mid = crm.add(Account(name="Mid", parent_id=top.id))
    one, two = crm.add_all([Account(name="Acme"), Account(name="Acme")])
    crm.merge(one, two, choose={"parent_id": mid.id})
    assert [each.name for each in crm.ancestors(one.id)] == ["Mid", "Top"]
    with pytest.raises(CrmError):
        crm.merge(top, mid, choose={"parent_id": one.id})


def test_a_crm_says_what_it_works_on() -> None:
    assert repr(Crm()) == "<Crm on MemoryRepository>"
    assert repr(Crm(by="user-7")) == "<Crm on MemoryRepository by 'user-7'>"
