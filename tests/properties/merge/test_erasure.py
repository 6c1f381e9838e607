from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import Crm
from crmcore.adapters import JsonFileRepository, MemoryRepository
from crmcore.entities import (
    Account,
    Activity,
    Attachment,
    Contact,
    Judgement,
    Lead,
    MergeReceipt,
    Touch,
)
from crmcore.entities.ledger import Verdict
from crmcore.rules.erasure import Forgotten
from crmcore.values import Address, PersonName
from tests.properties.merge.worlds import made

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def person(number: int, **rest: Any) -> Contact:
    """Somebody whose every value has a word in it by which it can be found again."""
    word = f"zorgblatt{number}"
    return made(
        Contact,
        id=f"c{number}",
        name=PersonName(family=word, given=word),
        email=f"{word}@example.com",
        other_emails=(f"more-{word}@example.com",),
        title=word,
        mailing_address=Address(city=word),
        labels={word},
        external_ids={word: word},
        **rest,
    )


def marks(text: str) -> bool:
    return "zorgblatt" in text.lower()


def filled(crm: Crm, size: int, merged: list[tuple[int, int]], undone: set[int]) -> list[str]:
    """People who are merged, some of it taken back, with all that is said of them."""
    account = crm.add(Account(name="Acme"))
    for number in range(size):
        one = crm.add(person(number, account_id=account.id))
        crm.add(made(Touch, who=one.ref, at=WHEN, source="Web", detail={"q": "zorgblatt"}))
        crm.add(made(Activity, subject="Call Zorgblatt", who=one.ref, done_at=WHEN))
        crm.add(made(Attachment, about=one.ref, uri="zorgblatt.pdf"))
    other = crm.add(made(Contact, id="other", name=PersonName(family="Other")))
    crm.not_duplicates("c0", other, reason="Other is not Zorgblatt")
    lead = made(Lead, name=PersonName(family="Zorgblatt"), email="lead@zorgblatt.example")
    crm.convert_lead(crm.add(lead).id, contact="c0", allow_duplicates=True)
    ids: list[str] = []
    for first, second in merged:
        refs = crm.resolve(f"c{first % size}"), crm.resolve(f"c{second % size}")
        if refs[0] != refs[1]:
            ids.append(crm.merge(*refs).id)
    for at in sorted(undone):
        if at < len(ids):
            crm.unmerge(ids[at])
    return ids


PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=4)


@given(size=st.integers(1, 4), merged=PAIRS, undone=st.sets(st.integers(0, 3)))
@settings(max_examples=20)
def test_erasing_a_person_leaves_nothing_that_says_who_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    size: int,
    merged: list[tuple[int, int]],
    undone: set[int],
) -> None:
    """M22 nor of any record that was merged into it: the bytes of the whole store are searched."""
    path = tmp_path_factory.mktemp("erase") / "people.crm.json"
    with Crm(JsonFileRepository(path)) as crm:
        filled(crm, size, merged, undone)
        before = {kind: crm.count(kind) for kind in (Contact, Touch, Activity, MergeReceipt)}
        assert marks(path.read_text(encoding="utf-8"))
        for number in range(size):
            report = crm.erase(Contact, f"c{number}")
            assert not marks(str(report)) or "zorgblatt.pdf" in str(report)
            assert report.journal is Forgotten.DONE
        assert not marks(path.read_text(encoding="utf-8"))
        assert {kind: crm.count(kind) for kind in before} == before
        assert all(one.source == "Web" and one.at == WHEN for one in crm.find(Touch))
        assert [one.verdict for one in crm.find(Judgement)] == [Verdict.NOT_DUPLICATE]
        assert not crm.check().errors


@given(merged=PAIRS, last=st.integers(0, 3))
@settings(max_examples=20)
def test_erasing_one_person_leaves_the_others(merged: list[tuple[int, int]], last: int) -> None:
    """M22 what was merged and taken back again is somebody else."""
    crm = Crm(MemoryRepository())
    ids = filled(crm, 4, merged, set())
    for id_ in ids:
        crm.unmerge(id_)
    before = {one.id: one for one in crm.find(Contact)}
    report = crm.erase(Contact, f"c{last}")
    after = {one.id: one for one in crm.find(Contact)}
    assert {id_ for id_ in after if after[id_] != before[id_]} == {f"c{last}"}
    assert report.journal is not Forgotten.NO_PAST


@given(merged=PAIRS)
@settings(max_examples=20)
def test_a_merge_of_an_erased_person_can_be_taken_back_and_says_nothing(
    merged: list[tuple[int, int]],
) -> None:
    """M22 an unmerge brings back shells, never what they were."""
    crm = Crm(MemoryRepository())
    ids = filled(crm, 4, merged, set())
    crm.erase(Contact, "c0")
    gone = {ref for one in crm.find(MergeReceipt) for ref in one.losers}
    own = crm.resolve("c0")
    erased = {ref.id for ref in gone if crm.resolve(ref) == own}
    for id_ in reversed(ids):
        crm.unmerge(id_)
    for id_ in {"c0", own.id, *erased}:
        assert not marks(repr(crm.get(Contact, id_)))


class Forgetful(MemoryRepository):
    """A repository that is told what to forget."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def erase(self, refs: Any) -> None:
        self.told += refs


def test_a_store_that_can_forget_is_asked_to() -> None:
    """M22 of every record that something was removed from, and of those that are gone."""
    store = Forgetful()
    crm = Crm(store)
    filled(crm, 2, [(0, 1)], set())
    preview = crm.erase(Contact, "c1", dry_run=True)
    assert (preview.journal, store.told) == (Forgotten.NOT_ASKED, [])
    report = crm.erase(Contact, "c1")
    assert report.journal is Forgotten.DONE
    assert {one.ref for one in report.changes} | set(report.subjects) == set(store.told)
    assert {str(ref) for ref in report.subjects} >= {"contact:c0", "contact:c1"}


def test_what_people_have_to_look_at_is_listed() -> None:
    """M22 texts of other records that refer to the person are nobody's to judge but theirs."""
    crm = Crm()
    one = crm.add(person(1))
    other = crm.add(made(Contact, name=PersonName(family="O"), title="x", reports_to_id=one.id))
    report = crm.erase(Contact, one.id)
    assert report.to_review == (other.ref,)
    assert "look at" in str(report)
    assert "look at" in report._repr_html_()
