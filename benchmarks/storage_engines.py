"""The records that ``storage.py`` stores, and the ways to store them that it compares.

Every engine keeps the same records, half contacts and half deals, with the same indexes, and
answers with the same entities, built by hand where it does not know them.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import attrs

from crmcore import (
    ChangeSet,
    Contact,
    Crm,
    F,
    JsonFileRepository,
    MemoryRepository,
    Money,
    Opportunity,
    PersonName,
    Repository,
)
from crmcore.adapters.jsonfile import Reading
from crmcore.changes import Insert, Update
from crmcore.query import Query

STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Won", "Lost")
ENOUGH = Decimal(8200)
"""Of the deals in one stage, about a sixth are of at least this amount: 3 % of all deals."""


Answer = Any  # Any: whichever entity, or how many
Fields = tuple[Any, ...]


def contact(number: int) -> Contact:
    """A contact with about 330 bytes in compact JSON."""
    return Contact(
        id=f"c{number:07}",  # type: ignore[arg-type]  # an id of our own
        name=PersonName(given=f"Given{number % 997}", family=f"Family{number % 9973}"),
        email=f"user{number}@example{number % 211}.org",
        phone=f"+49301{number:07}",
        title=("Engineer", "Director", "Buyer", "Clerk")[number % 4],
        department=f"Department {number % 31}",
        account_id=f"a{number % 5003:05}",  # type: ignore[arg-type]  # likewise
        source=("web", "fair", "partner")[number % 3],
        owner_id=f"u{number % 17}",  # type: ignore[arg-type]  # likewise
    )


def deal(number: int) -> Opportunity:
    """A deal; stage and amount do not depend on one another."""
    draw = random.Random(number)
    return Opportunity(
        id=f"d{number:07}",  # type: ignore[arg-type]  # an id of our own
        name=f"Deal {number}",
        account_id=f"a{number % 5003:05}",  # type: ignore[arg-type]  # likewise
        stage=STAGES[number % 6],
        pipeline="standard",
        amount=Money(Decimal(draw.randrange(1_000_000)) / 100, "EUR"),
        close_on=date(2026, 1, 1) + timedelta(days=number % 700),
        owner_id=f"u{number % 17}",  # type: ignore[arg-type]  # likewise
    )


def contact_fields(one: Contact) -> Fields:
    """What peers store of a contact."""
    name = one.name
    plain = (one.email, one.phone, one.title, one.department, one.account_id, one.source)
    return (one.id, name.given, name.family, *plain, one.owner_id)


def contact_of(stored: Sequence[Any]) -> Contact:
    """The contact of such fields, by one constructor call."""
    key, given, family, email, phone, title, department, account, source, owner = stored
    return Contact(
        id=key,
        name=PersonName(given=given, family=family),
        email=email,
        phone=phone,
        title=title,
        department=department,
        account_id=account,
        source=source,
        owner_id=owner,
    )


def contact_of_object(stored: dict[str, Any]) -> Contact:
    """The contact of the object that crmcore stores, by one constructor call."""
    name = stored["name"]
    return Contact(
        id=stored["id"],
        version=1,
        name=PersonName(given=name["given"], family=name["family"]),
        email=stored["email"],
        phone=stored["phone"],
        title=stored["title"],
        department=stored["department"],
        account_id=stored["account_id"],
        source=stored["source"],
        owner_id=stored["owner_id"],
    )


def deal_fields(one: Opportunity) -> Fields:
    """What peers store of a deal; the amount in cents, which sorts."""
    assert one.amount is not None
    assert one.close_on is not None
    cents = int(one.amount.amount * 100)
    return (
        one.id,
        one.name,
        one.account_id,
        one.stage,
        cents,
        one.close_on.isoformat(),
        one.owner_id,
    )


def deal_of(stored: Sequence[Any]) -> Opportunity:
    """The deal of such fields."""
    key, name, account, stage, cents, close_on, owner = stored
    return Opportunity(
        id=key,
        name=name,
        account_id=account,
        stage=stage,
        pipeline="standard",
        amount=Money(Decimal(cents) / 100, "EUR"),
        close_on=date.fromisoformat(close_on),
        owner_id=owner,
    )


Records = tuple[Sequence[Contact], Sequence[Opportunity]]


class Engine(Protocol):
    """One way to keep records in files below ``path``."""

    def __init__(self, path: Path) -> None: ...
    def load(self, records: Records) -> None:
        """Store everything, durably."""

    def get(self, key: str) -> Answer:
        """The contact of an id."""

    def by_email(self, email: str) -> Answer:
        """The contact of an e-mail address."""

    def scan(self) -> int:
        """How many deals in negotiation have a large amount; each is built."""

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """A function that gives a contact another title, durably."""

    def close(self) -> None:
        """Let go of the files."""


class JsonFile:
    """crmcore's repository in a JSON file."""

    def __init__(self, path: Path) -> None:
        self.repository: Repository = JsonFileRepository(path / "x.crm.json")

    def load(self, records: Records) -> None:
        """One commit of everything."""
        self.repository.commit(ChangeSet([Insert(one) for some in records for one in some]))

    def get(self, key: str) -> Answer:
        """By id, in a snapshot of its own."""
        with self.repository.snapshot() as now:
            return now.get(Contact, [key])[key]

    def by_email(self, email: str) -> Answer:
        """By query, likewise."""
        with self.repository.snapshot() as now:
            return next(now.find(Query.of(Contact, F.email == email)))

    def scan(self) -> int:
        """A stage and an amount."""
        where = (F.stage == "Negotiation") & (F.amount.amount >= ENOUGH)
        with self.repository.snapshot() as now:
            return len(list(now.find(Query.of(Opportunity, where))))

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """One update, from the change set to the return of ``commit``."""
        old = self.get(key)
        changes = ChangeSet([Update(old, attrs.evolve(old, title=title))])
        return lambda: self.repository.commit(changes)

    def close(self) -> None:
        """The repository is closed."""
        self.repository.close()


