"""What the README shows is what its first example prints."""

import contextlib
import io
import re

from tests import ROOT

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_first_example_prints_what_stands_below_it() -> None:
    fences = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    (language, example), (plain, shown) = fences[:2]
    assert (language, plain) == ("python", "text")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(example, {"__name__": "readme"})  # noqa: S102  # our own README
    assert printed.getvalue().strip() == shown.strip()


def test_the_first_example_is_eight_lines_long() -> None:
    (_, example), *_ = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len([line for line in example.splitlines() if line.strip()]) == 8
