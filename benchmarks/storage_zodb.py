"""ZODB with a FileStorage as a peer in ``storage.py``; needs ``ZODB`` and ``BTrees``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import storage_engines as storage  # type: ignore[import-not-found]  # beside this file, which is no package
import transaction  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional
import ZODB  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional
from BTrees.OOBTree import OOBTree  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional
from persistent.list import PersistentList  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional
from ZODB.FileStorage import FileStorage  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional


class Peer:
    """A persistent list for each record, in trees by id and by e-mail."""

    def __init__(self, path: Path) -> None:
        self.db = ZODB.DB(FileStorage(str(path / "x.fs")))
        self.manager = transaction.TransactionManager()
        self.root = self.db.open(self.manager).root()

    def load(self, records: storage.Records) -> None:
        """One transaction."""
        for name in ("contact", "email", "deal"):
            self.root[name] = OOBTree()
        for one in records[0]:
            kept = PersistentList(storage.contact_fields(one))
            self.root["contact"][one.id] = self.root["email"][one.email] = kept
        for other in records[1]:
            self.root["deal"][other.id] = PersistentList(storage.deal_fields(other))
        self.manager.commit()

    def get(self, key: str) -> Any:
        """From the tree by id."""
        return storage.contact_of(self.root["contact"][key])

    def by_email(self, email: str) -> Any:
        """From the tree by e-mail."""
        return storage.contact_of(self.root["email"][email])

    def scan(self) -> int:
        """A loop over all."""
        least, deals = int(storage.ENOUGH * 100), self.root["deal"].values()
        kept = [one for one in deals if one[3] == "Negotiation" and one[4] >= least]
        return len(list(map(storage.deal_of, kept)))

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """One assignment and a commit."""

        def change() -> None:
            self.root["contact"][key][5] = title
            self.manager.commit()

        return change

    def close(self) -> None:
        """The storage is closed."""
        self.db.close()
