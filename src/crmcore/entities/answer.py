"""Answer: what somebody is known to have said to a question that qualifies them, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.contact import Contact
from crmcore.entities.lead import Lead
from crmcore.entities.record import Record
from crmcore.fields import DateTime, Lookup, Picklist, Text
from crmcore.values.ids import AnswerId, UserId, new_id
from crmcore.values.ref import Ref

QUESTIONS = ("interest", "budget", "authority", "timeline")
"""The questions that every lead is asked; each is a field of the lead."""


def new_answer_id() -> AnswerId:
    """A fresh id for an answer."""
    return AnswerId(new_id())


@frozen(kw_only=True)
class Answer(Record):
    """An answer of a lead, kept with its evidence; the lead's own field has the last one.

    ``evidence`` is the record that shows it, such as the call it was given in, ``note`` says it in
    words. ``is_met`` says whether it speaks for the lead (``None``: not judged).
    """

    id: AnswerId = field(factory=new_answer_id)
    who: Annotated[Ref[Lead | Contact], Lookup("lead", "contact")]
    question: Annotated[str, Picklist(*QUESTIONS, open_ended=True)]
    answer: Annotated[str | None, Text(multiline=True)] = None
    is_met: bool | None = None
    evidence: Annotated[Ref[Record] | None, Lookup()] = None
    note: Annotated[str | None, Text(multiline=True)] = None
    answered_at: Annotated[datetime | None, DateTime()] = None
    answered_by: Annotated[UserId | None, Lookup("user")] = None
