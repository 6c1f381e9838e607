"""What the ownership data say, straight from the raw files, by sqlite and plain walks."""

import csv
import sqlite3
from pathlib import Path

from attrs import frozen

DIRECT = "IS_DIRECTLY_CONSOLIDATED_BY"
ULTIMATE = "IS_ULTIMATELY_CONSOLIDATED_BY"

BELOW = """
    with recursive line(id, above) as (
        select id, id from company
        union all
        select line.id, company.parent from line join company on company.id = line.above
        where company.parent is not null
    )
    select above, count(*) - 1, sum(worth) from line join company using (id) group by above
"""


@frozen(kw_only=True)
class Ownership:
    """Parents by child, and of every company how many are below it and what the group is worth."""

    parents: dict[str, str | None]
    below: dict[str, int]
    worth: dict[str, int]
    refused: tuple[int, ...] = ()


def worth(company: str) -> int:
    """A number that is different for most companies, made of the characters of its id."""
    return sum((at + 1) * ord(char) for at, char in enumerate(company))


def totals(parents: dict[str, str | None], refused: tuple[int, ...] = ()) -> Ownership:
    database = sqlite3.connect(":memory:")
    database.execute("create table company (id text primary key, parent text, worth integer)")
    rows = ((one, parent, worth(one)) for one, parent in parents.items())
    database.executemany("insert into company values (?, ?, ?)", rows)
    found = database.execute(BELOW).fetchall()
    database.close()
    return Ownership(
        parents=parents,
        below={one: below for one, below, _ in found},
        worth={one: total for one, _, total in found},
        refused=refused,
    )


def gleif(folder: Path) -> tuple[Ownership, dict[str, str]]:
    """The groups by direct parents, and the ultimate parents that companies declare."""
    parents: dict[str, str | None] = {}
    declared: dict[str, str] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                child, parent = (row[f"Relationship.{end}Node.NodeID"] for end in ("Start", "End"))
                kind = row["Relationship.RelationshipType"]
                if kind == DIRECT:
                    parents[child] = parent
                    parents.setdefault(parent, None)
                elif kind == ULTIMATE:
                    declared[child] = parent
    return totals(parents), declared


def transformations(folder: Path) -> list[tuple[str, str]]:
    """Predecessor and successor of every merger of banks, in the order of their dates."""
    (path,) = folder.glob("CSV_TRANSFORMATIONS*")
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["DT_TRANS"])
    return [(row["#ID_RSSD_PREDECESSOR"], row["ID_RSSD_SUCCESSOR"]) for row in rows]


def nic(folder: Path) -> Ownership:
    """The banks after all mergers, those left out that would put a bank below itself."""
    parents: dict[str, str | None] = {}
    refused: list[int] = []
    for at, (child, parent) in enumerate(transformations(folder)):
        parents.setdefault(child, None)
        parents.setdefault(parent, None)
        above: str | None = parent
        while above is not None and above != child:
            above = parents[above]
        if above == child:
            refused.append(at)
        else:
            parents[child] = parent
    return totals(parents, tuple(refused))
