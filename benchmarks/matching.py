"""How well and how fast duplicates are found, in data whose duplicates are known.

Run it as ``python benchmarks/matching.py --data FOLDER [--set NAME ...] [--vs splink]``. Each
folder in FOLDER has ``records.csv`` (``rec_id`` and columns), ``truth.csv`` (``rec_id,cluster``)
and ``meta.json``, whose ``types`` say what each column means and whose ``link_source`` names the
column that tells two sources apart. A set ``name_pairs`` has ``cases.csv`` with pairs of names.

The rules are the standard ones, the same for every set; only where a value is kept follows from
the types. Each run is made in a process of its own, so that peak memory is its own, and with
``--vs splink`` the runs of both take turns. ``--out FOLDER`` writes the clusters as
``rec_id,cluster``. ``--scale N ...`` generates so many people instead.
"""

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from crmcore.entities import Account, Contact, Record
from crmcore.fields import CustomField
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    ACCOUNT_LINKAGE,
    CONTACT_LINKAGE,
    DuplicateSets,
    LinkageRule,
    find_duplicates,
)
from crmcore.values import Address, PersonName
from crmcore.values.ids import AccountId, ContactId

Row = dict[str, str | None]

DATES = ("%Y%m%d", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d")

MODEL = STANDARD_MODEL.with_custom_fields(
    Contact,
    CustomField(name="national_id"),
)


def rows_of(path: Path) -> list[Row]:
    """The rows of a CSV file, an empty cell being ``None``."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(file)]


class Columns:
    """The values of a row by what they mean."""

    def __init__(self, types: dict[str, str]) -> None:
        self._columns: dict[str, list[str]] = defaultdict(list)
        for column, meaning in types.items():
            self._columns[meaning].append(column)

    def all(self, row: Row, *meanings: str) -> tuple[str, ...]:
        """The values present, in the order of meanings and columns."""
        found = (row.get(one) for meaning in meanings for one in self._columns.get(meaning, ()))
        return tuple(one for one in found if one)

    def one(self, row: Row, *meanings: str) -> str | None:
        """The first value present."""
        return next(iter(self.all(row, *meanings)), None)

    def has(self, *meanings: str) -> bool:
        """Whether there is a column of one of these meanings."""
        return any(one in self._columns for one in meanings)

    def address(self, row: Row) -> Address:
        """The place of a row."""
        street = " ".join(self.all(row, "house_number", "street", "address"))
        lines = (street, *self.all(row, "street2"))
        return Address(
            street="\n".join(line for line in lines if line) or None,
            city=self.one(row, "city"),
            state=self.one(row, "state"),
            postal_code=self.one(row, "postcode", "postal_code", "zip"),
            country=self.one(row, "country"),
        )


def day(text: str | None) -> date | None:
    """A date in one of the usual notations."""
    for notation in DATES if text else ():
        try:
            return datetime.strptime(text or "", notation).date()  # noqa: DTZ007  # a date has no zone
        except ValueError:
            continue
    return None


def account(row: Row, columns: Columns, source: str | None) -> Account:
    """A row as an account."""
    return Account(
        id=AccountId(row["rec_id"] or ""),
        name=columns.one(row, "name", "company") or "",
        website=columns.one(row, "website", "domain"),
        phone=columns.one(row, "phone"),
        billing_address=columns.address(row),
        tax_id=columns.one(row, "tax_id", "national_id"),
        source=row.get(source) if source else None,
    )


def contact(row: Row, columns: Columns, source: str | None) -> Contact:
    """A row as a contact, who works at the account named after the company."""
    given, family = columns.one(row, "given_name"), columns.one(row, "family_name")
    whole = columns.one(row, "full_name", "person_name")
    name = PersonName(given=given, family=family, middle=columns.one(row, "middle_name"))
    emails, phones = columns.all(row, "email"), columns.all(row, "phone", "mobile")
    employer = columns.one(row, "company")
    number = columns.one(row, "national_id")
    return Contact(
        id=ContactId(row["rec_id"] or ""),
        name=PersonName.parse(whole) if whole and not (given or family) else name,
        account_id=AccountId(employer) if employer else None,
        email=next(iter(emails), None),
        other_emails=emails[1:],
        phone=next(iter(phones), None),
        other_phones=phones[1:],
        title=columns.one(row, "job_title", "title"),
        birth_on=day(columns.one(row, "birth_date")),
        mailing_address=columns.address(row),
        source=row.get(source) if source else None,
        custom={"national_id": number} if number else {},
    )


def rule_for(columns: Columns, source: str | None) -> LinkageRule:
    """The standard rule of the kind of entity; with a source, records of one are not compared."""
    if columns.has("given_name", "family_name", "full_name", "person_name"):
        rule = CONTACT_LINKAGE.with_field("identifier", {"contact": "custom.national_id"})
    else:
        rule = ACCOUNT_LINKAGE
    return rule.with_across({rule.kinds[0]: "source"}) if source else rule


class DataSet:
    """One folder of records whose duplicates are known."""

    def __init__(self, folder: Path) -> None:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        self.folder = folder
        self.columns = Columns(meta["types"])
        self.source: str | None = meta.get("link_source")
        self.rows = rows_of(folder / "records.csv")
        self.rule = rule_for(self.columns, self.source)

    def records(self) -> tuple[list[Record], list[Record]]:
        """The records, and the employers that they refer to."""
        if self.rule.kinds == ("account",):
            return [account(row, self.columns, self.source) for row in self.rows], []
        people: list[Record] = [contact(row, self.columns, self.source) for row in self.rows]
        names = {name for row in self.rows if (name := self.columns.one(row, "company"))}
        return people, [Account(id=AccountId(name), name=name) for name in sorted(names)]

    def truth(self) -> dict[str, str]:
        """The entity of each record."""
        path = self.folder / "truth.csv"
        return {row["rec_id"] or "": row["cluster"] or "" for row in rows_of(path)}

    def quality(self, clusters: Iterable[Iterable[str]]) -> dict[str, float]:
        """Precision, recall and F1 of the pairs within these clusters."""
        found = self._pairs(clusters)
        entities: dict[str, list[str]] = defaultdict(list)
        for record, entity in self.truth().items():
            entities[entity].append(record)
        return scores(found, self._pairs(entities.values()))

    def pair_quality(self, pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
        """Precision, recall and F1 of pairs as they were found, before clustering."""
        entities: dict[str, list[str]] = defaultdict(list)
        for record, entity in self.truth().items():
            entities[entity].append(record)
        return scores(self._pairs(pairs), self._pairs(entities.values()))

    def _pairs(self, clusters: Iterable[Iterable[str]]) -> set[tuple[str, str]]:
        sources = {row["rec_id"]: row.get(self.source) for row in self.rows} if self.source else {}
        return {
            (one, other) if one < other else (other, one)
            for members in clusters
            for one, other in combinations(members, 2)
            if not self.source or sources[one] != sources[other]
        }


def scores(found: set[tuple[str, str]], true: set[tuple[str, str]]) -> dict[str, float]:
    """Precision, recall and their harmonic mean."""
    right = len(found & true)
    precision = right / len(found) if found else 1.0
    recall = right / len(true) if true else 1.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if right else 0.0,
    }


def peak() -> float:
    """The peak memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_ours(folder: Path, out: Path | None) -> dict[str, Any]:
    """One run of crmcore, records in memory."""
    data = DataSet(folder)
    records, employers = data.records()
    before = peak()
    start = time.perf_counter()
    sets = find_duplicates(records, rules=[data.rule], model=MODEL, related=employers)
    seconds = time.perf_counter() - start
    memory = peak()
    if out is not None:
        write_clusters(out / f"{folder.name}.csv", data, sets)
    return {
        "seconds": seconds,
        "memory": memory,
        "records_memory": before,
        "compared": sets.compared / len(records) * 2,
        "skipped": len(sets.skipped),
        "pairs": data.pair_quality((one.left.id, one.right.id) for one in sets.pairs),
        "clusters": data.quality([ref.id for ref in one.members] for one in sets.clusters),
        "rule": f"{data.rule.name} at {data.rule.likely}",
    }


def write_clusters(path: Path, data: DataSet, sets: DuplicateSets) -> None:
    """Every record with the number of its cluster; a record alone has one of its own."""
    number = {ref.id: at for at, one in enumerate(sets.clusters) for ref in one.members}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("rec_id", "cluster"))
        for at, row in enumerate(data.rows, len(sets.clusters)):
            writer.writerow((row["rec_id"], number.get(row["rec_id"] or "", at)))


