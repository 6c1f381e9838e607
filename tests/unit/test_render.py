"""Rendering of plain values as text and HTML."""

import html.parser
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import render

Tree: TypeAlias = "tuple[str, list[Tree]]"

ACME: Tree = (
    "Acme",
    [("Acme Asia", [("Acme Japan", []), ("Acme Korea", [])]), ("Acme Europe", [])],
)
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.tuples(st.text(), st.just([])),
    lambda below: st.tuples(st.text(), st.lists(below, max_size=4)),
    max_leaves=20,
)


def below(node: Tree) -> list[Tree]:
    return node[1]


def name(node: Tree) -> str:
    return node[0]


def size(node: Tree) -> int:
    return 1 + sum(map(size, below(node)))


def chain(levels: int) -> Tree:
    node: Tree = ("leaf", [])
    for level in range(levels, 0, -1):
        node = (f"level {level}", [node])
    return node


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-8"), "0.00000001"),
        (datetime(2026, 1, 2, 3, 4, 59, tzinfo=UTC), "2026-01-02T03:04Z"),
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=5))), "2026-01-01T22:00Z"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04"),  # noqa: DTZ001
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), "0001-01-01T00:00+01:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (("b", "a", None), "b, a, –"),
        (["b", 1], "b, 1"),
        (frozenset({"b", "a", "c"}), "a, b, c"),
        ({2, 1}, "1, 2"),
        ((), ""),
        ("text", "text"),
        (KeyError, "<class 'KeyError'>"),
    ],
)
def test_plain_values_are_shown_as_people_read_them(value: object, shown: str) -> None:
    assert render.plain(value) == shown


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("ｱ", 1), ("Ａ", 2), ("a\u200db", 2), ("", 0)],
)
def test_the_width_of_a_text_is_counted_in_terminal_columns(text: str, width: int) -> None:
    assert render.text_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("Acme", 4, "Acme"),
        ("Acme Inc", 5, "Acme…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("Åge", 2, "Å…"),
        ("e\u0301" * 9, 9, "e\u0301" * 9),
        ("a\nb\tc\r\n", 9, "a b c "),
        ("\x1b[31m\ud800\u202e", 9, "�[31m��"),
        ("ab", 1, "…"),
    ],
)
def test_a_text_is_cut_to_one_line_of_a_width(text: str, width: int, shown: str) -> None:
    assert render.cut(text, width) == shown


def test_a_table_is_aligned_under_a_header_and_a_rule() -> None:
    shown = render.table(
        [("Acme", Decimal(1200), None), ("日本商事", 7, "yes")],
        columns=("account", "won", "note"),
        right=("won",),
    )
    assert shown.splitlines() == [
        "account    won  note",
        "────────  ────  ────",
        "Acme      1200  –",
        "日本商事     7  yes",
    ]


def test_a_table_without_rows_has_its_header() -> None:
    assert render.table([], columns=("a", "bc")) == "a  bc\n─  ──"


def test_a_table_that_is_too_wide_cuts_its_widest_text_before_any_number() -> None:
    shown = render.table(
        [("A very long name of a company", "EUR 123,456,789,012.00", "ok")],
        columns=("name", "amount", "state"),
        right=("amount",),
        width=40,
    )
    assert shown.splitlines()[2] == "A very l…  EUR 123,456,789,012.00  ok"


def test_numbers_are_cut_only_when_the_rest_is_short() -> None:
    shown = render.table(
        [("A long name", "EUR 123,456,789,012.00")],
        columns=("name", "amount"),
        right=("amount",),
        width=20,
    )
    assert shown.splitlines()[2] == "A long …  EUR 123,4…"


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.tuples(
            st.lists(st.text(), min_size=n, max_size=n, unique=True),
            st.lists(st.lists(st.text() | st.none() | st.integers(), min_size=n, max_size=n)),
        )
    ),
    st.integers(1, 60),
)
def test_a_table_fits_its_width_and_has_one_line_per_row(
    shape: tuple[list[str], list[list[object]]], width: int
) -> None:
    columns, rows = shape
    lines = render.table(rows, columns=columns, right=columns[:1], width=width).split("\n")
    assert len(lines) == len(rows) + 2
    assert max(map(render.text_width, lines)) <= width
    "\n".join(lines).encode()


@pytest.mark.parametrize("show", [render.table, render.html_table])
def test_a_row_has_one_value_for_each_column(show: Callable[..., str]) -> None:
    with pytest.raises(ValueError, match=r"1 values for the 2 columns \['a', 'b'\]"):
        show([("only one",)], columns=("a", "b"))


def test_names_and_values_stand_in_two_columns() -> None:
    shown = render.key_values(
        [("name", "Acme"), ("address", "1 Long Street, Springfield\nUSA"), ("x", None)], width=26
    )
    assert shown.splitlines() == [
        "name     Acme",
        "address  1 Long Street,",
        "         Springfield",
        "         USA",
        "x        –",
    ]


def test_no_pairs_make_no_lines() -> None:
    assert render.key_values([]) == ""


def test_a_word_longer_than_the_line_is_broken() -> None:
    assert render.key_values([("k", "abcdefgh 日本語")], width=6).splitlines() == [
        "k  abc",
        "   def",
        "   gh",
        "   日",
        "   本",
        "   語",
    ]


@given(st.lists(st.tuples(st.text(), st.text())), st.integers(8, 60))
def test_wrapping_keeps_every_visible_character_within_the_width(
    pairs: list[tuple[str, str]], width: int
) -> None:
    shown = render.key_values(pairs, width=width)
    assert all(render.text_width(line) <= width for line in shown.split("\n"))
    for _, value in pairs:
        kept = re.sub(r"\s", "", render.key_values([("", value)], width=width))
        one_line = " ".join(value.splitlines())
        assert kept == re.sub(r"\s", "", render.cut(one_line, 10_000))


