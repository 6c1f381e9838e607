"""Charts: the figures of reports as pictures, drawn by plotly (the extra ``plot``).

A figure shows itself in a notebook, and ``figure.write_html("report.html")`` writes a page that
works without a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from crmcore.errors import UsageError
from crmcore.reports.share import Share

if TYPE_CHECKING:
    from types import ModuleType

Bar: TypeAlias = tuple[str, str | None, Decimal | None, int | None]
"""The name of a bar, the group it belongs to, its value, and how many records it rests on."""

COLOURS = ("#2f5d8a", "#d98032", "#4f8f5b", "#a8423f", "#7a5c99", "#8a6d3b", "#3d8f9c", "#777777")
"""Told apart by people who see red and green alike, and in grey."""


def plotly() -> ModuleType:
    """The figures of plotly; raises ``UsageError`` with the way out where it is not installed."""
    try:
        return import_module("plotly.graph_objects")
    except ImportError:
        raise UsageError("a chart needs plotly", "plot", "pip install 'crmcore[plot]'") from None


def _finished(figure: Any, title: str, **layout: Any) -> Any:
    figure.update_layout(
        title=title,
        template="plotly_white",
        colorway=list(COLOURS),
        font={"size": 14},
        margin={"l": 60, "r": 30, "t": 70, "b": 60},
        **layout,
    )
    return figure


def bars(title: str, found: Iterable[Bar], *, axis: str, mode: str = "stack") -> Any:
    """A bar for each name, its groups stacked or (``mode="group"``) side by side."""
    go = plotly()
    by_group: dict[str | None, list[Bar]] = {}
    for bar in found:
        by_group.setdefault(bar[1], []).append(bar)
    traces = [
        go.Bar(
            name=group or "",
            x=[name.replace(" to ", "<br>to ") for name, _, _, _ in some],
            y=[None if value is None else float(value) for _, _, value, _ in some],
            text=["" if n is None else f"n={n:,}" for _, _, _, n in some],
            textposition="auto",
        )
        for group, some in by_group.items()
    ]
    return _finished(
        go.Figure(traces),
        title,
        barmode=mode,
        showlegend=len(by_group) > 1,
        xaxis={"type": "category"},  # a month is a name here, not a moment
        yaxis={"title": axis},
    )


def rates(title: str, found: Sequence[tuple[str, Share]], *, axis: str) -> Any:
    """A bar for each share of records, with its n and the interval in which the true one lies."""
    go = plotly()
    bounds = [share.interval or (0.0, 0.0) for _, share in found]
    values = [0.0 if share.value is None else float(share.value) for _, share in found]
    trace = go.Bar(
        x=[f"{name}<br>{share}" for name, share in found],
        y=[None if share.value is None else float(share.value) for _, share in found],
        error_y={
            "array": [high - value for (_, high), value in zip(bounds, values, strict=True)],
            "arrayminus": [value - low for (low, _), value in zip(bounds, values, strict=True)],
        },
    )
    return _finished(
        go.Figure([trace]),
        title,
        xaxis={"type": "category"},
        yaxis={"title": axis, "tickformat": ".0%", "range": [0, 1.02]},
    )


def funnel(title: str, steps: Sequence[tuple[str, int]], *, group: str = "") -> Any:
    """A funnel: the steps from the first to the last, with the share of the first at each."""
    go = plotly()
    trace = go.Funnel(
        name=group,
        y=[name for name, _ in steps],
        x=[count for _, count in steps],
        textinfo="value+percent initial+percent previous",
        marker={"color": [COLOURS[0]] * len(steps)},
    )
    return _finished(go.Figure([trace]), title)


def shares(title: str, found: Iterable[tuple[str, Decimal]]) -> Any:
    """Shares of a whole, as a ring, in the order given; what is not above zero is left out."""
    go = plotly()
    some = [(name, value) for name, value in found if value > 0]
    trace = go.Pie(
        labels=[name for name, _ in some],
        values=[float(value) for _, value in some],
        hole=0.45,
        sort=False,
        direction="clockwise",
        textinfo="label+percent",
        marker={"colors": [COLOURS[at % len(COLOURS)] for at in range(len(some))]},
    )
    return _finished(go.Figure([trace]), title)


def treemap(title: str, boxes: Sequence[tuple[str, str, str, Decimal]], *, unit: str) -> Any:
    """Boxes in boxes: ``(id, id of the box around it or "", name, value of its own)``.

    The box around others comes before them. A box is as large as its own value and those in it;
    beside others its own value has a box of its own.
    """
    go = plotly()
    around = {parent for _, parent, _, _ in boxes}
    own = [
        (f"{id_}/", id_, f"{name} itself", value)
        for id_, _, name, value in boxes
        if id_ in around and value > 0
    ]
    apart = {parent for _, parent, _, _ in own}
    boxes = [
        *((*box[:3], Decimal(0)) if box[0] in apart else box for box in boxes),
        *own,
    ]
    totals = {id_: max(value, Decimal(0)) for id_, _, _, value in boxes}
    for id_, parent, _, _ in reversed(boxes):
        if parent:
            totals[parent] += totals[id_]
    trace = go.Treemap(
        ids=[id_ for id_, _, _, _ in boxes],
        parents=[parent for _, parent, _, _ in boxes],
        labels=[f"{name}: {totals[id_]:,.0f} {unit}" for id_, _, name, _ in boxes],
        values=[float(totals[id_]) for id_, _, _, _ in boxes],
        branchvalues="total",
        textinfo="label",
        marker={"colorscale": [[0, "#dbe7f2"], [1, COLOURS[0]]], "showscale": False},
    )
    return _finished(go.Figure([trace]), title)
