"""Journey: the touches that led to a deal, in their order, up to the moment it was closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmcore.entities import Lead, Opportunity, OpportunityChange, OpportunityContactRole, Touch
from crmcore.model.pipeline import LeadCategory, StageCategory
from crmcore.reports.funnel import created_at
from crmcore.reports.lead_funnel import won_at
from crmcore.reports.scene import Scene
from crmcore.values.ref import Ref

_at = attrgetter("at")
_id = attrgetter("id")
_EDGES = (date.min, date.max)
_NONE: list[Touch] = []  # never changed


@frozen
class Journey:
    """The ``touches`` of a deal, the earliest first, then by id.

    ``lead_at`` is when its lead was captured, ``deal_at`` when the deal was made; ``None`` where
    there is no such moment.
    """

    touches: Sequence[Touch]
    lead_at: datetime | None = None
    deal_at: datetime | None = None


@frozen(kw_only=True, eq=False)
class Journeys:
    """Whose touches there are: of deals by name, and of people.

    A touch that names a deal belongs to that one alone. Another belongs to each deal in which its
    person has a role, and to the deal that came of its person as a lead.
    """

    by_deal: Mapping[str, list[Touch]]
    by_person: Mapping[Ref[Any], list[Touch]]
    people: Mapping[str, list[Ref[Any]]]
    leads: Mapping[str, Lead]
    zone: tzinfo
    _ends: dict[date, datetime] = field(factory=dict, init=False)

    @classmethod
    def of(cls, scene: Scene, deals: Iterable[Opportunity]) -> Journeys:
        """The journeys to these deals, of touches up to the moment of the scene."""
        by_deal: dict[str, list[Touch]] = {deal.id: [] for deal in deals}
        by_person: dict[Ref[Any], list[Touch]] = defaultdict(list)
        touches: Iterable[Touch] = scene.material.all(Touch)
        if scene.is_past:
            touches = [one for one in touches if one.at <= scene.moment]
        unsorted: set[str] = set()
        for touch in touches:
            deal_id = touch.opportunity_id
            if deal_id is None:
                by_person[touch.who].append(touch)
                continue
            own = by_deal.get(deal_id)
            if own is not None:
                if own and own[-1].at >= touch.at:
                    unsorted.add(deal_id)
                own.append(touch)
        for one in unsorted:
            in_order(by_deal[one])
        people: dict[str, list[Ref[Any]]] = defaultdict(list)
        for role in scene.known(scene.material.all(OpportunityContactRole)):
            people[role.opportunity_id].append(Ref("contact", role.contact_id))
        leads: dict[str, Lead] = {one.id: one for one in scene.material.all(Lead)}
        name = scene.context.model.calendar.time_zone
        zone = UTC if name == "UTC" else ZoneInfo(name)
        return cls(by_deal=by_deal, by_person=by_person, people=people, leads=leads, zone=zone)

    def end(self, day: date) -> datetime:
        """The last moment of a day in the model's time zone."""
        found = self._ends.get(day)
        if found is None:
            last = datetime.combine(day, time.max, self.zone)
            found = self._ends[day] = last.astimezone(UTC)
        return found

    def touches(self, deal: Opportunity) -> list[Touch]:
        """The touches of a deal in their order, also those after it was closed."""
        found = self.by_deal.get(deal.id, _NONE)
        if not self.by_person:
            return found
        refs = list(self.people.get(deal.id, ()))
        refs += [] if deal.lead_id is None else person_of(deal.lead_id, self.leads)
        others = [one for ref in dict.fromkeys(refs) for one in self.by_person.get(ref, ())]
        return in_order([*found, *others]) if others else found


def in_order(touches: list[Touch]) -> list[Touch]:
    """The same list, sorted by moment, then id."""
    touches.sort(key=_id)
    touches.sort(key=_at)
    return touches


def person_of(lead_id: str, leads: Mapping[str, Lead]) -> list[Ref[Any]]:
    """A lead, and the contact that it became, to whom its touches may have moved."""
    lead = leads.get(lead_id)
    refs: list[Ref[Any]] = [Ref("lead", lead_id)]
    if lead is not None and lead.converted_contact_id is not None:
        refs.append(Ref("contact", lead.converted_contact_id))
    return refs


def until(touches: list[Touch], moment: datetime | None) -> list[Touch]:
    """The touches up to a moment, itself included (``None``: all of them); they are in order."""
    if moment is None or not touches or touches[-1].at <= moment:
        return touches
    return [one for one in touches if one.at <= moment]


def closed_at(
    scene: Scene, journeys: Journeys, deal: Opportunity, rows: Sequence[OpportunityChange]
) -> datetime | None:
    """When a closed deal was closed: in its history, or at the end of its close date if earlier.

    ``None`` where neither is known.
    """
    day = deal.close_on
    end = None if day is None or day in _EDGES else journeys.end(day)
    told = won_at(scene, deal, rows) if rows else None
    if end is None or told is None:
        return end or told
    return min(end, told)


def journey(
    scene: Scene,
    journeys: Journeys,
    deal: Opportunity,
    rows: Sequence[OpportunityChange],
    *,
    moments: bool = True,
) -> Journey:
    """The journey of a closed deal; without ``moments``, those of lead and deal are left out."""
    touches = journeys.touches(deal)
    if touches:
        touches = until(touches, closed_at(scene, journeys, deal, rows))
    if not moments:
        return Journey(touches)
    lead = None if deal.lead_id is None else journeys.leads.get(deal.lead_id)
    return Journey(touches, None if lead is None else lead.created_at, created_at(deal, rows))


def failures(scene: Scene, journeys: Journeys) -> Iterable[list[Touch]]:
    """The touches that led to nothing: of lost deals, and of unqualified leads without a deal."""
    with_deal = {deal.lead_id for deal in scene.deals}
    for deal in scene.deals:
        if scene.category(deal) is StageCategory.LOST:
            yield journeys.touches(deal)
    unqualified = {
        one.key
        for one in scene.context.model.lead_statuses
        if one.category is LeadCategory.UNQUALIFIED
    }
    for lead in scene.all_known(Lead):
        if lead.status in unqualified and lead.id not in with_deal:
            found = journeys.by_person.get(Ref("lead", lead.id), [])
            yield in_order([*found])
