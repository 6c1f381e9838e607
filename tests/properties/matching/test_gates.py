"""Gates: what is there already can be held up on every way in."""

from pathlib import Path

import attrs
import pytest

from crmcore import Contact, Crm, Finding, Lead, PersonName
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.policies import Matches, Policies
from crmcore.rules.capture import Outcome
from crmcore.rules.matching import DuplicateError

NAME = PersonName(given="Ada", family="Lovelace")


def ada() -> Contact:
    return Contact(name=NAME, email="ada@x.org", phone="+49 30 1234567")


@pytest.mark.parametrize("many", [False, True])
def test_a_block_raises_with_the_evidence_and_stores_nothing(many: bool) -> None:
    """D13 on creation."""
    crm = Crm(model=STANDARD_MODEL.with_policies(create_matches=Matches.BLOCK))
    first = crm.add(ada())
    with pytest.raises(DuplicateError) as caught:
        if many:
            crm.add_all([Contact(name=PersonName(family="Babbage")), ada()])
        else:
            crm.add(ada())
    (match,) = caught.value.matches
    assert first.ref in match.refs
    assert {point.field for point in match.evidence} >= {"family name", "e-mail", "telephone"}
    assert "e-mail" in str(caught.value)
    assert crm.find(Contact) == (first,)


def test_an_alert_is_told_and_the_record_is_stored() -> None:
    """D13 on creation."""
    told: list[Finding] = []
    model = STANDARD_MODEL.with_policies(create_matches=Matches.ALERT)
    crm = Crm(model=model, on_finding=told.append)
    first, second = crm.add(ada()), crm.add(ada())
    assert len(crm.find(Contact)) == 2
    (one,) = [finding for finding in told if finding.code == "record.duplicate"]
    assert (one.ref, one.value) == (second.ref, first.id)


def test_an_update_is_held_up_by_what_it_makes_alike() -> None:
    """D13 on update: but not by what was alike before, or nothing could be changed any more."""
    crm = Crm(model=STANDARD_MODEL.with_policies(update_matches=Matches.BLOCK))
    crm.add(ada())
    twin = crm.add(ada())
    other = crm.add(Contact(name=PersonName(given="Charles", family="Babbage")))
    crm.save(attrs.evolve(twin, title="Countess"))
    with pytest.raises(DuplicateError):
        crm.save(attrs.evolve(other, name=NAME, email="ada@x.org"))
    assert crm.get(Contact, other.id).name.family == "Babbage"


def test_a_transaction_meets_the_gates_at_its_end() -> None:
    """D13 on creation and update, whatever else is in the block; nothing of it is stored."""
    block = STANDARD_MODEL.with_policies(create_matches=Matches.BLOCK, update_matches=Matches.BLOCK)
    crm = Crm(model=block)
    first = crm.add(ada())
    other = crm.add(Contact(name=PersonName(given="Charles", family="Babbage")))
    with pytest.raises(DuplicateError), crm.transaction() as tx:
        tx.save(attrs.evolve(other, title="Professor"))
        tx.add(ada())
    with pytest.raises(DuplicateError), crm.transaction() as tx:
        tx.save(attrs.evolve(other, name=NAME, email="ada@x.org"))
    assert set(crm.find(Contact)) == {first, other}
    with crm.transaction() as tx:
        tx.save(attrs.evolve(other, title="Professor"))
    told: list[Finding] = []
    alert = STANDARD_MODEL.with_policies(create_matches=Matches.ALERT)
    crm = Crm(model=alert, on_finding=told.append)
    known = crm.add(ada())
    with crm.transaction() as tx:
        new = tx.add(ada())
    assert [(one.code, one.ref, one.value) for one in told] == [
        ("record.duplicate", new.ref, known.id)
    ]


def test_the_standard_policies_gate_conversion_import_and_capture() -> None:
    """D13: creation and update are gated where a policy says so."""
    policies = Policies()
    assert policies.conversion_matches is Matches.BLOCK
    assert policies.import_matches is policies.capture_matches is Matches.ALERT
    assert {policies.create_matches, policies.update_matches} == {Matches.IGNORE}
    crm = Crm()
    crm.add(ada())
    crm.add(ada())


FORM = {"first_name": "Ada", "last_name": "Lovelace", "phone": "+49 30 1234567", "city": "Berlin"}


def test_a_web_form_that_looks_alike_is_taken_and_told() -> None:
    """D13 on capture: the standard policy tells, and loses no submission."""
    crm = Crm()
    first = crm.add(ada())
    done = crm.capture(FORM)
    (told,) = [one for one in done.findings if one.code == "capture.similar"]
    assert told.value == first.id
    strict = Crm(model=STANDARD_MODEL.with_policies(capture_matches=Matches.BLOCK))
    strict.add(ada())
    with pytest.raises(DuplicateError) as caught:
        strict.capture(FORM)
    assert caught.value.matches
    assert strict.count(Lead) == 0


def test_an_imported_row_that_looks_alike_is_told_or_rejected(tmp_path: Path) -> None:
    """D13 on import: by policy, with the evidence; the rows of one file are compared, too."""
    path = tmp_path / "leads.csv"
    path.write_text(
        "First Name,Last Name,Phone\nAda,Lovelace,+49 30 1234567\n"
        "Charles,Babbage,+44 20 7946 0001\nCharles,Babbage,020 7946 0001 x\n"
    )
    crm = Crm()
    crm.add(ada())
    done = crm.import_csv(path)
    assert done.count(Outcome.CREATED) == 3
    assert "capture.similar" in {one.code for one in done.rows[0].findings}
    strict = Crm(model=STANDARD_MODEL.with_policies(import_matches=Matches.BLOCK))
    strict.add(ada())
    done = strict.import_csv(path)
    assert [one.outcome for one in done.rows][:2] == [Outcome.REJECTED, Outcome.CREATED]
    assert done.rows[0].findings.errors[0].code == "import.duplicate"
