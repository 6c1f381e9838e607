"""Capture: what a submission of somebody becomes: a lead, more of a known one, or a touch.

Whoever is known already is found by a strong key, or by an id that another system gave. Then gaps
are filled and nothing is overwritten, least of all where the person first came from (law L2); what
the submission says otherwise stands in the touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import attrs
from attrs import frozen

from crmcore.changes import Change, ChangeSet, CheckVersion, Insert, Update
from crmcore.entities.campaign import Campaign, CampaignMember, Touch
from crmcore.entities.contact import Contact
from crmcore.entities.lead import Lead
from crmcore.entities.record import Record
from crmcore.errors import shown
from crmcore.findings import Finding, Findings, remark
from crmcore.model.policies import KnownContact
from crmcore.rules.rule import Context
from crmcore.rules.strong_key import strong_key
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ids import CampaignId, CampaignMemberId, TouchId
from crmcore.values.ref import Ref


class Outcome(Enum):
    """What became of a submission, or of a row of an import."""

    CREATED = "created"
    """A lead was made of it."""
    UPDATED = "updated"
    """Somebody who was known got more values, a touch or a membership."""
    SKIPPED = "skipped"
    """It said nothing that was not known."""
    REJECTED = "rejected"
    """It cannot be stored as it is."""


@frozen(kw_only=True)
class Signal:
    """The touch that a submission is, before it is known whose.

    ``at`` is its own moment (``None``: that of the capture). ``key`` names the submission where it
    has a name, such as a row of a file: one that was taken is not taken again.
    """

    source: str | None = None
    medium: str | None = None
    at: datetime | None = None
    campaign_id: str | None = None
    member_status: str | None = None
    detail: FrozenMap[Any] = FrozenMap()
    key: str | None = None


@frozen(kw_only=True)
class Capture:
    """What a submission becomes; ``why`` says who it was taken for.

    ``lead``, ``contact`` and ``touch`` are the records as they will be (``None``: none of these).
    """

    changes: ChangeSet
    findings: Findings
    outcome: Outcome
    why: str
    lead: Lead | None = None
    contact: Contact | None = None
    touch: Touch | None = None

    @property
    def ref(self) -> Ref[Any] | None:
        """The person: the lead, or else the contact."""
        person = self.lead if self.lead is not None else self.contact
        return None if person is None else person.ref

    def __str__(self) -> str:
        findings = f"\n{self.findings}" if self.findings else ""
        return f"{self.outcome.value}: {self.why}{findings}"


@frozen(kw_only=True)
class Surroundings:
    """What is stored around the people a submission may be of.

    ``touches`` and ``members`` are theirs; ``campaign`` is the one the submission names, where it
    is stored.
    """

    known: tuple[Lead | Contact, ...] = ()
    touches: tuple[Touch, ...] = ()
    members: tuple[CampaignMember, ...] = ()
    campaign: Campaign | None = None
    former: Mapping[Ref[Any], tuple[Record, ...]] = {}


def capture(
    draft: Lead,
    given: Iterable[str],
    signal: Signal | None,
    *,
    context: Context,
    around: Surroundings = Surroundings(),  # frozen
) -> Capture:
    """Decide what a submission becomes; nothing is stored.

    ``draft`` is the lead that it would make; ``given`` are the fields it says, ``signal`` its touch
    (``None``: it is not worth one unless it says otherwise than what is known).
    """
    lead, contact, why = _person(draft, around)
    known = _Case(context=context, around=around, signal=_placed(signal, around), why=why)
    if contact is not None:
        done = _of_contact(known, draft, tuple(given), lead, contact)
    elif lead is None:
        done = _new(attrs.evolve(known, why="nobody like this was known"), draft)
    elif lead.converted_at is not None:
        done = _nothing(attrs.evolve(known, why=f"{why}, which was converted"), lead)
    else:
        after, said = _filled(draft, given, lead, context)
        done = _known(known, lead, after, said)
    return attrs.evolve(done, findings=done.findings + _no_campaign(done.ref, signal, around))


@frozen(kw_only=True)
class _Case:
    """A submission whose person was looked for: what it is decided by."""

    context: Context
    around: Surroundings
    signal: Signal | None
    why: str


def _placed(signal: Signal | None, around: Surroundings) -> Signal | None:
    """The signal; the id of a campaign that is not stored is no reference, but a word of it."""
    if signal is None or signal.campaign_id is None or around.campaign is not None:
        return signal
    detail = signal.detail.with_items({"Campaign_ID": signal.campaign_id})
    return attrs.evolve(signal, campaign_id=None, detail=detail)


def _person(draft: Lead, around: Surroundings) -> tuple[Lead | None, Contact | None, str]:
    """The lead and the contact that the submission is of, and how that is known."""
    stored = sorted(around.known, key=lambda one: (one.created_at is None, one.created_at, one.id))
    found: dict[str, tuple[Any, str]] = {}
    for one in stored:
        why = _identity(draft, one, around.former.get(one.ref, ()))
        if why is None and not (isinstance(one, Lead) and one.converted_at is not None):
            key = strong_key(draft, one)
            why = None if key is None else f"known by {key}"
        if why is not None:
            found.setdefault(one.ref.kind, (one, f"{why}: {one.ref}"))
    contact, why_contact = found.get("contact", (None, ""))
    lead, why_lead = found.get("lead", (None, ""))
    return lead, contact, why_contact or why_lead


def _identity(draft: Lead, one: Lead | Contact, former: Iterable[Record]) -> str | None:
    if one.ref == draft.ref:
        return "known by its id"
    for each in (one, *former):
        shared = [
            key for key, id_ in draft.external_ids.items() if each.external_ids.get(key) == id_
        ]
        if shared:
            return f"known by its id in {shared[0]}"
        if each.ref == draft.ref:
            return "known by the id of what was merged into it"
    return None


def _of_contact(
    case: _Case, draft: Lead, given: tuple[str, ...], lead: Lead | None, contact: Contact
) -> Capture:
    """A touch of the contact with everything it said; a lead too where the policy says so (L3)."""
    said = _texts(draft, given, case.context)
    own = attrs.evolve(case, signal=case.signal or Signal())
    done = _known(own, contact, contact, said)
    policy = case.context.model.policies.known_contact
    if policy is KnownContact.TOUCH or lead is not None or done.outcome is Outcome.SKIPPED:
        return done
    made = attrs.evolve(case, signal=None, why=f"{case.why}, and a lead by policy")
    new = _new(made, draft, tuple(done.changes))
    return attrs.evolve(new, contact=contact, touch=done.touch)


def _new(case: _Case, draft: Lead, rest: tuple[Change, ...] = ()) -> Capture:
    signal = case.signal
    touch = None if signal is None else _touch(draft.ref, signal, {}, case.context)
    rows = [] if touch is None else [Insert(touch)]
    return Capture(
        changes=_set((Insert(draft), *rows, *_member(case, draft.ref), *rest), (), case.context),
        findings=Findings(),
        outcome=Outcome.CREATED,
        why=case.why,
        lead=draft,
        touch=touch,
    )


def _known(
    case: _Case, before: Lead | Contact, after: Lead | Contact, said: Mapping[str, str]
) -> Capture:
    touch, signal = None, case.signal
    if signal is not None or said:
        touch = _touch(before.ref, signal or Signal(), said, case.context)
        theirs = (one for one in case.around.touches if one.who == before.ref)
        touch = None if any(_same(touch, one, signal) for one in theirs) else touch
    changes: list[Change] = [] if after == before else [Update(before, after)]
    changes += [] if touch is None else [Insert(touch)]
    changes += _member(case, before.ref)
    if not changes:
        return _nothing(case, before)
    return Capture(
        changes=_set(changes, [] if after != before else [before], case.context),
        findings=Findings(),
        outcome=Outcome.UPDATED,
        why=case.why,
        lead=after if isinstance(after, Lead) else None,
        contact=after if isinstance(after, Contact) else None,
        touch=touch,
    )


def _nothing(case: _Case, person: Lead | Contact) -> Capture:
    return Capture(
        changes=ChangeSet(),
        findings=Findings(),
        outcome=Outcome.SKIPPED,
        why=f"{case.why}; nothing new",
        lead=person if isinstance(person, Lead) else None,
        contact=person if isinstance(person, Contact) else None,
    )


def _set(changes: Iterable[Change], read: Iterable[Record], context: Context) -> ChangeSet:
    return ChangeSet(
        changes,
        tuple(CheckVersion(one.ref, one.version) for one in read),
        reason="capture",
        by=context.by,
        at=context.now,
    )


def _touch(who: Ref[Any], signal: Signal, said: Mapping[str, str], context: Context) -> Touch:
    known = {"submission": signal.key} if signal.key is not None else {}
    return Touch(
        id=TouchId(context.new_id()),
        who=who,
        at=context.now if signal.at is None else signal.at,
        source=signal.source,
        medium=signal.medium,
        campaign_id=None if signal.campaign_id is None else CampaignId(signal.campaign_id),
        detail=FrozenMap({**signal.detail, **said, **known}),
    )


def _same(touch: Touch, other: Touch, signal: Signal | None) -> bool:
    """Whether a touch is one that was recorded before: by its name, or by its moment and words."""
    if signal is not None and signal.key is not None:
        return other.detail.get("submission") == signal.key
    return attrs.evolve(
        other, id=touch.id, version=0, created_at=None, updated_at=None
    ) == attrs.evolve(touch, version=0)


def _member(case: _Case, who: Ref[Any]) -> tuple[Change, ...]:
    """Their membership in the campaign that the submission names, where they have none."""
    campaign, signal, context = case.around.campaign, case.signal, case.context
    if campaign is None or signal is None:
        return ()
    if any(one.member == who and one.campaign_id == campaign.id for one in case.around.members):
        return ()
    status = signal.member_status
    row = CampaignMember(
        id=CampaignMemberId(context.new_id()),
        campaign_id=campaign.id,
        member=who,
        status=status if status in campaign.member_statuses else None,
        first_responded_at=context.now if signal.at is None else signal.at,
    )
    return (Insert(row),)


def _no_campaign(
    who: Ref[Any] | None, signal: Signal | None, around: Surroundings
) -> Iterator[Finding]:
    if signal is not None and signal.campaign_id is not None and around.campaign is None:
        yield remark(
            "capture.no_campaign",
            "no such campaign is stored; its id stays in the touch",
            ref=who,
            value=signal.campaign_id,
        )


def _filled(
    draft: Lead, given: Iterable[str], lead: Lead, context: Context
) -> tuple[Lead, dict[str, str]]:
    """The lead with its gaps filled, and what the submission says otherwise, in words."""
    schema = context.model.schema(Lead)
    after: Any = lead
    said: dict[str, str] = {}
    for path in given:
        if path in ("id", "external_ids"):
            continue
        one = schema.field(path)
        old, new = one.value(lead), one.value(draft)
        is_wish = one.name.endswith("_opt_out") and new is True
        if old is None or old in (frozenset(), ()) or is_wish:
            after = one.changed(after, new)
        elif old != new and one.name != "status":
            said[f"lead.{path}"] = shown(new) if not isinstance(new, str) else new
    ids = draft.external_ids.with_items(lead.external_ids)
    return attrs.evolve(after, external_ids=ids), said


def _texts(draft: Lead, given: Iterable[str], context: Context) -> dict[str, str]:
    schema = context.model.schema(Lead)
    values = ((path, schema.field(path).value(draft)) for path in given if path != "id")
    return {f"lead.{path}": str(value) for path, value in values if value is not None}
