import sys
from decimal import Decimal
from pathlib import Path

import pytest

from crmcore.errors import UsageError
from crmcore.reports import charts
from crmcore.reports.share import Share


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
    assert trace.labels == (
        "Acme: 7 EUR",
        "France: 5 EUR",
        "Paris: 0 EUR",
        "Acme itself: 2 EUR",
        "France itself: 5 EUR",
    )
    assert trace.values == (7.0, 5.0, 0.0, 2.0, 5.0)
    assert trace.parents == ("", "a", "b", "a", "b")
    assert len(set(trace.ids)) == 5


def test_a_rate_has_its_n_and_the_interval_around_it() -> None:
    (trace,) = charts.rates(
        "Odds", [("first", Share.of(3, 4)), ("last", Share.of(0, 0))], axis="won"
    ).data
    assert trace.x == ("first<br>75.0 % (n=4)", "last<br>– (n=0)")
    assert trace.y == (0.75, None)
    low, high = Share.of(3, 4).interval or (0, 0)
    assert trace.error_y.array == (high - 0.75, 0.0)
    assert trace.error_y.arrayminus == (0.75 - low, 0.0)


def test_a_period_breaks_into_two_lines() -> None:
    (trace,) = charts.bars("Won", [("2026-01 to 2026-03", None, Decimal(1), 1)], axis="EUR").data
    assert trace.x == ("2026-01<br>to 2026-03",)


def test_without_plotly_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(UsageError, match=r"pip install 'crmcore\[plot\]'"):
        charts.funnel("Funnel", [])
