"""Real and public data with known duplicates, by the standard rules at their own thresholds.

Precision comes first: a false merge costs more than a missed one. The bounds are a little below
what was measured when they were written down.
"""

import csv
from collections import defaultdict
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from crmcore.entities import Account, Contact, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import STANDARD_MATCH_RULES, DuplicateSets, find_duplicates
from crmcore.values import Address, PersonName


def rows(path: Path) -> list[dict[str, str | None]]:
    """The rows of a CSV file, an empty cell being ``None``."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(file)]


def address(row: dict[str, str | None]) -> Address:
    """The place of a row, whatever its columns are called."""
    number, street = row.get("street_number"), row.get("address_1")
    return Address(
        street=row.get("street") or row.get("addr") or " ".join(filter(None, (number, street))),
        city=row.get("city") or row.get("suburb"),
        postal_code=row.get("postcode"),
        country=row.get("country"),
    )


def birthday(text: str | None) -> Any:
    """The date in eight digits, or nothing where it is no date."""
    try:
        return datetime.strptime(text or "", "%Y%m%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        return None


def company(row: dict[str, str | None]) -> Account:
    """A row as an account."""
    fields: dict[str, Any] = {"id": row["rec_id"], "name": row["name"] or ""}
    return Account(
        **fields, website=row.get("website"), phone=row["phone"], billing_address=address(row)
    )


def person(row: dict[str, str | None]) -> Contact:
    """A row as a contact, who works at the account named after the company."""
    fields: dict[str, Any] = {"id": row["rec_id"], "account_id": row.get("company")}
    return Contact(
        **fields,
        name=PersonName(
            given=row.get("first_name") or row.get("given_name"),
            family=row.get("last_name") or row.get("surname"),
        ),
        email=row.get("email"),
        phone=row.get("phone"),
        birth_on=birthday(row.get("date_of_birth")),
        mailing_address=address(row),
    )


def employers(table: list[dict[str, str | None]]) -> list[Account]:
    """One account for each way in which a company is written."""
    names = {name for row in table if (name := row.get("company"))}
    ids: list[dict[str, Any]] = [{"id": name, "name": name} for name in sorted(names)]
    return [Account(**fields) for fields in ids]


def pairs_of(sets: DuplicateSets) -> set[tuple[str, ...]]:
    """The ids of every two records that are in one cluster."""
    return {
        tuple(sorted((one.id, other.id)))
        for cluster in sets.clusters
        for one, other in combinations(cluster.members, 2)
    }


def true_pairs(path: Path) -> set[tuple[str, ...]]:
    """The ids of every two records that are one entity."""
    entities: dict[str | None, list[str]] = defaultdict(list)
    for row in rows(path):
        entities[row["cluster"]].append(row["rec_id"] or "")
    return {
        tuple(sorted(pair)) for members in entities.values() for pair in combinations(members, 2)
    }


@pytest.mark.parametrize(
    ("name", "precision", "recall"),
    [
        ("febrl1", 0.99, 0.76),
        ("restaurants", 0.99, 0.92),
        ("crm_accounts_10000", 0.97, 0.9),
        ("crm_people_10000", 0.99, 0.8),
    ],
)
def test_known_duplicates_are_found_and_little_else(
    shared_data: Path, name: str, precision: float, recall: float
) -> None:
    folder = shared_data / "dedupe" / name
    if not folder.is_dir():
        pytest.skip(f"no real data here: shared/data has no dedupe/{name}")
    table = rows(folder / "records.csv")
    records: list[Record] = [company(row) if "name" in row else person(row) for row in table]
    sets = find_duplicates(
        records, rules=STANDARD_MATCH_RULES, model=STANDARD_MODEL, related=employers(table)
    )
    found, true = pairs_of(sets), true_pairs(folder / "truth.csv")
    right = len(found & true)
    assert right / len(found) >= precision
    assert right / len(true) >= recall
    assert sets.skipped == ()
    assert sets.most_compared <= 50
