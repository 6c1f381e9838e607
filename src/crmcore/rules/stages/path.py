"""Path: where a deal has been and for how long, read from its history; and sales velocity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from attrs import frozen

from crmcore import render
from crmcore.entities.ledger import OpportunityChange
from crmcore.entities.opportunity import Opportunity
from crmcore.model.model import Model
from crmcore.model.pipeline import StageCategory
from crmcore.rules.stages.history import in_order
from crmcore.values.money import Money


@frozen(kw_only=True)
class Stay:
    """One stay in a stage: ``left_at`` is ``None`` while it lasts, ``duration`` what it has so far.

    A change of the amount or the owner does not end it.
    """

    pipeline: str
    stage: str
    entered_at: datetime
    left_at: datetime | None
    duration: timedelta


@frozen(kw_only=True)
class DealPath:
    """Where one deal has been, in order.

    ``started_at`` is the moment it was made (``None``: its history does not go back that far) and
    ``ended_at`` that of its deletion (``None``: it is there). ``age`` runs from the start to the
    end or to the moment asked; the durations of the stays add up to it (law P3). ``closed_at`` is
    when it entered the closed stage it is in (``None``: it is open). ``skipped`` has each open
    stage that a move forward passed over, ``returns`` each stage that was entered anew, in order.
    """

    opportunity_id: str
    stays: tuple[Stay, ...]
    started_at: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    age: timedelta | None
    skipped: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()

    @property
    def cycle(self) -> timedelta | None:
        """From the start to the close; ``None`` for an open deal, or where a moment is missing."""
        if self.started_at is None or self.closed_at is None:
            return None
        return self.closed_at - self.started_at

    def time_in(self, stage: str) -> timedelta:
        """How long it has been in a stage, over all of its stays there."""
        return sum((one.duration for one in self.stays if one.stage == stage), timedelta())

    def __str__(self) -> str:
        table = render.table(self._rows(), columns=_COLUMNS, right=_COLUMNS[3:])
        return f"{table}\n\n{render.key_values(self._facts())}"

    def _repr_html_(self) -> str:
        table = render.html_table(self._rows(), columns=_COLUMNS, right=_COLUMNS[3:])
        facts = render.html_table(self._facts(), columns=("figure", "value"))
        return render.html_section(f"Path of {self.opportunity_id}", table, facts)

    def _facts(self) -> list[tuple[str, str | None]]:
        return [
            ("age", None if self.age is None else f"{_days(self.age)} days"),
            ("cycle", None if self.cycle is None else f"{_days(self.cycle)} days"),
            ("skipped", ", ".join(self.skipped) or None),
            ("entered anew", ", ".join(self.returns) or None),
        ]

    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [
            (
                f"{one.pipeline}/{one.stage}",
                _day(one.entered_at),
                _day(one.left_at),
                _days(one.duration),
            )
            for one in self.stays
        ]


_COLUMNS = ("stage", "entered", "left", "days")


def _day(moment: datetime | None) -> str:
    return render.plain(moment)


def _days(duration: timedelta) -> str:
    return f"{duration / timedelta(days=1):,.1f}"


def deal_path(rows: Iterable[OpportunityChange], *, model: Model, now: datetime) -> DealPath:
    """Where one deal has been up to ``now``; ``rows`` is its history, in any order.

    Rows without a moment and those after ``now`` are left out. Nothing is invented: what was
    before the first row is not told. A deal deleted and made again under its id counts from then.
    """
    known = [one for one in in_order(rows) if one.at is not None and one.at <= now]
    births = [at for at, one in enumerate(known) if one.before is None]
    known = known[births[-1] :] if births else known
    stays = tuple(_stays(known, now))
    first, last = (known[0], known[-1]) if known else (None, None)
    ended = last.at if last is not None and last.after is None else None
    started = first.at if first is not None and first.before is None else None
    return DealPath(
        opportunity_id=first.opportunity_id if first is not None else "",
        stays=stays,
        started_at=started,
        ended_at=ended,
        closed_at=_closed_at(stays, model) if ended is None else None,
        age=None if started is None else (ended or now) - started,
        skipped=tuple(_skipped(stays, model)),
        returns=tuple(_returns(stays)),
    )


def _stays(rows: list[OpportunityChange], now: datetime) -> Iterator[Stay]:
    place: tuple[str, str] | None = None
    entered = now
    for row in rows:
        at = row.at or now
        after = None if row.after is None else (row.after.pipeline, row.after.stage)
        if after == place:
            continue
        if place is not None:
            yield _stay(place, entered, at, now)
        place, entered = after, at
    if place is not None:
        yield _stay(place, entered, None, now)


def _stay(place: tuple[str, str], entered: datetime, left: datetime | None, now: datetime) -> Stay:
    return Stay(
        pipeline=place[0],
        stage=place[1],
        entered_at=entered,
        left_at=left,
        duration=(left or now) - entered,
    )


def _closed_at(stays: tuple[Stay, ...], model: Model) -> datetime | None:
    if not stays:
        return None
    stage = model.stage_of(stays[-1].pipeline, stays[-1].stage)
    return stays[-1].entered_at if stage is not None and stage.is_closed else None


def _skipped(stays: tuple[Stay, ...], model: Model) -> Iterator[str]:
    """The open stages between the two ends of each move forward; going to lost skips nothing."""
    pipelines = {one.key: one for one in model.pipelines}
    for one, other in pairwise(stays):
        pipeline = pipelines.get(other.pipeline)
        if pipeline is None or one.pipeline != other.pipeline:
            continue
        start, end = pipeline.place(one.stage), pipeline.place(other.stage)
        if start is None or end is None:
            continue
        if pipeline.stages[end].category is StageCategory.LOST:
            continue
        between = pipeline.stages[start + 1 : end]
        yield from (stage.key for stage in between if not stage.is_closed)


def _returns(stays: tuple[Stay, ...]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for one in stays:
        if (one.pipeline, one.stage) in seen:
            yield one.stage
        seen.add((one.pipeline, one.stage))


@frozen(kw_only=True)
class Velocity:
    """How fast money comes in: open deals x win rate x average won amount / cycle in days.

    ``per_day`` and every part of it is ``None`` where it is not defined (law P10): ``win_rate``,
    from 0 to 1, without closed deals, ``average`` without won deals that have an amount, ``cycle``
    without won deals whose history is whole. ``left_out`` are deals that have another currency.
    """

    open: int
    won: int
    lost: int
    win_rate: Decimal | None
    average: Money | None
    cycle: timedelta | None
    per_day: Money | None
    left_out: int

    def __str__(self) -> str:
        return render.key_values(self._rows())

    def _repr_html_(self) -> str:
        return render.html_table(self._rows(), columns=("figure", "value"))

    def _rows(self) -> list[tuple[str, str]]:
        closed = self.won + self.lost
        rate = render.ABSENT if self.win_rate is None else f"{self.win_rate * 100:.1f} %"
        days = render.ABSENT if self.cycle is None else f"{self.cycle / timedelta(days=1):.1f} days"
        return [
            ("open deals", str(self.open)),
            ("win rate", f"{rate} (n={closed})"),
            ("average won amount", render.plain(self.average)),
            ("cycle", days),
            ("velocity per day", render.plain(self.per_day)),
            ("deals in other currencies", str(self.left_out)),
        ]


def velocity(deals: Iterable[Opportunity], paths: Iterable[DealPath], *, model: Model) -> Velocity:
    """Sales velocity in the model's currency, over these deals, whose paths are given too.

    The cycle is the mean over won deals, from the start to the close.
    """
    given = list(deals)
    mine = [one for one in given if one.amount is None or one.amount.currency == model.currency]
    groups: dict[StageCategory, list[Opportunity]] = {one: [] for one in StageCategory}
    for deal in mine:
        stage = model.stage_of(deal.pipeline, deal.stage)
        if stage is not None:
            groups[stage.category].append(deal)
    won, lost = groups[StageCategory.WON], groups[StageCategory.LOST]
    rate = Decimal(len(won)) / (len(won) + len(lost)) if won or lost else None
    amounts = [one.amount for one in won if one.amount is not None]
    mean = Money.total(amounts, model.currency) / len(amounts) if amounts else None
    cycle = _mean_cycle({one.id for one in won}, paths)
    per_day = None
    if rate is not None and mean is not None and cycle:
        days = Decimal(cycle // timedelta(microseconds=1)) / Decimal(86_400_000_000)
        per_day = mean * (len(groups[StageCategory.OPEN]) * rate / days)
    return Velocity(
        open=len(groups[StageCategory.OPEN]),
        won=len(won),
        lost=len(lost),
        win_rate=rate,
        average=None if mean is None else mean.rounded(),
        cycle=cycle,
        per_day=None if per_day is None else per_day.rounded(),
        left_out=len(given) - len(mine),
    )


def _mean_cycle(won: set[str], paths: Iterable[DealPath]) -> timedelta | None:
    cycles = [one.cycle for one in paths if one.opportunity_id in won]
    known = [one for one in cycles if one is not None]
    return sum(known, timedelta()) / len(known) if known else None
