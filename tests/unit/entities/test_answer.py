from crmcore.entities import STANDARD_ENTITIES, Answer, Lead
from crmcore.entities.answer import QUESTIONS, new_answer_id
from crmcore.model.describe import describe


def test_an_answer_names_who_gave_it_and_what_shows_it() -> None:
    lead = Lead(company="Vega")
    answer = Answer(who=lead.ref, question="budget", answer="1,000 EUR", is_met=True)
    assert answer.ref.kind == "answer"
    assert Answer in STANDARD_ENTITIES
    assert new_answer_id() != new_answer_id()
    lookups = {one.name for one in describe(Answer).fields if one.lookup is not None}
    assert {"who", "evidence", "answered_by"} <= lookups


def test_each_question_is_a_field_of_the_lead() -> None:
    assert {one.name for one in describe(Lead).fields} >= set(QUESTIONS)
