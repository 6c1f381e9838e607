"""Activity report: what each user did, has to do and has left undone, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Any

from attrs import field, frozen

from crmcore import render
from crmcore.entities import Activity, Lead, Opportunity, OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.entities.record import Record
from crmcore.errors import UsageError
from crmcore.findings import Findings
from crmcore.model.pipeline import StageCategory
from crmcore.query import ALL, matches, read_filter
from crmcore.reports import charts
from crmcore.reports.attribution.journey import person_of
from crmcore.reports.funnel import begun
from crmcore.reports.grouping import Group, Grouping, group_cells
from crmcore.reports.known import moment_of
from crmcore.reports.material import Material
from crmcore.reports.periods import Every, Period, period_of
from crmcore.reports.scene import EVERYTHING, Asked, Scene, all_findings, ids_of, prepare
from crmcore.reports.share import Share, Spread, days
from crmcore.reports.shown import page_html, page_text
from crmcore.rules.rule import Context
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ref import Ref

PEOPLE = ("owner", "manager", "team")
"""The groupings of this report: whose activities, leads and deals they are."""

MEETING = "meeting"
"""The kind of activity that counts as a meeting."""


@frozen(kw_only=True)
class ActivityLine:
    """What one user, team or manager did in one period, and what came of it.

    ``done`` are the activities done in the period, ``advanced`` the deals that came further in
    their pipeline in it and ``won`` those that came to a won stage, each by their owner of that
    moment. ``on_won`` are all activities done on the won ones up to the end of the period.
    ``responses`` are how long leads captured in the period waited for the first thing done with
    them, ``waiting`` those nobody has answered yet.

    ``overdue``, ``planned`` and ``without_next_step`` are of the day of the report, and in the
    last period only: open activities due before that day, the other open ones, and open deals with
    neither a next step nor an open activity.
    """

    group: Group
    period: Period
    done: tuple[Activity, ...] = field(eq=ids_of, repr=False)
    advanced: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    won: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    on_won: tuple[Activity, ...] = field(eq=ids_of, repr=False)
    responses: Spread
    answered: tuple[Lead, ...] = field(eq=ids_of, repr=False)
    waiting: tuple[Lead, ...] = field(eq=ids_of, repr=False)
    overdue: tuple[Activity, ...] = field(eq=ids_of, repr=False)
    planned: tuple[Activity, ...] = field(eq=ids_of, repr=False)
    without_next_step: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)

    @property
    def by_kind(self) -> Mapping[str, int]:
        """How many activities of each kind were done, the most frequent first, then by kind."""
        counted = Counter(one.kind for one in self.done)
        return FrozenMap(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    @property
    def meetings(self) -> tuple[Activity, ...]:
        """The meetings that were held."""
        return tuple(one for one in self.done if one.kind == MEETING)

    @property
    def activities_per_won_deal(self) -> Fraction | None:
        """How many activities a won deal took; ``None`` where none was won."""
        return Fraction(len(self.on_won), len(self.won)) if self.won else None

    @property
    def answer_rate(self) -> Share:
        """Leads answered of leads captured in the period."""
        return Share.of(len(self.answered), len(self.answered) + len(self.waiting))


@frozen(kw_only=True)
class ActivityReport:
    """What users did, as known at ``moment``: by group, then period; those without owner last."""

    moment: datetime
    every: Every
    by: str
    lines: tuple[ActivityLine, ...]
    findings: Findings = field(eq=False)

    def line(self, group: Any, day: date) -> ActivityLine:
        """The line of the group of this key and the period a day lies in.

        Raises ``KeyError`` where there is none.
        """
        for one in self.lines:
            if one.group.key == group and day in one.period:
                return one
        raise KeyError(group, day)

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each line, of plain values; ``kind_...`` counts a kind of activity."""
        kinds = sorted({kind for one in self.lines for kind in one.by_kind})
        return tuple(
            {
                **group_cells(self.by, one.group),
                "start": one.period.start,
                "end": one.period.end,
                "done": len(one.done),
                **{f"kind_{kind}": one.by_kind.get(kind, 0) for kind in kinds},
                "meetings": len(one.meetings),
                "advanced": len(one.advanced),
                "won": len(one.won),
                "activities_per_won_deal": one.activities_per_won_deal,
                "median_response": one.responses.median,
                "answered": len(one.answered),
                "waiting": len(one.waiting),
                "overdue": len(one.overdue),
                "planned": len(one.planned),
                "without_next_step": len(one.without_next_step),
            }
            for one in self.lines
        )

    def plot(self) -> Any:
        """What was done by period, stacked by user, as a figure of plotly (the extra ``plot``)."""
        found = [
            (str(one.period), one.group.label, Decimal(len(one.done)), None) for one in self.lines
        ]
        return charts.bars(self._title(), found, axis="activities done")

    def _title(self) -> str:
        return f"Activities by {self.by} and {self.every}, as of {render.plain(self.moment)}"

    def _table(self) -> tuple[list[tuple[Any, ...]], list[str]]:
        rows = [
            (
                one.group.label,
                str(one.period),
                f"{len(one.done):,}",
                ", ".join(f"{kind} {n:,}" for kind, n in one.by_kind.items()) or None,
                f"{len(one.advanced):,}",
                f"{len(one.won):,}",
                _decimals(one.activities_per_won_deal),
                days(one.responses.median),
                str(one.answer_rate),
                f"{len(one.overdue):,}",
                f"{len(one.without_next_step):,}",
            )
            for one in self.lines
        ]
        columns = [self.by, "period", "done", "by kind", "advanced", "won", "per won deal"]
        return rows, [*columns, "first response", "leads answered", "overdue", "no next step"]

    def __str__(self) -> str:
        return page_text(self._title(), [self._table()], self.findings)

    def _repr_html_(self) -> str:
        return page_html(self._title(), [self._table()], self.findings)


