import pytest

from crmcore.entities import Judgement, Lead
from crmcore.entities.ledger import Verdict
from crmcore.errors import UnknownNameError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.merge import MergeError
from crmcore.rules.merge.guards import person_findings, require_mergeable
from tests.properties.merge.worlds import Subscription
from tests.unit.rules.merge.examples import NOW, account, contact, made, merged, who


def refused(*records: object) -> MergeError:
    with pytest.raises(MergeError) as caught:
        merged(records)  # type: ignore[arg-type]  # records of any kind
    return caught.value


def test_a_merge_needs_a_loser() -> None:
    assert refused(contact("a")).refs == (who("a"),)


def test_the_survivor_is_not_its_own_loser() -> None:
    assert "own losers" in str(refused(contact("a"), contact("b"), contact("a")))


def test_a_loser_is_given_once() -> None:
    error = refused(contact("a"), contact("b"), contact("b"))
    assert error.refs == (who("b"),)
    assert "twice" in str(error)


def test_a_lead_and_a_contact_are_converted_instead() -> None:
    error = refused(contact("a"), made(Lead, id="l"))
    assert error == MergeError(
        "only records of one kind become one, here contact",
        (made(Lead, id="l").ref,),
        "convert the lead instead",
    )


def test_an_account_and_a_contact_have_no_such_way_out() -> None:
    assert refused(account("a"), contact("b")).hint == ""


def test_the_ledger_is_not_merged() -> None:
    rows = [
        made(Judgement, id=id_, first=who("a"), second=who("b"), verdict=Verdict.DUPLICATE)
        for id_ in "jk"
    ]
    assert "ledger" in str(refused(*rows))


def test_a_person_is_no_organisation() -> None:
    error = refused(account("a"), account("p", is_person=True))
    assert error.refs == (account("p").ref,)


def test_a_converted_lead_is_not_merged_whichever_side_it_is_on() -> None:
    done, new = made(Lead, id="d", converted_at=NOW), made(Lead, id="n")
    assert refused(done, new) == refused(new, done)
    assert "converted lead" in str(refused(done, new))


def test_a_kind_that_the_model_lacks_is_refused_by_name() -> None:
    with pytest.raises(UnknownNameError):
        require_mergeable(Subscription(name="a"), [Subscription(name="b")], model=STANDARD_MODEL)


def test_a_long_list_of_records_is_cut_in_the_message() -> None:
    error = MergeError("why", tuple(who(str(number)) for number in range(9)))
    assert str(error) == f"cannot merge {', '.join(f'contact:{n}' for n in range(6))}, ...: why"


def test_a_person_account_with_two_persons_is_found() -> None:
    people = [contact("c", account_id="p"), contact("d", account_id="p")]
    person = account("p", is_person=True)
    assert [one.code for one in person_findings(person, people)] == ["merge.persons"]
    assert list(person_findings(person, people[:1])) == []
    assert list(person_findings(account("p"), people)) == []


def test_merging_person_accounts_asks_to_merge_their_contacts_first() -> None:
    person, other = account("p", is_person=True), account("q", is_person=True)
    people = [contact("c", account_id="p"), contact("d", account_id="q")]
    assert merged([person, other], people).findings.errors.with_code("merge.persons")
    assert not merged([person, other], people[1:]).findings.errors
