"""Scene: what every report starts from: the deals asked about, as known at the moment asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmcore.entities import ExchangeRate, Opportunity, OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.entities.record import Record
from crmcore.errors import UsageError
from crmcore.findings import Finding, Findings, remark, warning
from crmcore.model.describe import parts
from crmcore.model.model import Model
from crmcore.model.pipeline import Stage, StageCategory
from crmcore.query import ALL, Filter, matches, paths, read_filter
from crmcore.reports.grouping import By, Group, Grouping, grouping, present_only
from crmcore.reports.known import Histories, KnownDeals, all_histories, histories, known_deals
from crmcore.reports.material import Material
from crmcore.reports.worth import Exchange
from crmcore.rules.rollup import Rates
from crmcore.rules.rule import Context
from crmcore.values.currency import check_currency_code

R = TypeVar("R", bound=Record)


@frozen(kw_only=True)
class Asked:
    """How a report is asked for.

    ``where`` says which records it is about, ``by`` how they are grouped, ``as_of`` the moment as
    of which it is made (a date: its end in the model's time zone; ``None``: now), ``currency`` the
    currency of its amounts (``None``: the model's).
    """

    where: Filter = ALL
    by: By = None
    as_of: datetime | date | None = None
    currency: str | None = None


EVERYTHING = Asked()
"""About everything there is, now, in the model's currency."""


Stages: TypeAlias = Mapping[tuple[str, str], Stage]
"""The stages of a model, by the keys of their pipeline and their own, in the model's order."""


def stages_of(model: Model) -> Stages:
    """The stages of all pipelines of a model."""
    return {(line.key, stage.key): stage for line in model.pipelines for stage in line.stages}


@frozen(kw_only=True, eq=False)
class Scene:
    """The deals of a report, as they were known at ``moment``, and what it reckons with.

    ``day`` is the calendar date of the moment in the model's time zone.
    """

    context: Context
    material: Material
    moment: datetime
    day: date
    is_past: bool
    deals: tuple[Opportunity, ...]
    exchange: Exchange
    grouping: Grouping | None
    findings: tuple[Finding, ...]
    stages: Stages = field(factory=dict)

    @property
    def currency(self) -> str:
        """The currency of the report."""
        return self.exchange.currency

    def category(self, deal: Opportunity) -> StageCategory | None:
        """What the stage of a deal means; ``None`` for a stage that the model lacks."""
        stage = self.stages.get((deal.pipeline, deal.stage))
        return None if stage is None else stage.category

    def is_closed(self, deal: Opportunity) -> bool:
        """Whether the deal is won or lost."""
        return self.category(deal) in {StageCategory.WON, StageCategory.LOST}

    def by_stage(self) -> StageDeals:
        """The deals by pipeline and stage."""
        if self.deals is self.material.all(Opportunity):
            return self.material.arranged(all_by_stage)
        return by_stage(self.deals)

    def groups(self, records: Iterable[R]) -> list[tuple[Group | None, tuple[R, ...]]]:
        """The records by group; all of them in one, ``None``, where nothing is grouped."""
        if self.grouping is None:
            return [(None, tuple(records))]
        return [*self.grouping.split(records)]

    @property
    def by(self) -> str | None:
        """The name of the grouping; ``None`` where nothing is grouped."""
        return None if self.grouping is None else self.grouping.name

    def all_known(self, entity: type[R]) -> tuple[R, ...]:
        """The records of an entity that were there at the moment, by id."""
        return tuple(sorted(self.known(self.material.all(entity)), key=lambda one: one.id))

    def known(self, records: Iterable[R]) -> list[R]:
        """Those of these records that were there at the moment."""
        return [one for one in records if not (one.created_at and one.created_at > self.moment)]

    def rows(self) -> Histories:
        """The history of each deal up to the moment, the earliest row first."""
        if not self.is_past:
            return self.material.arranged(all_histories)
        rows = self.material.all(OpportunityChange)
        moment = self.moment
        return histories([row for row in rows if not (row.at or row.created_at or moment) > moment])


def moment_asked(as_of: datetime | date | None, context: Context) -> datetime:
    """The moment that ``as_of`` means; raises ``UsageError`` for the future and without zone."""
    if as_of is None:
        return context.now
    if not isinstance(as_of, datetime):
        if not isinstance(as_of, date):
            raise UsageError("as_of is a date or a moment", as_of, "pass a date")
        if as_of > context.today:
            raise UsageError("nothing is known of the future", as_of, "pass an earlier day")
        zone = ZoneInfo(context.model.calendar.time_zone)
        following = as_of + timedelta(days=1) if as_of < date.max else as_of
        end = datetime.combine(following, time(), zone) - timedelta(microseconds=1)
        return min(end.astimezone(context.now.tzinfo), context.now)
    if as_of.tzinfo is None:
        raise UsageError("as_of needs a time zone", as_of, "pass tzinfo=UTC, or a date")
    if as_of > context.now:
        raise UsageError("nothing is known of the future", as_of, "pass an earlier moment")
    return as_of


def prepare(
    records: Iterable[Record] | Material,
    asked: Asked,
    context: Context,
    *,
    about: type[Record] = Opportunity,
) -> Scene:
    """The scene of a report; ``about`` is the entity that its filter and grouping speak of.

    Raises ``UsageError`` and ``UnknownNameError`` for a question that means nothing.
    """
    material = Material.of(records)
    moment = moment_asked(asked.as_of, context)
    where = read_filter(asked.where, about, context.model)
    way = grouping(asked.by, about, material=material, context=context)
    is_past = moment < context.now
    known = _known(material, moment, is_past=is_past)
    deals = known.deals
    if about is Opportunity and where != ALL:
        deals = tuple(deal for deal in deals if matches(where, deal))
    currency = asked.currency or context.model.currency
    check_currency_code(currency)
    day = context.model.calendar.today(moment)
    return Scene(
        context=context,
        material=material,
        moment=moment,
        day=day,
        is_past=is_past,
        deals=deals,
        exchange=Exchange(currency, _rates(material, moment), day),
        grouping=way,
        findings=(*known.findings, *(_present(where, way) if is_past else ())),
        stages=stages_of(context.model),
    )


def _rates(material: Material, moment: datetime) -> Rates:
    """The exchange rates that had been entered by a moment."""
    return Rates.of(
        one
        for one in material.all(ExchangeRate)
        if not (one.created_at and one.created_at > moment)
    )


def _known(material: Material, moment: datetime, *, is_past: bool) -> KnownDeals:
    deals = material.all(Opportunity)
    if not is_past:
        return KnownDeals(deals)
    rows = material.arranged(all_histories)
    return known_deals(deals, rows, moment)


def _present(where: Filter, way: Grouping | None) -> list[Finding]:
    """What the question rests on without a history of its own."""
    kept = {*parts(DealState), "id", "created_at"}
    found = {".".join(path.steps) for path in paths(where) if path.steps[0] not in kept}
    if way is not None and present_only(way, kept):
        found.add(way.name)
    return [
        remark(
            "report.present_value",
            "no history is kept of this: its present value is taken",
            path=name,
            suggestion="ask crm.as_of(moment), where the repository keeps a journal",
        )
        for name in sorted(found)
    ]


StageDeals: TypeAlias = Mapping[tuple[str, str], Sequence[Opportunity]]
"""Deals by the keys of their pipeline and stage."""

_pipeline = attrgetter("pipeline")


def by_stage(deals: Iterable[Opportunity]) -> StageDeals:
    """The deals of each stage, in the order given."""
    stages: dict[str, list[Opportunity]] = defaultdict(list)
    for deal in deals:
        stages[deal.stage].append(deal)
    found: dict[tuple[str, str], list[Opportunity]] = {}
    for stage, some in stages.items():
        lines = set(map(_pipeline, some))
        if len(lines) == 1:
            found[lines.pop(), stage] = some
        else:
            for deal in some:
                found.setdefault((deal.pipeline, stage), []).append(deal)
    return found


def all_by_stage(material: Material) -> StageDeals:
    """Every deal by stage, as it stands; a way to arrange material."""
    return by_stage(material.all(Opportunity))


def stage_findings(scene: Scene, stages: StageDeals) -> list[Finding]:
    """A finding for each stage that deals name and the model lacks; nothing is guessed of them."""
    return [
        warning(
            "report.unknown_stage",
            f"{len(stages[key])} deals are in a stage that the model lacks, and so in no category",
            path="stage",
            value="/".join(key),
            suggestion="bring the stage back, or move the deals",
        )
        for key in sorted(stages.keys() - scene.stages.keys())
    ]


def all_findings(scene: Scene, *more: Iterable[Finding]) -> Findings:
    """What was found while a report was made, that of the scene first."""
    return Findings([*scene.findings, *(one for group in more for one in group)])


def ids_of(records: Iterable[Any]) -> tuple[str, ...]:
    """The sorted ids of records: by these, and nothing else, two reports are compared."""
    return tuple(sorted(one.id for one in records))
