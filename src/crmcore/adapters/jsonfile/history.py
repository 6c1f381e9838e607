"""History: the commits that a file has kept, read from it, and rewritten for the next one.

A commit of the tail says what it wrote, whole. Of one that was kept when the file was rewritten,
what still stands among the rows is left out; and where no kept commit says what a row was before,
the line does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from attrs import evolve, frozen

from crmcore.adapters.jsonfile.base import Base
from crmcore.adapters.jsonfile.batch import Draft
from crmcore.adapters.jsonfile.head import damaged
from crmcore.adapters.jsonfile.lines import CommitLine, Past, data_of, read_commit
from crmcore.adapters.jsonfile.moment import Moment
from crmcore.codec.errors import Misfit
from crmcore.codec.row_text import RowText
from crmcore.ports.rows import Row

Key = tuple[str, str]


class History(Enum):
    """What becomes of the commits when a file is rewritten."""

    KEEP = "keep"
    """They are kept: every value that was ever stored, until it is erased."""
    DROP = "drop"
    """They are dropped: the journal begins anew with each rewriting."""


@frozen
class Step:
    """What one commit did to one row: version and text before and after (``None``: no row)."""

    kind: str
    id: str
    before: tuple[int, str] | None
    after: tuple[int, str] | None


def read_line(line: bytes, where: str, number: Callable[[], int]) -> CommitLine:
    """What the line of a commit says; raises ``DamagedStoreError`` where it is none."""
    try:
        return read_commit(line)
    except (Misfit, IndexError):
        raise damaged("the line is not a commit", where, number()) from None


def kept_commits(moment: Moment, where: str) -> Iterator[CommitLine]:
    """The commits that are kept from before the rows were sorted, as they are written."""
    base = moment.base
    if base is None:
        return
    expected = base.head.after
    for at, line in base.commits():
        commit = read_line(line, where, lambda at=at: base.number(at))  # type: ignore[misc]  # a default binds it
        expected += 1
        if commit.seq != expected:
            raise damaged(f"commit {expected} is missing before it", where, base.number(at))
        yield commit
    if expected != base.head.seq:
        raise damaged(f"commit {base.head.seq} is missing", where, base.number(base.head.tail))


def kept_lines(
    moment: Moment, where: str, erased: frozenset[Key] = frozenset(), draft: Draft | None = None
) -> Iterator[bytes]:
    """The lines of all commits, as the next file has them; that of a load comes last."""
    if moment.base is not None and not erased and not moment.tail.kinds():
        yield from _as_they_are(moment.base, where)
    else:
        yield from (commit.line() for commit in rewritten(moment, where, erased))
    if draft is not None:
        yield draft.kept_line()


def _as_they_are(base: Base, where: str) -> Iterator[bytes]:
    """The lines of the commits that are kept, where nothing has changed that they leave out."""
    number = base.head.after
    for at, line in base.commits():
        number += 1
        if not line.startswith(b'["commit",%d,' % number):
            raise damaged(f"commit {number} is missing before it", where, base.number(at))
        yield line
    if number != base.head.seq:
        raise damaged(f"commit {base.head.seq} is missing", where, base.number(base.head.tail))


def text_of_row(row: Row) -> str:
    """The text of a row's data as it stands in the file that it was read from."""
    text = row.data.text if isinstance(row.data, RowText) else data_of(row.data, row.id, row.kind)
    return text if isinstance(text, str) else text.decode()


def oldest(moment: Moment) -> int:
    """The number that the kept commits follow."""
    return moment.seq if moment.base is None else moment.base.head.after


def steps(moment: Moment, where: str, after: int) -> Iterator[tuple[CommitLine, list[Step]]]:
    """The commits behind a number, each with what it did to its rows."""
    base = moment.base
    if base is None:
        return
    if after < base.head.seq:
        state: dict[Key, tuple[int, str] | None] = {}
        for commit in kept_commits(moment, where):
            done = [_kept_step(one, commit.seq, state, moment) for one in commit.rows]
            if commit.seq > after:
                yield commit, done
    for commit in moment.tail.commits(max(after, base.head.seq), moment.seq):
        yield commit, [_tail_step(one, commit.seq, moment) for one in commit.rows]


def _kept_step(
    one: Past, seq: int, state: dict[Key, tuple[int, str] | None], moment: Moment
) -> Step:
    key = (one.kind, one.id)
    before = one.before if one.before is not None else state.get(key)
    text = _based(moment, one)[1] if one.is_current else one.data
    after = None if text is None else (seq, text)
    state[key] = after
    return Step(one.kind, one.id, before, after)


def _tail_step(one: Past, seq: int, moment: Moment) -> Step:
    version = moment.tail.version(one.kind, one.id, seq - 1)
    if version is not None:
        before = None if version.text is None else (version.seq, version.text)
    else:
        before = _base_row(moment, one)
    return Step(one.kind, one.id, before, None if one.data is None else (seq, one.data))


def _base_row(moment: Moment, one: Past) -> tuple[int, str] | None:
    row = None if moment.base is None else moment.base.row(one.kind, one.id)
    return None if row is None else (row.version, text_of_row(row))


def _based(moment: Moment, one: Past) -> tuple[int, str]:
    found = _base_row(moment, one)
    if found is None:
        raise damaged("a row that a commit names is missing", f"{one.kind}:{one.id}", "of it")
    return found


def rewritten(
    moment: Moment, where: str, erased: frozenset[Key] = frozenset()
) -> Iterator[CommitLine]:
    """All commits up to a moment, as the next file has them, without what is erased."""
    seen: set[Key] = set()
    base = moment.base
    for commit in kept_commits(moment, where):
        yield _rewritten(commit, moment, seen, erased, is_kept=True)
    for commit in moment.tail.commits(0 if base is None else base.head.seq, moment.seq):
        yield _rewritten(commit, moment, seen, erased, is_kept=False)


def _rewritten(
    commit: CommitLine, moment: Moment, seen: set[Key], erased: frozenset[Key], *, is_kept: bool
) -> CommitLine:
    rows: list[Past] = []
    for one in commit.rows:
        key = (one.kind, one.id)
        if key in erased:
            continue
        before = one.before
        if not is_kept and key not in seen:
            before = _tail_step(one, commit.seq, moment).before
        seen.add(key)
        rows.append(_settled(one, before, commit.seq, moment))
    return CommitLine(commit.seq, commit.meta, tuple(rows))


def _settled(one: Past, before: tuple[int, str] | None, seq: int, moment: Moment) -> Past:
    """A change without its data where the row is still so, with it where it no longer is."""
    if one.data is None and not one.is_current:
        return evolve(one, before=before)  # a removal
    version = moment.tail.version(one.kind, one.id, moment.seq)
    if version is None:
        return one
    if version.seq == seq and version.text is not None:
        return Past(one.kind, one.id, None, before, is_current=True)
    data = _based(moment, one)[1] if one.is_current else one.data
    return Past(one.kind, one.id, data, before)
