"""Journey: the touches that led to a deal, in their order, up to the moment it was closed."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from itertools import chain
from operator import attrgetter, ge
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from attrs import field, frozen

from crmcore.entities import Lead, Opportunity, OpportunityContactRole, Touch
from crmcore.model.model import Model
from crmcore.model.pipeline import LeadCategory, StageCategory
from crmcore.reports.funnel import created_at
from crmcore.reports.grouping import Grouping
from crmcore.reports.known import Histories, all_histories
from crmcore.reports.lead_funnel import since_when
from crmcore.reports.material import Material
from crmcore.reports.scene import Scene, Stages, stages_of
from crmcore.values.ref import Ref

_at = attrgetter("at")
_id = attrgetter("id")
_EDGES = (date.min, date.max)
_NONE: Sequence[Touch] = ()


@frozen
class Journey:
    """The ``touches`` of a deal, the earliest first, then by id.

    ``lead_at`` is when its lead was captured, ``deal_at`` when the deal was made; ``None`` where
    there is no such moment.
    """

    touches: Sequence[Touch]
    lead_at: datetime | None = None
    deal_at: datetime | None = None


@frozen
class Touches:
    """All touches: of each deal that they name, else of each person; in the order given.

    A touch that names a deal belongs to that one alone.
    """

    by_deal: Mapping[str, Sequence[Touch]]
    by_person: Mapping[Ref[Any], Sequence[Touch]]


def all_touches(material: Material) -> Touches:
    """Every touch there is; a way to arrange material."""
    by_deal: dict[str | None, list[Touch]] = defaultdict(list)
    for touch in material.all(Touch):
        by_deal[touch.opportunity_id].append(touch)
    by_person: dict[Ref[Any], list[Touch]] = defaultdict(list)
    for touch in by_deal.pop(None, ()):
        by_person[touch.who].append(touch)
    return Touches({one: some for one, some in by_deal.items() if one is not None}, by_person)


def in_order(touches: Sequence[Touch]) -> Sequence[Touch]:
    """Touches sorted by moment, then id; the same ones where they are in this order already."""
    moments = list(map(_at, touches))
    if any(map(ge, moments, moments[1:])):
        return sorted(sorted(touches, key=_id), key=_at)
    return touches


@frozen(kw_only=True, eq=False)
class Journeys:
    """The journeys to deals, of touches up to ``moment`` (``None``: the present).

    A touch that names no deal belongs to each deal in which its person has a role, and to the deal
    that came of its person as a lead. A journey is put together when it is first asked for.
    """

    all: Touches
    histories: Histories
    people: Mapping[str, list[Ref[Any]]]
    leads: Mapping[str, Lead]
    stages: Stages
    zone: tzinfo
    moment: datetime | None = None
    _ends: dict[date, datetime | None] = field(factory=dict, init=False)
    _closed: dict[str, Sequence[Touch]] = field(factory=dict, init=False)
    _keys: dict[str, dict[str, tuple[Any, ...]]] = field(factory=dict, init=False)

    @classmethod
    def of(cls, scene: Scene) -> Journeys:
        """The journeys of a scene; those of the present are kept with its material."""
        material, model = scene.material, scene.context.model
        if not scene.is_past:
            return material.arranged_by(model, present)
        found = present(material, model)
        people = _people(scene.known(material.all(OpportunityContactRole)))
        return attrs.evolve(found, histories=scene.rows(), people=people, moment=scene.moment)

    def to(self, deal: Opportunity, *, moments: bool = True) -> Journey:
        """The journey to a closed deal; without ``moments`` those of lead and deal are ``None``."""
        touches = self.touches(deal)
        if not moments:
            return Journey(touches)
        lead = None if deal.lead_id is None else self.leads.get(deal.lead_id)
        made = created_at(deal, self.histories.get(deal.id, ()))
        return Journey(touches, None if lead is None else lead.created_at, made)

    def touches(self, deal: Opportunity) -> Sequence[Touch]:
        """The touches of a closed deal up to its close, in their order."""
        found = self._closed.get(deal.id)
        if found is None:
            found = self.known(deal)
            if found:
                found = until(found, self.closed_at(deal))
            self._closed[deal.id] = found
        return found

    def keys_by(self, way: Grouping) -> Callable[[Opportunity], Sequence[Any]]:
        """Gives the channels of the touches of a closed deal: their keys by a way to group."""
        kept = self._keys.setdefault(way.name, {})

        def keys_of(deal: Opportunity) -> Sequence[Any]:
            found = kept.get(deal.id)
            if found is None:
                found = kept[deal.id] = tuple(map(way.key_of, self.touches(deal)))
            return found

        return keys_of

    def known(self, deal: Opportunity) -> Sequence[Touch]:
        """The touches of a deal up to the moment, in their order."""
        found = self.all.by_deal.get(deal.id, _NONE)
        if self.all.by_person:
            refs = list(self.people.get(deal.id, ()))
            refs += [] if deal.lead_id is None else person_of(deal.lead_id, self.leads)
            some = (self.all.by_person.get(ref, _NONE) for ref in dict.fromkeys(refs))
            found = [*found, *chain.from_iterable(some)]
        return until(in_order(found), self.moment)

    def of_person(self, ref: Ref[Any]) -> Sequence[Touch]:
        """The touches of a person that name no deal up to the moment, in their order."""
        return until(in_order(self.all.by_person.get(ref, _NONE)), self.moment)

    def closed_at(self, deal: Opportunity) -> datetime | None:
        """When a closed deal was closed: by its history, or at the end of its close date.

        Whichever is earlier; ``None`` where neither is known.
        """
        day = deal.close_on
        end = None if day is None else self._end(day)
        rows, stage = self.histories.get(deal.id), self.stages.get((deal.pipeline, deal.stage))
        told = since_when(self.stages, rows, stage.category) if rows and stage else None
        if end is None or told is None:
            return end or told
        return min(end, told)

    def _end(self, day: date) -> datetime | None:
        """The last moment of a day in the model's time zone; ``None`` at the edges of time."""
        if day not in self._ends:
            last = None if day in _EDGES else datetime.combine(day, time.max, self.zone)
            self._ends[day] = None if last is None else last.astimezone(UTC)
        return self._ends[day]


