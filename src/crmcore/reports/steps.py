"""Step: how many of a cohort got this far, and how many of those went on; and the whole funnel.

A funnel follows a cohort: whoever reached a step has reached all before it, a step back takes
nothing away, and those who are lost stay in the whole (law P4). Whoever is still on the way is no
failure: each rate is given *so far* and for those *resolved only* (law P5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from attrs import field, frozen

from crmcore import render
from crmcore.entities.record import Record
from crmcore.findings import Findings
from crmcore.reports import charts
from crmcore.reports.grouping import Group, group_cells
from crmcore.reports.scene import ids_of
from crmcore.reports.share import Share, Spread, days
from crmcore.reports.shown import Table, page_html, page_text


@frozen(eq=False)
class Tally:
    """How far the records of a cohort got, collected one by one.

    ``under_way`` and ``resolved`` have them by the number of the last step they reached, from 0.
    ``times`` are how long it took from a step that one was at to any later one, by the number of
    the step.
    """

    under_way: list[list[Record]]
    resolved: list[list[Record]]
    times: list[list[timedelta]]

    @classmethod
    def of(cls, steps: int) -> Tally:
        """A tally for so many steps, with nobody in it."""
        return cls(
            [[] for _ in range(steps)], [[] for _ in range(steps)], [[] for _ in range(steps)]
        )


@frozen(kw_only=True)
class Step:
    """A step of a funnel: the ``records`` that reached it, and those ``resolved`` among them.

    ``onward`` is the share of them that reached the next step so far, ``onward_resolved`` the same
    among those resolved; ``None`` at the last step. ``time`` is how long it took, of those who were
    at this step and got further, from their first coming to it to their first being further.
    """

    key: str | None
    label: str = field(eq=False)
    records: tuple[Record, ...] = field(eq=ids_of, repr=False)
    resolved: tuple[Record, ...] = field(eq=ids_of, repr=False)
    onward: Share | None
    onward_resolved: Share | None
    time: Spread

    @property
    def count(self) -> int:
        """How many reached it."""
        return len(self.records)


@frozen
class LossReason:
    """Why the ``records`` were lost (``None``: no reason given), as a share of all lost ones."""

    reason: str | None
    records: tuple[Record, ...] = field(eq=ids_of, repr=False)
    share: Share


@frozen(kw_only=True)
class Funnel:
    """The funnel of one cohort, such as the deals of a group in one pipeline.

    ``overall`` is the share of the cohort that reached the last step so far, ``win_rate`` the same
    among those resolved. ``value_win_rate`` is that of their amounts (``None``: they have none).
    """

    group: Group | None = None
    pipeline: str | None = None
    label: str = field(default="", eq=False)
    steps: tuple[Step, ...]
    lost: tuple[Record, ...] = field(eq=ids_of, repr=False)
    overall: Share
    win_rate: Share
    value_win_rate: Share | None = None
    loss_reasons: tuple[LossReason, ...] = ()

    @property
    def cohort(self) -> tuple[Record, ...]:
        """Everyone it follows."""
        return self.steps[0].records

    @property
    def won(self) -> tuple[Record, ...]:
        """Those who reached the last step."""
        return self.steps[-1].records

    @property
    def unresolved(self) -> int:
        """How many are still on the way."""
        return len(self.cohort) - len(self.steps[0].resolved)


@frozen(kw_only=True)
class FunnelReport:
    """The funnels of those created from ``since`` to ``until``, both included, as of ``moment``.

    ``None`` as a bound: no bound. One funnel for each group and pipeline that has records.
    """

    about: str
    moment: datetime
    since: date | None
    until: date | None
    by: str | None
    funnels: tuple[Funnel, ...]
    findings: Findings = field(eq=False)

    def funnel(self, group: Any = None, pipeline: str | None = None) -> Funnel:
        """The funnel of the group of this key; raises ``KeyError`` where there is none."""
        for one in self.funnels:
            key = None if one.group is None else one.group.key
            if key == group and pipeline in {None, one.pipeline}:
                return one
        raise KeyError(group)

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each step of each funnel, of plain values; rates are shares of 1."""
        return tuple(
            {
                **group_cells(self.by, funnel.group),
                "pipeline": funnel.pipeline,
                "step": step.key,
                "reached": step.count,
                "resolved": len(step.resolved),
                "onward": step.onward and step.onward.value,
                "onward_resolved": step.onward_resolved and step.onward_resolved.value,
                "median_time": step.time.median,
                "timed": step.time.n,
            }
            for funnel in self.funnels
            for step in funnel.steps
        )

    def plot(self, group: Any = None, pipeline: str | None = None) -> Any:
        """One funnel as a figure of plotly (the extra ``plot``): the first unless named."""
        named = group is not None or pipeline is not None
        one = self.funnel(group, pipeline) if named else self.funnels[0]
        steps = [(step.label, step.count) for step in one.steps]
        return charts.funnel(f"{self._title()} {_heading(one)}".strip(), steps)

    def _title(self) -> str:
        window = [
            f"{word} {day}" for word, day in (("from", self.since), ("to", self.until)) if day
        ]
        created = f", created {' '.join(window)}" if window else ""
        return f"Funnel of {self.about}{created}, as of {render.plain(self.moment)}"

    def _tables(self) -> list[Table]:
        return [table for one in self.funnels for table in _tables(one)]

    def __str__(self) -> str:
        return page_text(self._title(), self._tables(), self.findings)

    def _repr_html_(self) -> str:
        return page_html(self._title(), self._tables(), self.findings)


def _heading(funnel: Funnel) -> str:
    return " ".join(part for part in (str(funnel.group or ""), funnel.label) if part)


def _tables(funnel: Funnel) -> Iterable[Table]:
    steps = [
        (
            step.label,
            f"{step.count:,}",
            step.onward and str(step.onward),
            step.onward_resolved and str(step.onward_resolved),
            days(step.time.median),
            f"{step.time.n:,}",
        )
        for step in funnel.steps
    ]
    ends = [
        ("all steps", "", str(funnel.overall), str(funnel.win_rate), "", ""),
    ]
    first = _heading(funnel) or "step"
    columns = (first, "reached", "onward so far", "resolved only", "median time", "n")
    yield [*steps, *ends], columns
    if funnel.loss_reasons:
        rows = [
            (one.reason, f"{len(one.records):,}", str(one.share)) for one in funnel.loss_reasons
        ]
        yield rows, ("lost because of", "deals", "share of lost")


def steps_of(names: Sequence[tuple[str | None, str]], tally: Tally) -> tuple[Step, ...]:
    """The steps of these names (key and label), from how far each record got."""
    steps: list[Step] = []
    records: list[Record] = []
    resolved: list[Record] = []
    for at in range(len(names) - 1, -1, -1):
        here = [*records, *tally.under_way[at], *tally.resolved[at]]
        done = [*resolved, *tally.resolved[at]]
        is_last = at == len(names) - 1
        steps.append(
            Step(
                key=names[at][0],
                label=names[at][1],
                records=tuple(here),
                resolved=tuple(done),
                onward=None if is_last else Share.of(len(records), len(here)),
                onward_resolved=None if is_last else Share.of(len(resolved), len(done)),
                time=Spread.of(tally.times[at]),
            )
        )
        records, resolved = here, done
    return tuple(reversed(steps))
