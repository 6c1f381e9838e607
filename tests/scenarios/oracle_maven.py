"""Figures of the Maven sales data, computed by SQLite straight from the CSV files.

Nothing here knows the library: what it says is what the library must say too.
"""

import csv
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

TABLES = {
    "accounts": ("account", "revenue", "subsidiary_of"),
    "products": ("product",),
    "teams": ("sales_agent", "manager"),
    "deals": ("opportunity_id", "sales_agent", "product", "account", "deal_stage", "close_value"),
}
FILES = {
    "accounts": "accounts.csv",
    "products": "products.csv",
    "teams": "sales_teams.csv",
    "deals": "sales_pipeline.csv",
}

WON = "SELECT {key} AS name, SUM(CAST(close_value AS INTEGER)), COUNT(*) FROM deals {join} \
WHERE deal_stage = 'Won' GROUP BY name"
"""Amount in US dollars and number of the deals that were won."""

FAMILY = """
WITH RECURSIVE family(top, member) AS (
    SELECT account, account FROM accounts
    UNION
    SELECT family.top, accounts.account FROM family
    JOIN accounts ON accounts.subsidiary_of = family.member
)
SELECT top, SUM(CAST(close_value AS INTEGER)), COUNT(opportunity_id)
FROM family LEFT JOIN deals ON deals.account = family.member AND deal_stage = 'Won'
GROUP BY top
"""
"""Every account with all of its subsidiaries, at any distance."""


@dataclass(frozen=True)
class Figures:
    """What the files say. Amounts are in US dollars; pairs are an amount and a number of deals."""

    own: dict[str, tuple[int, int]]
    """Won deals of each account that has any."""
    family: dict[str, tuple[int, int]]
    """Won deals of every account and its subsidiaries."""
    by_agent: dict[str, tuple[int, int]]
    by_manager: dict[str, tuple[int, int]]
    """Won deals of the agents of each manager."""
    by_product: dict[str, tuple[int, int]]
    """Won deals by the product's name in the list of products."""
    by_stage: dict[str, int]
    """How many deals are in each stage, as the file calls it."""
    without_account: dict[str, int]
    """How many of them belong to no account."""
    subsidiaries: dict[str, str]
    """The parent of each account that has one."""
    misspelt_products: int
    """How many deals name a product that is not in the list of products."""
    total: tuple[int, int]
    """All won deals."""


def figures(folder: Path) -> Figures:
    """The figures of the files in ``folder``."""
    with closing(sqlite3.connect(":memory:")) as base:
        for table, columns in TABLES.items():
            _load(base, table, columns, folder / FILES[table])
        return _figures(base)


def _load(base: sqlite3.Connection, table: str, columns: tuple[str, ...], path: Path) -> None:
    base.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row[name] or None for name in columns) for row in csv.DictReader(file)]
    places = ", ".join("?" for _ in columns)
    base.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - names from above


def _pairs(base: sqlite3.Connection, query: str) -> dict[str, tuple[int, int]]:
    return {name: (amount or 0, count) for name, amount, count in base.execute(query)}


def _figures(base: sqlite3.Connection) -> Figures:
    agents = "JOIN teams ON teams.sales_agent = deals.sales_agent"
    spelt = "REPLACE(product, 'GTXPro', 'GTX Pro')"
    counts = "SELECT deal_stage, COUNT(*) FROM deals {where} GROUP BY deal_stage"
    (misspelt,) = base.execute(
        "SELECT COUNT(*) FROM deals WHERE product NOT IN (SELECT product FROM products)"
    ).fetchone()
    (total,) = _pairs(base, WON.format(key="'all'", join="")).values()
    return Figures(
        own=_pairs(base, WON.format(key="account", join="") + " HAVING account IS NOT NULL"),
        family=_pairs(base, FAMILY),
        by_agent=_pairs(base, WON.format(key="sales_agent", join="")),
        by_manager=_pairs(base, WON.format(key="manager", join=agents)),
        by_product=_pairs(base, WON.format(key=spelt, join="")),
        by_stage=dict(base.execute(counts.format(where=""))),
        without_account=dict(base.execute(counts.format(where="WHERE account IS NULL"))),
        subsidiaries=dict(
            base.execute(
                "SELECT account, subsidiary_of FROM accounts WHERE subsidiary_of IS NOT NULL"
            )
        ),
        misspelt_products=misspelt,
        total=total,
    )