class JsonFileHeld(JsonFile):
    """The same, with its records held in memory."""

    def __init__(self, path: Path) -> None:
        self.repository = JsonFileRepository(path / "x.crm.json", reading=Reading.HELD)


class JsonFileSaved(JsonFile):
    """The same, written by ``crm.save``, with the standard rules."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.crm = Crm(repository=self.repository)

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """One ``crm.save``."""
        after = attrs.evolve(self.get(key), title=title)
        return lambda: self.crm.save(after)


class Memory(JsonFile):
    """crmcore's repository in memory: nothing is durable."""

    def __init__(self, path: Path) -> None:  # noqa: ARG002  # made as all engines are
        self.repository = MemoryRepository()


class Sqlite:
    """sqlite3 with columns and indexes, WAL, synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path / "x.db", isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")

    def load(self, records: Records) -> None:
        """One transaction, then the indexes."""
        self.db.execute("BEGIN")
        self.db.execute(
            "CREATE TABLE contact (id TEXT PRIMARY KEY, given, family, email, phone, title,"
            " department, account, source, owner) WITHOUT ROWID"
        )
        self.db.execute(
            "CREATE TABLE deal (id TEXT PRIMARY KEY, name, account, stage, cents INTEGER,"
            " close_on, owner) WITHOUT ROWID"
        )
        contacts, deals = map(contact_fields, records[0]), map(deal_fields, records[1])
        self.db.executemany("INSERT INTO contact VALUES (?,?,?,?,?,?,?,?,?,?)", contacts)
        self.db.executemany("INSERT INTO deal VALUES (?,?,?,?,?,?,?)", deals)
        for place in ("contact (email)", "contact (account)", "contact (phone)", "deal (account)"):
            name = place.replace(" (", "_").rstrip(")")
            self.db.execute(f"CREATE INDEX {name} ON {place}")
        self.db.execute("COMMIT")

    def get(self, key: str) -> Answer:
        """By the primary key."""
        return contact_of(self.db.execute("SELECT * FROM contact WHERE id = ?", (key,)).fetchone())

    def by_email(self, email: str) -> Answer:
        """By the index."""
        sql = "SELECT * FROM contact WHERE email = ?"
        return contact_of(self.db.execute(sql, (email,)).fetchone())

    def scan(self) -> int:
        """The whole condition in SQL."""
        sql = "SELECT * FROM deal WHERE stage = 'Negotiation' AND cents >= ?"
        return len(list(map(deal_of, self.db.execute(sql, (int(ENOUGH * 100),)))))

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """One statement, which is one transaction."""
        sql = "UPDATE contact SET title = ? WHERE id = ?"
        return lambda: self.db.execute(sql, (title, key))

    def close(self) -> None:
        """The connection is closed."""
        self.db.close()


class JsonDump:
    """``json.dump`` of everything, put in place of the old file."""

    def __init__(self, path: Path) -> None:
        self.path = path / "x.json"
        self.kept: dict[str, dict[str, list[Any]]] = {"contact": {}, "deal": {}}
        if self.path.exists():
            self.kept = json.loads(self.path.read_bytes())
        self.emails = {one[3]: one for one in self.kept["contact"].values()}

    def load(self, records: Records) -> None:
        """Into dictionaries, then into the file."""
        self.kept["contact"] = {one.id: list(contact_fields(one)) for one in records[0]}
        self.kept["deal"] = {one.id: list(deal_fields(one)) for one in records[1]}
        self.emails = {one[3]: one for one in self.kept["contact"].values()}
        self._write()

    def get(self, key: str) -> Answer:
        """From the dictionary."""
        return contact_of(self.kept["contact"][key])

    def by_email(self, email: str) -> Answer:
        """From another one."""
        return contact_of(self.emails[email])

    def scan(self) -> int:
        """A loop over all."""
        least, deals = int(ENOUGH * 100), self.kept["deal"].values()
        return len([deal_of(one) for one in deals if one[3] == "Negotiation" and one[4] >= least])

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """The whole file is written anew."""
        self.kept["contact"][key][5] = title
        return self._write

    def close(self) -> None:
        """Nothing is open."""

    def _write(self) -> None:
        beside = self.path.with_suffix(".tmp")
        with beside.open("w", encoding="utf-8") as file:
            json.dump(self.kept, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def floor(path: Path) -> Callable[[], object]:
    """Lock, append 400 bytes, sync: what a durable commit cannot do without."""
    import fcntl  # noqa: PLC0415  # not everywhere; the benchmark runs where it is

    file = (path / "floor").open("ab", buffering=0)
    line = b"x" * 399 + b"\n"

    def append() -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(line)
        os.fdatasync(file.fileno())
        fcntl.flock(file, fcntl.LOCK_UN)

    return append
