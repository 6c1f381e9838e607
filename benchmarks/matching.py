"""How well and how fast duplicates are found, in data whose duplicates are known.

Run it as ``python benchmarks/matching.py --data FOLDER [--set NAME ...] [--vs splink]``. Each
folder in FOLDER has ``records.csv`` (``rec_id`` and columns), ``truth.csv`` (``rec_id,cluster``)
and ``meta.json``, whose ``types`` say what each column means and whose ``link_source`` names the
column that tells two sources apart. A set ``name_pairs`` has ``cases.csv`` with pairs of names.

The rules are the standard ones, the same for every set; only where a value is kept follows from
the types. Each run is made in a process of its own, so that peak memory is its own, and with
``--vs splink`` the runs of both take turns (``matching_splink`` says by which model). Like Splink,
crmcore uses all cores; ``--alone`` runs it by one process as well, and ``--plain`` without numpy.
``--memory`` makes a further run of each, in which all its processes are watched. ``--out FOLDER``
writes the clusters as ``rec_id,cluster``. ``--scale N ...`` makes sets of so many people
and companies in FOLDER (``matching_generated`` says how) and runs these. Reading files counts for
nobody; all else does, from records in memory to clusters.
"""

import argparse
import csv
import json
import os
import random
import re
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from matching_generated import (  # type: ignore[import-not-found]  # beside this file, no package
    KINDS,
    write_scale,
)
from matching_memory import peak_of  # type: ignore[import-not-found]  # likewise

from crmcore.entities import Account, Contact, Record
from crmcore.fields import CustomField
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    ACCOUNT_LINKAGE,
    CONTACT_LINKAGE,
    Catalogue,
    DuplicateSets,
    LinkageRule,
    find_duplicates,
)
from crmcore.values import Address, PersonName
from crmcore.values.ids import AccountId, ContactId

Row = dict[str, str | None]