def test_a_value_of_a_million_characters_is_wrapped_in_one_pass() -> None:
    assert len(render.key_values([("k", "Ä" * 1_000_000)], width=1003).split("\n")) == 1000


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, ""),
        (None, ""),
        (-1, ""),
        (float("nan"), ""),
        (Decimal("NaN"), ""),
        (0.5, "█████"),
        (Decimal("0.55"), "█████▌"),
        (Decimal("0.0001"), "▏"),
        (1, "██████████"),
        (float("inf"), "██████████"),
    ],
)
def test_a_bar_is_as_long_as_its_share(share: float | Decimal | None, shown: str) -> None:
    assert render.bar(share, 10) == shown


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 80))
def test_a_larger_share_never_has_a_shorter_bar(a: float, b: float, width: int) -> None:
    low, high = (render.bar(share, width) for share in sorted((a, b)))
    eighths = " ▏▎▍▌▋▊▉█"
    assert sum(map(eighths.index, low)) <= sum(map(eighths.index, high)) <= 8 * width


def test_a_tree_is_drawn_with_its_branches() -> None:
    assert render.tree(ACME, children=below, label=name).splitlines() == [
        "Acme",
        "├── Acme Asia",
        "│   ├── Acme Japan",
        "│   └── Acme Korea",
        "└── Acme Europe",
    ]


def test_what_is_cut_from_a_tree_is_counted() -> None:
    wide: Tree = ("root", [(str(n), [("x", []), ("y", [])]) for n in range(15)])
    assert render.tree(wide, children=below, label=name, limit=3, depth=1).splitlines() == [
        "root",
        "├── 0",
        "│   └── … 2 more",
        "├── 1",
        "│   └── … 2 more",
        "├── 2",
        "│   └── … 2 more",
        "└── … 12 more",
    ]


def test_depth_0_shows_the_root_and_how_many_are_below_it() -> None:
    assert render.tree(ACME, children=below, label=name, depth=0) == "Acme\n└── … 2 more"


@given(TREES)
def test_every_node_of_a_tree_has_one_line(root: Tree) -> None:
    lines = render.tree(root, children=below, label=name).split("\n")
    assert len(lines) == size(root)


def test_a_tree_of_any_depth_is_drawn_with_short_lines() -> None:
    lines = render.tree(chain(10_000), children=below, label=name).splitlines()
    assert len(lines) == 10_001
    assert lines[17] == f"{' ' * 64}└── level 18"
    assert lines[18] == f"⋯   {' ' * 64}└── level 19"
    assert max(map(len, lines)) < 90


class Outline(html.parser.HTMLParser):
    """Reads HTML back: its texts, and whether every tag is closed in its place."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip("\n"):
            self.texts.append(data)


HOSTILE = "<script>alert('x')</script>&\"\x00\ud800"
HOSTILE_TREE: Tree = (HOSTILE, [(HOSTILE, [])])


def test_escaped_text_is_safe_in_elements_and_attributes() -> None:
    assert render.escape(HOSTILE) == (
        "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;&quot;��"
    )
    assert render.escape(None) == "–"


def test_an_html_table_has_its_cells_in_place() -> None:
    assert render.html_table(
        [("Acme", 1)], columns=("name", "won"), right=("won",), caption="Won"
    ).splitlines() == [
        "<table>",
        "<caption>Won</caption>",
        "<thead>",
        (
            '<tr><th scope="col" style="text-align: left">name</th>'
            '<th scope="col" style="text-align: right">won</th></tr>'
        ),
        "</thead>",
        "<tbody>",
        '<tr><td style="text-align: left">Acme</td><td style="text-align: right">1</td></tr>',
        "</tbody>",
        "</table>",
    ]


def test_an_html_table_without_caption_or_rows_is_complete() -> None:
    assert Outline(render.html_table([], columns=("a",))).texts == ["a"]


@pytest.mark.parametrize(
    "source",
    [
        render.html_table([(HOSTILE,)], columns=(HOSTILE,), caption=HOSTILE),
        render.html_tree(HOSTILE_TREE, children=below, label=name),
        render.html_section(HOSTILE),
    ],
)
def test_nothing_given_by_users_becomes_a_tag(source: str) -> None:
    assert "script" not in Outline(source).tags
    source.encode()


def test_an_html_tree_folds_and_is_open_at_its_root() -> None:
    assert render.html_tree(ACME, children=below, label=name).replace("\n", "") == (
        "<ul><li><details open><summary>Acme</summary><ul>"
        "<li><details><summary>Acme Asia</summary><ul>"
        "<li>Acme Japan</li><li>Acme Korea</li></ul></details></li>"
        "<li>Acme Europe</li></ul></details></li></ul>"
    )


@given(TREES)
def test_an_html_tree_is_well_formed_and_holds_every_node(root: Tree) -> None:
    assert Outline(render.html_tree(root, children=below, label=name)).tags.count("li") == size(
        root
    )


def test_an_html_tree_is_capped_in_depth_and_breadth() -> None:
    deep = Outline(render.html_tree(chain(10_000), children=below, label=name))
    assert deep.tags.count("details") == 51
    assert deep.texts[-1] == "… 1 more"
    wide: Tree = ("root", [(str(n), []) for n in range(212)])
    assert Outline(render.html_tree(wide, children=below, label=name)).texts[-1] == "… 12 more"


def test_a_section_has_a_title_and_parts_that_are_html_already() -> None:
    assert render.html_section("A & B", "<p>1</p>", "<p>2</p>") == (
        "<section><h3>A &amp; B</h3>\n<p>1</p>\n<p>2</p>\n</section>"
    )