def run_splink(folder: Path, _: Path | None) -> dict[str, Any]:
    """One run of Splink with the DuckDB back end and the model that its tutorials recommend."""
    import pandas as pd  # noqa: PLC0415  # only where it is compared with
    import splink.comparison_library as cl  # noqa: PLC0415  # likewise
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415  # likewise

    data = DataSet(folder)
    types = json.loads((folder / "meta.json").read_text("utf-8"))["types"]
    frame = pd.DataFrame(data.rows)
    frame["unique_id"] = frame["rec_id"]
    known: dict[str, Any] = {
        "given_name": cl.NameComparison,
        "family_name": cl.NameComparison,
        "name": cl.NameComparison,
        "email": cl.EmailComparison,
        "birth_date": lambda one: cl.LevenshteinAtThresholds(one, [1, 2]),
        "postcode": lambda one: cl.LevenshteinAtThresholds(one, 1),
        "national_id": lambda one: cl.LevenshteinAtThresholds(one, [1, 2]),
    }
    used = [one for one, meaning in types.items() if meaning not in {"other", "source"}]
    comparisons = [
        known[types[one]](one)
        if types[one] in known
        else cl.JaroWinklerAtThresholds(one, [0.9, 0.7]).configure(
            term_frequency_adjustments=types[one] in {"city", "company"}
        )
        for one in used
    ]
    names = [one for one in used if types[one] in {"given_name", "family_name", "name"}]
    others = [one for one in used if one not in names and types[one] not in {"state", "country"}]
    rules: list[Any] = [block_on(one) for one in others if frame[one].nunique() > len(frame) / 20]
    rules += [block_on(one, other) for one in names for other in others]
    rules += [block_on(*names)] if len(names) > 1 else []
    start = time.perf_counter()
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=rules,
    )
    linker = Linker(DuckDBAPI().register(frame), settings)
    linker.training.estimate_probability_two_random_records_match(rules[:2], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in [block_on(*names), block_on(others[0])]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.5)
    groups = linker.clustering.cluster_pairwise_predictions_at_threshold(found, 0.95)
    table = groups.as_pandas_dataframe()
    seconds = time.perf_counter() - start
    clusters = table.groupby("cluster_id")["unique_id"].apply(list)
    pairs = found.as_pandas_dataframe(limit=None)
    pairs = pairs[pairs["match_probability"] >= 0.95]
    return {
        "seconds": seconds,
        "memory": peak(),
        "pairs": data.pair_quality(zip(pairs["unique_id_l"], pairs["unique_id_r"], strict=True)),
        "clusters": data.quality(one for one in clusters if len(one) > 1),
        "rule": "splink at 0.95",
    }