def present(material: Material, model: Model) -> Journeys:
    """The journeys as they are known now; a way to arrange material by a model."""
    name = model.calendar.time_zone
    return Journeys(
        all=material.arranged(all_touches),
        histories=material.arranged(all_histories),
        people=_people(material.all(OpportunityContactRole)),
        leads=material.arranged(all_leads),
        stages=stages_of(model),
        zone=UTC if name == "UTC" else ZoneInfo(name),
    )


def _people(roles: Iterable[OpportunityContactRole]) -> dict[str, list[Ref[Any]]]:
    found: dict[str, list[Ref[Any]]] = defaultdict(list)
    for role in roles:
        found[role.opportunity_id].append(Ref("contact", role.contact_id))
    return found


def all_leads(material: Material) -> Mapping[str, Lead]:
    """The leads by id; a way to arrange material."""
    return {one.id: one for one in material.all(Lead)}


def person_of(lead_id: str, leads: Mapping[str, Lead]) -> list[Ref[Any]]:
    """A lead, and the contact that it became, to whom its touches may have moved."""
    lead = leads.get(lead_id)
    refs: list[Ref[Any]] = [Ref("lead", lead_id)]
    if lead is not None and lead.converted_contact_id is not None:
        refs.append(Ref("contact", lead.converted_contact_id))
    return refs


def until(touches: Sequence[Touch], moment: datetime | None) -> Sequence[Touch]:
    """The touches up to a moment, itself included (``None``: all of them); they are in order."""
    if moment is None or not touches or touches[-1].at <= moment:
        return touches
    return touches[: bisect_right(touches, moment, key=_at)]


def failures(scene: Scene, journeys: Journeys) -> Iterable[Sequence[Touch]]:
    """The touches that led to nothing: of lost deals, and of unqualified leads without a deal."""
    with_deal = {deal.lead_id for deal in scene.deals}
    for (pipeline, stage), deals in scene.by_stage().items():
        found = scene.stages.get((pipeline, stage))
        if found is not None and found.category is StageCategory.LOST:
            yield from map(journeys.touches, deals)
    unqualified = {
        one.key
        for one in scene.context.model.lead_statuses
        if one.category is LeadCategory.UNQUALIFIED
    }
    for lead in scene.all_known(Lead):
        if lead.status in unqualified and lead.id not in with_deal:
            yield journeys.of_person(Ref("lead", lead.id))
