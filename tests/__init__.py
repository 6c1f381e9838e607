"""The tests of crmcore, and where the things they look at are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src" / "crmcore"
TESTS = ROOT / "tests"
DOCS = ROOT / "docs"
