import sys
from decimal import Decimal
from pathlib import Path

import pytest

from crmcore.errors import UsageError
from crmcore.reports import charts


def test_a_page_works_without_a_network(tmp_path: Path) -> None:
    figure = charts.bars("Sales", [("2026-01", None, Decimal(3), 2)], axis="EUR")
    path = tmp_path / "sales.html"
    figure.write_html(path)
    page = path.read_text(encoding="utf-8")
    assert "<script src=" not in page.replace("'", '"')
    assert "Plotly.newPlot" in page


def test_bars_are_stacked_by_group_and_a_month_is_a_name() -> None:
    bars = [
        ("2026-01", "Ann", Decimal(3), 2),
        ("2026-01", "Bob", None, None),
        ("2026-02", "Ann", Decimal("1.5"), 1),
    ]
    figure = charts.bars("Sales", bars, axis="EUR")
    assert [(one.name, one.x, one.y) for one in figure.data] == [
        ("Ann", ("2026-01", "2026-02"), (3.0, 1.5)),
        ("Bob", ("2026-01",), (None,)),
    ]
    assert figure.data[0].text == ("n=2", "n=1")
    assert figure.layout.xaxis.type == "category"
    assert figure.layout.barmode == "stack"


def test_a_funnel_has_its_steps_in_order() -> None:
    (trace,) = charts.funnel("Funnel", [("first", 10), ("won", 4)]).data
    assert (trace.y, trace.x) == (("first", "won"), (10, 4))


def test_shares_leave_out_what_is_not_above_zero() -> None:
    (trace,) = charts.shares("Who", [("web", Decimal(3)), ("fair", Decimal(0))]).data
    assert (trace.labels, trace.values) == (("web",), (3.0,))


def test_a_box_is_as_large_as_its_own_value_and_those_in_it() -> None:
    boxes = [
        ("a", "", "Acme", Decimal(2)),
        ("b", "a", "France", Decimal(5)),
        ("c", "b", "Paris", Decimal(-1)),
    ]
    (trace,) = charts.treemap("Open", boxes, unit="EUR").data
    assert trace.values == (7.0, 5.0, 0.0)
    assert trace.labels[0] == "Acme: 7 EUR"


def test_without_plotly_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(UsageError, match=r"pip install 'crmcore\[plot\]'"):
        charts.funnel("Funnel", [])