DATES = (
    *("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%Y.%m.%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
)

MODEL = STANDARD_MODEL.with_custom_fields(
    Contact,
    CustomField(name="national_id"),
    CustomField(name="birth_year"),
    CustomField(name="gender"),
)

MEANINGS = {  # other words for the meanings that are read
    "given_name": ("first_name", "forename", "firstname", "givenname", "given"),
    "family_name": ("last_name", "surname", "lastname", "familyname", "family"),
    "full_name": ("person_name", "fullname", "contact_name", "person"),
    "middle_name": ("middle", "middle_initial", "middlename", "second_name"),
    "nickname": ("preferred_name", "known_as", "alias"),
    "suffix": ("name_suffix", "generation"),
    "email": ("e-mail", "mail", "email_address", "other_email", "email2", "work_email"),
    "phone": (
        *("telephone", "tel", "phone_number", "mobile", "cell", "mobile_phone", "home_phone"),
        *("work_phone", "other_phone", "phone2", "landline"),
    ),
    "company": ("employer", "organisation", "organization", "company_name", "account", "business"),
    "job_title": ("title", "position", "occupation", "role", "job"),
    "birth_date": ("date_of_birth", "dob", "birthday", "birthdate", "birth_on", "born"),
    "birth_year": ("year_of_birth", "yob", "birthyear"),
    "birth_month": ("month_of_birth",),
    "birth_day": ("day_of_birth",),
    "gender": ("sex",),
    "house_number": ("street_number", "number", "house_no", "building_number"),
    "street": (
        "address",
        "street_address",
        "street_name",
        "address_1",
        "address1",
        "address_line1",
    ),
    "street2": ("address_2", "address2", "address_line2", "unit", "apartment", "po_box"),
    "full_address": ("whole_address", "postal_address", "mailing_address"),
    "city": ("suburb", "town", "locality", "place", "municipality", "village"),
    "state": ("province", "region", "county"),
    "postcode": ("postal_code", "zip", "zip_code", "zipcode", "post_code", "plz"),
    "country": ("country_code",),
    "national_id": (
        *("ssn", "soc_sec_id", "social_security_number", "identifier", "id_number", "passport"),
        *("nino", "identity_number", "personal_number", "customer_number", "licence_number"),
    ),
    "website": ("domain", "url", "web", "homepage"),
    "tax_id": ("vat_id", "vat", "registration_number"),
}
MEANING = {other: one for one, others in MEANINGS.items() for other in others}
PERSONAL = ("given_name", "family_name", "full_name", "birth_date", "gender", "age", "job_title")


def rows_of(path: Path) -> list[Row]:
    """The rows of a CSV file, an empty cell being ``None``."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(file)]


class Columns:
    """The values of a row by what they mean."""

    def __init__(self, types: dict[str, str]) -> None:
        self._columns: dict[str, list[str]] = defaultdict(list)
        for column, said in types.items():
            meaning = said.strip().lower().replace(" ", "_")
            self._columns[MEANING.get(meaning, meaning)].append(column)
        if "name" in self._columns and self.has(*PERSONAL) and not self.has("full_name"):
            self._columns["full_name"] = self._columns.pop("name")

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
        street = " ".join(self.all(row, "house_number", "street"))
        lines = (street, *self.all(row, "street2"))
        place = whole_address(self.one(row, "full_address"))
        return Address(
            street="\n".join(line for line in lines if line) or place.street,
            city=self.one(row, "city") or place.city,
            state=self.one(row, "state"),
            postal_code=self.one(row, "postcode") or place.postal_code,
            country=self.one(row, "country"),
        )

    def birthday(self, row: Row) -> date | None:
        """The day of birth, from one column or from three."""
        whole = self.one(row, "birth_date")
        if whole:
            return day(whole)
        parts = [self.one(row, one) for one in ("birth_year", "birth_month", "birth_day")]
        return day("-".join(one or "" for one in parts)) if all(parts) else None

    def birth_year(self, row: Row) -> str | None:
        """The year of birth where there is no day: also of a date that is but a year, or an age."""
        said = self.one(row, "birth_year", "birth_date")
        if said is not None:
            found = YEAR.search(said)
            return found[0] if found else None
        age = self.one(row, "age") or ""
        years = age.partition(".")[0].strip()
        return str(date.today().year - int(years)) if years.isdecimal() else None  # noqa: DTZ011  # any year will do

    def read_dates(self, rows: list[Row]) -> None:
        """Put the dates of birth into one notation, the one that reads most of their column."""
        for column in self._columns.get("birth_date", ()):
            texts = {row.get(column) for row in rows} - {None}
            best = max(
                DATES, key=lambda one: sum(read(text or "", one) is not None for text in texts)
            )
            for row in rows:
                made = read(row.get(column) or "", best)
                if made is not None:
                    row[column] = made.isoformat()


YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
POSTCODE = re.compile(r"\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{4,6}(?:-\d{3,4})?)\b")


def whole_address(text: str | None) -> Address:
    """The street, city and postal code of an address in one line: parts between commas."""
    street, _, rest = (text or "").partition(",")
    code = POSTCODE.search(rest)
    bare = POSTCODE.sub("", rest) if code else rest
    parts = [part.strip() for part in bare.split(",") if part.strip()]
    return Address(
        street=street.strip() or None,
        city=parts[0] if parts else None,
        postal_code=code[0] if code else None,
    )


def read(text: str, notation: str) -> date | None:
    """A date in this notation; a time after it is left out."""
    said = text.strip().replace(",", "")
    if len(said) > LONGEST_DATE and said[10] in "T ":
        said = said[:10]
    try:
        return datetime.strptime(said, notation).date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        return None


LONGEST_DATE = 10


def day(text: str | None) -> date | None:
    """A date in one of the usual notations."""
    return next((found for one in DATES if text and (found := read(text, one))), None)


def account(row: Row, columns: Columns, source: str | None) -> Account:
    """A row as an account."""
    return Account(
        id=AccountId(row["rec_id"] or ""),
        name=columns.one(row, "name", "company") or "",
        website=columns.one(row, "website"),
        phone=columns.one(row, "phone"),
        billing_address=columns.address(row),
        tax_id=columns.one(row, "tax_id", "national_id"),
        source=row.get(source) if source else None,
    )


def contact(row: Row, columns: Columns, source: str | None) -> Contact:
    """A row as a contact, who works at the account named after the company."""
    given, family = columns.one(row, "given_name"), columns.one(row, "family_name")
    whole = columns.one(row, "full_name")
    name = PersonName(
        given=given or (columns.one(row, "nickname") if not whole else None),
        family=family,
        middle=columns.one(row, "middle_name"),
        suffix=columns.one(row, "suffix"),
    )
    emails, phones = columns.all(row, "email"), columns.all(row, "phone")
    employer = columns.one(row, "company")
    born = columns.birthday(row)
    custom = {
        "national_id": columns.one(row, "national_id"),
        "birth_year": None if born else columns.birth_year(row),
        "gender": columns.one(row, "gender"),
    }
    return Contact(
        id=ContactId(row["rec_id"] or ""),
        name=PersonName.parse(whole) if whole and not (given or family) else name,
        account_id=AccountId(employer) if employer else None,
        email=next(iter(emails), None),
        other_emails=emails[1:],
        phone=next(iter(phones), None),
        other_phones=phones[1:],
        title=columns.one(row, "job_title"),
        birth_on=born,
        mailing_address=columns.address(row),
        source=row.get(source) if source else None,
        custom={name: value for name, value in custom.items() if value},
    )


def rule_for(columns: Columns, source: str | None) -> LinkageRule:
    """The standard rule of the kind of entity; with a source, records of one are not compared."""
    if columns.has(*NAMES):
        rule = CONTACT_LINKAGE
        for meaning, name in CUSTOM.items():
            rule = rule.with_field(meaning, {"contact": f"custom.{name}"})
    else:
        rule = ACCOUNT_LINKAGE
    return rule.with_across({rule.kinds[0]: "source"}) if source else rule


NAMES = ("given_name", "family_name", "full_name")
CUSTOM = {"identifier": "national_id", "birth_year": "birth_year", "gender": "gender"}


class DataSet:
    """One folder of records whose duplicates are known."""

    def __init__(self, folder: Path) -> None:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        self.folder = folder
        self.types: dict[str, str] = meta["types"]
        self.columns = Columns(self.types)
        self.source: str | None = meta.get("link_source")
        self.rows = rows_of(folder / "records.csv")
        self.columns.read_dates(self.rows)
        self.has_people = self.columns.has(*NAMES)
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


def run_ours(folder: Path, out: Path | None, *, workers: int = 1) -> dict[str, Any]:
    """One run of crmcore, records in memory."""
    data = DataSet(folder)
    records, employers = data.records()
    before = peak()
    start = time.perf_counter()
    sets = find_duplicates(
        records, rules=[data.rule], model=MODEL, related=employers, workers=workers
    )
    seconds = time.perf_counter() - start
    memory = peak()
    if out is not None:
        write_clusters(out / f"{folder.name}.csv", data, sets)
    return {
        "seconds": seconds,
        "memory": memory,
        "records_memory": before,
        "compared": sets.compared / len(records) * 2,
        "most": sets.most_compared,
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


def run_plain(folder: Path, out: Path | None) -> dict[str, Any]:
    """One run of crmcore as a plain install does it: without numpy."""
    sys.modules["numpy"] = None  # type: ignore[assignment]  # an import of it fails from now on
    return run_all_cores(folder, out)


def run_all_cores(folder: Path, out: Path | None) -> dict[str, Any]:
    """One run of crmcore by a process for each core."""
    return run_ours(folder, out, workers=os.cpu_count() or 1)


def run_splink(folder: Path, _: Path | None) -> dict[str, Any]:
    """One run of Splink with the DuckDB back end."""
    import matching_splink  # type: ignore[import-not-found]  # noqa: PLC0415  # beside, only here

    data = DataSet(folder)
    seconds, clusters, pairs = matching_splink.run(data.rows, data.types, data.source)
    memory = peak()
    return {
        "seconds": seconds,
        "memory": memory,
        "pairs": data.pair_quality(pairs),
        "clusters": data.quality(clusters),
        "rule": f"splink at {matching_splink.THRESHOLD}",
    }


def run_entry(folder: Path, _: Path | None) -> dict[str, Any]:
    """The catalogue of a set: its build, and the time to ask it for one record after another.

    Records are asked for that were taken out before, so that their values are new to it, and once
    more when they were put back.
    """
    data = DataSet(folder)
    records, employers = data.records()
    catalogue = Catalogue([data.rule], model=MODEL)
    before = peak()
    start = time.perf_counter()
    catalogue.put_all([*employers, *records])
    build = time.perf_counter() - start
    memory = peak()
    sample = random.Random(1).sample(records, min(ASKED + WARM, len(records)))
    asked = sample[: max(len(sample) - WARM, 1)]
    for one in sample[len(asked) :]:
        catalogue.matches(one)
    drops = [timed(partial(catalogue.drop, one.ref))[0] for one in asked]
    new = [timed(partial(catalogue.matches, one)) for one in asked]
    puts = [timed(partial(catalogue.put, one))[0] for one in asked]
    stored = [timed(partial(catalogue.matches, one)) for one in asked]
    return {
        "build": build,
        "memory": memory,
        "records_memory": before,
        "new": spread_of([seconds * 1000 for seconds, _ in new]),
        "stored": spread_of([seconds * 1000 for seconds, _ in stored]),
        "compared": spread_of([found.compared for _, found in new]),
        "put": spread_of([seconds * 1e6 for seconds in puts]),
        "drop": spread_of([seconds * 1e6 for seconds in drops]),
    }


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """How many seconds a call takes, and what it gives."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def spread_of(found: Iterable[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    rising = sorted(found)
    return rising[len(rising) // 2], rising[len(rising) * 99 // 100]


RUNS = {
    "crmcore": run_all_cores,
    "plain": run_plain,
    "alone": run_ours,
    "splink": run_splink,
    "entry": run_entry,
}

TARGETS = {  # seconds as a share of Splink's, by number of contacts
    ("plain", 10_000): 0.6,
    ("crmcore", 10_000): 0.25,
    ("plain", 100_000): 1.3,
    ("crmcore", 100_000): 0.4,
    ("crmcore", 1_000_000): 1.5,
}

ASKED = 5_000
WARM = 100


def command_of(tool: str, folder: Path) -> list[str]:
    """What makes one run in a process of its own."""
    return [sys.executable, __file__, "--one", tool, "--data", str(folder)]


def apart(tool: str, folder: Path, out: Path | None) -> dict[str, Any]:
    """One run in a process of its own."""
    command = command_of(tool, folder)
    done = subprocess.run(
        command + (["--out", str(out)] if out else []), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line.strip()]
        if done.returncode < 0:
            said.append(
                f"ended by {signal.Signals(-done.returncode).name}"
                + (", as a system does that runs out of memory" if done.returncode == -9 else "")
            )
        return {"failed": " / ".join(said[-3:]) or f"exit code {done.returncode}"}
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
        + (f" {result['compared']:5.1f} {result['most']:4}" if "compared" in result else ""),
        flush=True,
    )


def show_entry(name: str, result: dict[str, Any]) -> None:
    """One line about the catalogue."""
    if "failed" in result:
        print(f"{name:22} entry    failed: {result['failed']}")
        return
    new, stored, compared = result["new"], result["stored"], result["compared"]
    put, drop = result["put"], result["drop"]
    start = f"{name:22} entry    "
    print(
        f"{start}new record: median {new[0]:.3f} ms (must 0.1), 99th percentile {new[1]:.2f} ms"
        f" (must 1); {compared[0]:.0f} compared, 99th percentile {compared[1]:.0f}\n"
        f"{start}stored one: median {stored[0]:.3f} ms, 99th percentile {stored[1]:.2f} ms\n"
        f"{start}put {put[0]:.0f} µs, 99th percentile {put[1]:.0f};"
        f" drop {drop[0]:.0f} µs, 99th percentile {drop[1]:.0f}\n"
        f"{start}built in {result['build']:.1f} s (must 4), {result['memory']:.0f} MB,"
        f" of which {result['records_memory']:.0f} the records",
        flush=True,
    )


def show_ratios(name: str, size: int, runs: dict[str, list[dict[str, Any]]]) -> None:
    """How long ours takes as a share of Splink's time: medians of all runs."""
    medians = {
        tool: statistics.median([one["seconds"] for one in results if "failed" not in one])
        for tool, results in runs.items()
        if any("failed" not in one for one in results)
    }
    peer = medians.pop("splink", None)
    if peer is None:
        return
    for tool, ours in medians.items():
        must = TARGETS.get((tool, size))
        print(
            f"{name:22} {tool:8} {ours / peer:.2f} x Splink's time"
            + (f" (must {must})" if must else ""),
            flush=True,
        )


def show_memory(folder: Path, tools: list[str]) -> None:
    """The peak memory of a run of each, all its processes taken together."""
    for tool in tools:
        most = peak_of(command_of(tool, folder))
        told = "not known here" if most is None else f"{most:.0f} MB with all its processes"
        print(f"{folder.name:22} {tool:8} {told}", flush=True)


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


def arguments() -> argparse.ArgumentParser:
    """What can be asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of sets; generated ones go there, too")
    add("--set", nargs="*", dest="sets", metavar="NAME", help="only these sets")
    add("--vs", choices=["splink"], help="run this as well, in turns")
    add("--scale", type=int, nargs="*", default=[], metavar="N", help="generated sets of N records")
    add("--kind", choices=sorted(KINDS), nargs="*", default=["people", "companies"])
    add("--plain", action="store_true", help="run without numpy as well")
    add("--alone", action="store_true", help="run with one process as well")
    add("--memory", action="store_true", help="watch the memory of a further run of each")
    add("--entry", action="store_true", help="time the catalogue that is asked for one record")
    add("--entry-only", action="store_true", help="time that and nothing else")
    add("--repeat", type=int, default=1, help="so many runs of each, in turns; the ratios: medians")
    add("--out", type=Path, help="folder for the clusters, as rec_id,cluster")
    add("--one", choices=sorted(RUNS), help=argparse.SUPPRESS)
    return parser


def run_all(folder: Path, tools: list[str], asked: argparse.Namespace) -> None:
    """Everything that is asked of one set."""
    runs: dict[str, list[dict[str, Any]]] = {tool: [] for tool in tools}
    for _ in range(asked.repeat):
        for tool in tools:
            out = asked.out if tool == "crmcore" else None
            runs[tool].append(apart(tool, folder, out))
            show(folder.name, tool, runs[tool][-1])
    data = DataSet(folder)
    show_ratios(folder.name, len(data.rows) if data.has_people else 0, runs)
    if asked.memory:
        show_memory(folder, tools)
    if asked.entry:
        show_entry(folder.name, apart("entry", folder, None))


def main() -> None:
    """Read what is asked, run it, print it."""
    asked = arguments().parse_args()
    if asked.one:
        print(json.dumps(RUNS[asked.one](asked.data, asked.out)))
        return
    folders = [write_scale(kind, size, asked.data) for size in asked.scale for kind in asked.kind]
    if not folders:
        folders = sorted(one for one in asked.data.iterdir() if one.is_dir())
        folders = [one for one in folders if asked.sets is None or one.name in asked.sets]
    for rule in (CONTACT_LINKAGE, ACCOUNT_LINKAGE):
        keys = ", ".join(key.name for key in rule.keys)
        print(f"{rule.name}: {rule.subject}, at {rule.likely}, by {keys}")
    tools = ["crmcore"]
    tools += [one for one, wanted in (("plain", asked.plain), ("alone", asked.alone)) if wanted]
    tools += [asked.vs] if asked.vs else []
    print(
        f"\n{'set':22} {'':8} {'pairs: P, R, F1':22} {'clusters: P, R, F1':22}"
        " time, memory, comparisons a record, most of one"
    )
    for folder in folders:
        if (folder / "cases.csv").exists():
            name_pairs(folder)
            continue
        if asked.entry_only:
            show_entry(folder.name, apart("entry", folder, None))
            continue
        run_all(folder, tools, asked)


if __name__ == "__main__":
    main()