def _decimals(value: Fraction | None) -> str:
    return render.ABSENT if value is None else f"{float(value):,.1f}"


def activity_report(
    records: Iterable[Record] | Material,
    *,
    context: Context,
    asked: Asked = EVERYTHING,
    every: Every = Every.MONTH,
    since: date | None = None,
) -> ActivityReport:
    """What users did, from the period that ``since`` lies in to that of the day of the report.

    ``since`` ``None`` is the day of the report. ``asked.where`` speaks of activities, ``asked.by``
    is ``"owner"`` (and so where it is ``None``), ``"manager"`` or ``"team"``. It needs activities,
    leads, users, and deals with their history. Whether something was open at a moment in the past
    is told by when it was made and done.
    """
    by = "owner" if asked.by is None else asked.by
    if by not in PEOPLE:
        raise UsageError("activities are told by user", by, f"use one of {', '.join(PEOPLE)}")
    scene = prepare(records, Asked(by=by, as_of=asked.as_of), context, about=Activity)
    calendar = context.model.calendar
    last = period_of(scene.day, every, calendar)
    first = period_of(since or scene.day, every, calendar)
    periods = [first]
    while periods[-1].end < last.start:
        periods.append(period_of(periods[-1].end + timedelta(days=1), every, calendar))
    where = read_filter(asked.where, Activity, context.model)
    activities = [one for one in scene.all_known(Activity) if where == ALL or matches(where, one)]
    way = scene.grouping or Grouping(name="owner", key_of=attrgetter("owner_id"))
    desk = _Desk(scene=scene, every=every, activities=activities, rows_of=scene.rows(), way=way)
    found = desk.everything()
    keys = {key for key, _ in found}
    groups = [desk.way.group(key) for key in sorted(keys, key=lambda key: (key is None, str(key)))]
    return ActivityReport(
        moment=scene.moment,
        every=every,
        by=desk.way.name,
        lines=tuple(
            desk.line(group, period, found.get((group.key, period), {}), is_last=period == last)
            for group in groups
            for period in periods
        ),
        findings=all_findings(scene),
    )


Found = dict[tuple[Any, Period], dict[str, list[Any]]]
"""What counts in each line: records and durations, by what they count for."""


