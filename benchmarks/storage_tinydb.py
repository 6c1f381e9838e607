"""TinyDB as a peer in ``storage.py``; needs ``tinydb``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import storage_engines as storage  # type: ignore[import-not-found]  # beside this file, which is no package
from tinydb import TinyDB, where  # type: ignore[import-not-found,unused-ignore]  # optional


class Peer:
    """TinyDB with its JSON storage, a table for each kind."""

    def __init__(self, path: Path) -> None:
        self.db = TinyDB(path / "x.json")
        # without its cache, which would answer the same question a second time unasked
        self.contacts = self.db.table("contact", cache_size=0)
        self.deals = self.db.table("deal", cache_size=0)

    def load(self, records: storage.Records) -> None:
        """One insert for each table."""
        contacts = (storage.contact_fields(one) for one in records[0])
        self.contacts.insert_multiple(
            {"id": one[0], "email": one[3], "row": one} for one in contacts
        )
        deals = (storage.deal_fields(one) for one in records[1])
        self.deals.insert_multiple(
            {"id": one[0], "stage": one[3], "cents": one[4], "row": one} for one in deals
        )

    def get(self, key: str) -> Any:
        """By a search for the id."""
        return storage.contact_of(self._row(where("id") == key))

    def by_email(self, email: str) -> Any:
        """By a search for the address."""
        return storage.contact_of(self._row(where("email") == email))

    def _row(self, asked: Any) -> Any:
        found: Any = self.contacts.get(asked)
        return found["row"]

    def scan(self) -> int:
        """By a search for both."""
        least = int(storage.ENOUGH * 100)
        found = self.deals.search((where("stage") == "Negotiation") & (where("cents") >= least))
        return len([storage.deal_of(one["row"]) for one in found])

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """One update by id."""

        def titled(found: Any) -> None:
            found["row"][5] = title

        return lambda: self.contacts.update(titled, where("id") == key)

    def close(self) -> None:
        """The file is closed."""
        self.db.close()
