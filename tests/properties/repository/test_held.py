"""S6, S7: a file whose records are held in memory answers as one that is read when it is asked."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from attrs import evolve
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import Account, ChangeSet, Contact, F, PersonName
from crmcore.adapters import JsonFileRepository
from crmcore.adapters.jsonfile import Reading
from crmcore.changes import Change, Delete, Insert, Update
from crmcore.ports import Snapshot
from crmcore.query import ALL, Filter, Query

IDS = ("a", "b", "c")
WHERE: tuple[Filter, ...] = (
    ALL,
    F.email == "x@x.org",
    F.title == "x",
    (F.title == "x") & F.account_id.is_none(),
    ~F.title.in_(["x", "y"]),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "delete", "compact", "look", "snapshot"]),
        st.booleans(),
        st.sampled_from(IDS),
        st.sampled_from(["x", "y", "x@x.org"]),
    ),
    max_size=20,
)


def told(now: Snapshot) -> list[Any]:
    """Everything that these tests ask, in one moment."""
    found: list[Any] = [now.seq, now.get(Contact, IDS), now.get(Account, IDS)]
    return [*found, *(list(now.find(Query.of(Contact, where))) for where in WHERE)]


def change(now: Snapshot, step: str, id_: str, text: str) -> Change | None:
    stored = now.get(Contact, [id_]).get(id_)
    if step == "delete":
        return None if stored is None else Delete(stored)
    values: dict[str, Any] = {"email": text} if "@" in text else {"title": text}
    if stored is not None:
        return Update(stored, evolve(stored, **values))
    return Insert(Contact(id=id_, name=PersonName(family=id_), **values))  # type: ignore[arg-type]  # a plain id


@given(STEPS)
def test_what_is_held_is_what_the_file_says(
    steps: list[tuple[str, bool, str, str]],
) -> None:
    """S6 S7 Whoever writes, and whenever the file is rewritten; each snapshot stays as it was."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder, "x.json")
        held = JsonFileRepository(path, reading=Reading.HELD)
        other = JsonFileRepository(path)
        moments: list[tuple[Snapshot, list[Any]]] = []
        for step, is_mine, id_, text in steps:
            writer = held if is_mine else other
            if step == "compact":
                writer.compact()
                event("rewritten while a snapshot is read" if moments else "rewritten")
            elif step in ("write", "delete"):
                with writer.snapshot() as now:
                    one = change(now, step, id_, text)
                if one is not None:
                    writer.commit(ChangeSet([one]))
            with held.snapshot() as mine, other.snapshot() as theirs:
                if step == "snapshot":
                    # what it says is asked for at the end only, or now and then
                    moments.append((stack.enter_context(held.snapshot()), told(theirs)))
                elif step == "look":
                    assert told(mine) == told(theirs)
        for mine, said in moments:
            assert told(mine) == said
        held.close()
        other.close()