@frozen(kw_only=True, eq=False)
class _Desk:
    scene: Scene
    every: Every
    activities: Sequence[Activity]
    rows_of: Mapping[str, Sequence[OpportunityChange]]
    way: Grouping

    def period(self, moment: datetime) -> Period:
        calendar = self.scene.context.model.calendar
        return period_of(calendar.today(moment), self.every, calendar)

    def now(self) -> Period:
        return self.period(self.scene.moment)

    def everything(self) -> Found:
        """What counts, for all groups and periods."""
        found: Found = {}

        def count(what: str, owner: Any, period: Period, one: Any) -> None:
            found.setdefault((self.way.key_of(owner), period), {}).setdefault(what, []).append(one)

        for one in self.activities:
            self._activity(one, count)
        self._deals(count)
        self._leads(count)
        return found

    def _activity(self, one: Activity, count: Callable[..., None]) -> None:
        moment = self.scene.moment
        if one.done_at is not None and one.done_at <= moment:
            count("done", one, self.period(one.done_at), one)
            return
        late = one.due_on is not None and one.due_on < self.scene.day
        count("overdue" if late else "planned", one, self.now(), one)

    def _deals(self, count: Callable[..., None]) -> None:
        scene = self.scene
        planned: set[str] = set()
        done_on: dict[str, list[Activity]] = {}
        for one in scene.all_known(Activity):
            if one.about is not None and one.about.kind == "opportunity":
                if one.done_at is None or one.done_at > scene.moment:
                    planned.add(one.about.id)
                else:
                    done_on.setdefault(one.about.id, []).append(one)
        for deal in scene.deals:
            is_open = scene.category(deal) is StageCategory.OPEN
            if is_open and not deal.next_step and deal.id not in planned:
                count("without_next_step", deal, self.now(), deal)
            rows = self.rows_of.get(deal.id, ())
            for period, (owner, won) in self._moves(rows).items():
                count("advanced", owner, period, deal)
                if won:
                    count("won", owner, period, deal)
                    for one in done_on.get(deal.id, ()):
                        if self.period(one.done_at or scene.moment).start <= period.start:
                            count("on_won", owner, period, one)

    def _moves(self, rows: Sequence[OpportunityChange]) -> dict[Period, tuple[DealState, bool]]:
        """The periods in which a deal came further, its last state in each, and whether it won."""
        found: dict[Period, tuple[DealState, bool]] = {}
        for row in rows[begun(rows) :]:
            if row.after is None or row.before is None or not self._is_further(row):
                continue
            period = self.period(moment_of(row))
            stage = self.scene.stages[row.after.pipeline, row.after.stage]
            won = stage.category is StageCategory.WON
            found[period] = (row.after, won or (period in found and found[period][1]))
        return found

    def _is_further(self, row: OpportunityChange) -> bool:
        before, after = row.before, row.after
        if before is None or after is None or before.pipeline != after.pipeline:
            return False
        return self._level(after) > self._level(before)

    def _level(self, state: DealState) -> int:
        """The place of a stage among the open ones of its pipeline; won beyond, lost before all."""
        stage = self.scene.stages.get((state.pipeline, state.stage))
        if stage is None or stage.category is StageCategory.LOST:
            return -1
        line = self.scene.context.model.pipeline(state.pipeline)
        if stage.category is StageCategory.WON:
            return len(line.stages)
        return line.stages.index(stage)

    def _leads(self, count: Callable[..., None]) -> None:
        scene = self.scene
        leads: dict[str, Lead] = {one.id: one for one in scene.all_known(Lead)}
        done: dict[Ref[Any], list[datetime]] = {}
        for one in scene.all_known(Activity):
            if one.who is not None and one.done_at is not None and one.done_at <= scene.moment:
                done.setdefault(one.who, []).append(one.done_at)
        for lead in leads.values():
            if lead.created_at is None:
                continue
            answers = [
                at
                for ref in person_of(lead.id, leads)
                for at in done.get(ref, ())
                if at >= lead.created_at
            ]
            period = self.period(lead.created_at)
            if answers:
                count("answered", lead, period, lead)
                count("responses", lead, period, min(answers) - lead.created_at)
            else:
                count("waiting", lead, period, lead)

    def line(
        self, group: Group, period: Period, found: Mapping[str, list[Any]], *, is_last: bool
    ) -> ActivityLine:
        """The line of a group and period, of what counts there."""
        kept = ("done", "advanced", "won", "on_won", "answered", "waiting")
        of_now = ("overdue", "planned", "without_next_step")
        names = (*kept, *of_now)
        values: dict[str, Any] = {
            name: tuple(found.get(name, ())) if name in kept or is_last else () for name in names
        }
        responses = Spread.of(found.get("responses", ()))
        return ActivityLine(group=group, period=period, responses=responses, **values)
