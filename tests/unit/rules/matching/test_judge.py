"""Judgements."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, CheckExists, ConflictError, Insert
from crmcore.entities import Contact, Judgement
from crmcore.entities.ledger import Verdict
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import Query
from crmcore.rules.matching import judge, verdicts
from crmcore.rules.rule import Context
from crmcore.values import PersonName, Ref

NOW = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
A, B = Ref[Contact]("contact", "a"), Ref[Contact]("contact", "b")


def context(**changed: object) -> Context:
    ids = count(1)
    fields = {"model": STANDARD_MODEL, "now": NOW, "new_id": lambda: f"j{next(ids)}", "by": "u1"}
    return Context(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of a context


def said(verdict: Verdict, at: datetime | None, **fields: str) -> Judgement:
    return Judgement(first=A, second=B, verdict=verdict, judged_at=at, **fields)  # type: ignore[arg-type]  # ids


def test_a_judgement_is_a_record_of_who_said_what_when_and_why() -> None:
    changes = judge(B, A, Verdict.NOT_DUPLICATE, context(), reason="brothers")
    (change,) = changes
    assert isinstance(change, Insert)
    assert change.after == Judgement(
        id="j1",  # type: ignore[arg-type]  # an id
        first=A,
        second=B,
        verdict=Verdict.NOT_DUPLICATE,
        reason="brothers",
        judged_at=NOW,
        judged_by="u1",  # type: ignore[arg-type]  # an id
    )
    assert changes.checks == (CheckExists(A), CheckExists(B))
    assert (changes.by, changes.at) == ("u1", NOW)
    assert changes.reason == "judged contact:a and contact:b to be not one"


def test_nobody_in_particular_may_judge() -> None:
    changes = judge(A, B, Verdict.DUPLICATE, context(by=None))
    assert changes.by is None
    assert changes.reason == "judged contact:a and contact:b to be one"


def test_a_judgement_is_stored_only_about_records_that_exist() -> None:
    repository = MemoryRepository()
    repository.commit(ChangeSet([Insert(Contact(id="a", name=PersonName(family="A")))]))  # type: ignore[arg-type]  # an id
    changes = judge(A, B, Verdict.DUPLICATE, context())
    with pytest.raises(ConflictError):
        repository.commit(changes)
    repository.commit(ChangeSet([Insert(Contact(id="b", name=PersonName(family="B")))]))  # type: ignore[arg-type]  # an id
    repository.commit(changes)
    with repository.snapshot() as snapshot:
        assert [one.verdict for one in snapshot.find(Query.of(Judgement))] == [Verdict.DUPLICATE]


def test_one_record_is_not_judged_twice() -> None:
    with pytest.raises(UsageError, match="contact"):
        judge(A, A, Verdict.DUPLICATE, context())


def test_the_latest_judgement_holds_whichever_comes_first() -> None:
    no = said(Verdict.NOT_DUPLICATE, NOW)
    yes = said(Verdict.DUPLICATE, NOW + timedelta(days=1))
    never = said(Verdict.DUPLICATE, None)
    naive = said(Verdict.DUPLICATE, NOW.replace(tzinfo=None, year=2030))
    assert verdicts([no, yes]) == verdicts([yes, no]) == {(A, B): Verdict.DUPLICATE}
    assert verdicts([no, never, naive]) == verdicts([never, naive, no])
    assert verdicts([never, no]) == {(A, B): Verdict.NOT_DUPLICATE}


def test_of_judgements_made_at_once_the_last_id_holds() -> None:
    one = said(Verdict.NOT_DUPLICATE, NOW, id="j1")
    other = said(Verdict.DUPLICATE, NOW, id="j2")
    assert verdicts([one, other]) == verdicts([other, one]) == {(A, B): Verdict.DUPLICATE}


def test_judgements_of_records_that_became_one_are_left_out() -> None:
    assert verdicts([Judgement(first=A, second=A, verdict=Verdict.DUPLICATE)]) == {}