RUNS = {"crmcore": run_ours, "splink": run_splink}


def apart(tool: str, folder: Path, out: Path | None) -> dict[str, Any]:
    """One run in a process of its own."""
    command = [sys.executable, __file__, "--one", tool, "--data", str(folder)]
    done = subprocess.run(
        command + (["--out", str(out)] if out else []), capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"failed": last}
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def show(name: str, tool: str, result: dict[str, Any]) -> None:
    """One line of the table."""
    if "failed" in result:
        print(f"{name:22} {tool:8} failed: {result['failed']}")
        return
    pairs, clusters = result["pairs"], result["clusters"]
    print(
        f"{name:22} {tool:8}"
        f" {pairs['precision']:.4f} {pairs['recall']:.4f} {pairs['f1']:.4f}  "
        f" {clusters['precision']:.4f} {clusters['recall']:.4f} {clusters['f1']:.4f}"
        f" {result['seconds']:8.2f} s {result['memory']:6.0f} MB"
        + (f" {result['compared']:5.1f}" if "compared" in result else ""),
        flush=True,
    )


def name_pairs(folder: Path) -> None:
    """F1 of names alone, by the comparisons that the standard rules use."""
    from crmcore.rules.similarity.whole_names import same_name  # noqa: PLC0415  # only for this set

    counts: dict[str, Counter[tuple[bool, bool]]] = defaultdict(Counter)
    for row in rows_of(folder / "cases.csv"):
        kind: Literal["person", "company"] = "person"
        if row["schema"] != "Person":
            kind = "company"
        if row["schema"] == "Vessel":
            continue
        said = same_name(row["name1"] or "", row["name2"] or "", kind=kind)
        counts[kind][said, row["is_match"] == "true"] += 1
    for said_of, table in sorted(counts.items()):
        right, found = table[True, True], table[True, True] + table[True, False]
        true = right + table[False, True]
        precision, recall = right / max(found, 1), right / max(true, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        print(f"name_pairs {said_of:10}  precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f}")


def generated(size: int) -> Iterator[tuple[str, dict[str, str], str]]:
    """People with a company, some of them twice or more: a name, the row, and who it is."""
    luck = random.Random(size)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er")]

    def word(least: int, most: int) -> str:
        return "".join(luck.choice(syllables) for _ in range(luck.randint(least, most))).title()

    families = [word(2, 3) for _ in range(max(200, int(size**0.62)))]
    givens = [word(1, 2) for _ in range(600)]
    towns = [
        (word(2, 3) + "ton", f"{luck.randint(10000, 99999)}") for _ in range(max(50, size // 200))
    ]
    firms = []
    for _ in range(max(20, size // 12)):
        name = f"{word(2, 3)} {luck.choice(('Systems', 'Foods', 'Group', 'Partners', 'Care'))}"
        firms.append((name, *luck.choice(towns), f"{luck.randint(2000000000, 9899999999)}"))
    number = 0
    entity = 0
    while number < size:
        entity += 1
        given = luck.choice(givens)
        family = families[min(int(luck.expovariate(1) * len(families) / 4), len(families) - 1)]
        firm, town, post, switchboard = luck.choice(firms)
        site = firm.lower().replace(" ", "") + ".com"
        base = {
            "first_name": given,
            "last_name": family,
            "email": f"{given}.{family}@{site}".lower(),
            "phone": switchboard
            if luck.random() < 0.3
            else f"{luck.randint(2000000000, 9899999999)}",
            "company": firm,
            "city": town,
            "postcode": post,
        }
        for copy in range(1 if luck.random() < 0.85 else luck.choice((2, 2, 3))):
            row = dict(base)
            if copy:
                for column in luck.sample(sorted(row), 3):
                    text = row[column]
                    at = luck.randrange(len(text))
                    row[column] = "" if luck.random() < 0.5 else text[:at] + text[at + 1 :]
                if not row["last_name"]:
                    row["last_name"] = base["last_name"]
            yield f"r{number}", row, f"e{entity}"
            number += 1


def write_scale(size: int, folder: Path) -> Path:
    """A data set of so many generated people."""
    place = folder / f"generated_{size}"
    if (place / "meta.json").exists():
        return place
    place.mkdir(parents=True, exist_ok=True)
    columns = ("first_name", "last_name", "email", "phone", "company", "city", "postcode")
    types = dict(
        zip(
            columns,
            ("given_name", "family_name", "email", "phone", "company", "city", "postcode"),
            strict=True,
        )
    )
    with (
        (place / "records.csv").open("w", encoding="utf-8", newline="") as file,
        (place / "truth.csv").open("w", encoding="utf-8", newline="") as truth,
    ):
        records, entities = csv.writer(file), csv.writer(truth)
        records.writerow(("rec_id", *columns))
        entities.writerow(("rec_id", "cluster"))
        for name, row, entity in generated(size):
            records.writerow((name, *(row[one] for one in columns)))
            entities.writerow((name, entity))
    (place / "meta.json").write_text(json.dumps({"types": types, "link_source": None}), "utf-8")
    return place


def main() -> None:
    """Read what is asked, run it, print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", nargs="*", default=None, dest="sets")
    parser.add_argument("--vs", choices=["splink"])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--scale", type=int, nargs="*", default=[])
    parser.add_argument("--one", choices=sorted(RUNS))
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(RUNS[asked.one](asked.data, asked.out)))
        return
    folders = [write_scale(size, asked.data) for size in asked.scale]
    if not folders:
        folders = sorted(one for one in asked.data.iterdir() if one.is_dir())
        folders = [one for one in folders if asked.sets is None or one.name in asked.sets]
    for rule in (CONTACT_LINKAGE, ACCOUNT_LINKAGE):
        keys = ", ".join(key.name for key in rule.keys)
        print(f"{rule.name}: {rule.subject}, at {rule.likely}, by {keys}")
    print(f"\n{'set':22} {'':8} {'pairs: P, R, F1':22}   {'clusters: P, R, F1':20}")
    for folder in folders:
        if (folder / "cases.csv").exists():
            name_pairs(folder)
            continue
        for tool in ("crmcore", asked.vs) if asked.vs else ("crmcore",):
            show(folder.name, tool, apart(tool, folder, asked.out if tool == "crmcore" else None))


if __name__ == "__main__":
    main()
