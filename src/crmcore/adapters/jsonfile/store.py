"""JsonFileStore: rows in one JSON Lines file, to whose end each commit adds one line."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from crmcore.adapters.entering import Entering
from crmcore.adapters.jsonfile.batch import Draft, drafted
from crmcore.adapters.jsonfile.checking import verified
from crmcore.adapters.jsonfile.files import disk, place_of, write_new
from crmcore.adapters.jsonfile.head import WHOLE_AT, whole_line
from crmcore.adapters.jsonfile.history import History, Key, Step, kept_lines, oldest, steps
from crmcore.adapters.jsonfile.lines import SEAL, CommitLine
from crmcore.adapters.jsonfile.lock import FileLock
from crmcore.adapters.jsonfile.moment import Moment
from crmcore.adapters.jsonfile.places import Indexed, Place
from crmcore.adapters.jsonfile.reading import Generation, Torn, extend, read_generation
from crmcore.adapters.jsonfile.tail import Tail
from crmcore.adapters.jsonfile.writing import exported, pieces, write_file
from crmcore.codec.row_text import RowText
from crmcore.codec.scalars import read_moment
from crmcore.errors import (
    CrmError,
    DamagedStoreError,
    OutcomeUnknownError,
    StorageError,
    StoreClosedError,
    StoreLockedError,
)
from crmcore.ports.files import Files, Sight
from crmcore.ports.journal import HistoryGoneError
from crmcore.ports.rows import Json, Row, RowCommit, RowRecord, RowStep

DEFAULT_WAIT = 10.0
"""Seconds that a writer waits for its turn."""

SHARE = 0.5
"""The share of the sorted part that the tail may reach before a writer rewrites the file."""

SMALLEST = 4 << 20
"""Bytes that the tail may have in any case before a commit rewrites the file."""

_TRIES = 20
_PAUSE = 0.01


class JsonFileStore:
    """A ``RowStore`` in the file ``path``, which is the one truth: other processes may write too.

    Opening maps the file and reads the commits at its end; it writes nothing, and the first
    commit makes the file where it is absent. A commit adds one line and waits for the disk once.
    When the tail of such lines has grown past ``SHARE`` of the rest (and past ``SMALLEST``; or on
    ``close``, on ``compact``), a new file is written beside (``.tmp``) and put in place in one
    step; ``history`` says whether it keeps the commits. Writers take turns by a lock on a file
    beside (``.lock``), for which they wait ``wait`` seconds at most; readers wait for nobody.
    ``indexed`` are the places that are looked up rather than searched.

    Opening, reading and writing raise ``StorageError`` and its kinds: ``DamagedStoreError`` with
    the number of the line, ``UnsupportedFormatError``, ``StoreLockedError``; nothing is stored
    then. ``OutcomeUnknownError`` is raised where the disk may or may not have a commit; after it
    the store refuses commits, but can still be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        wait: float = DEFAULT_WAIT,
        history: History = History.KEEP,
        indexed: Iterable[Place] = (),
        files: Files | None = None,
    ) -> None:
        self._path = place_of(path)
        self._wait = wait
        self._history = history
        self._indexed = Indexed(tuple(indexed))
        self._files = disk() if files is None else files
        self._lock = FileLock(self._beside(".lock"))
        self._turn = threading.Lock()
        self._memory = threading.RLock()
        self._found: Generation | None = None
        self._reading: tuple[int, int] | None = None
        self._writing_to: tuple[int, int] | None = None
        self._named: int | None = None
        self._torn: Torn | None = None
        self._has_written = False
        self._is_closed = False
        self._is_doubtful = False
        self._refresh()

    @property
    def path(self) -> Path:
        """The file, its links resolved."""
        return self._path

    @property
    def torn(self) -> Torn | None:
        """What a crash left half written and was last seen, or cut off, at the end of the file."""
        return self._torn

    def snapshot(self) -> AbstractContextManager[Moment]:
        """A context that gives the present moment; see ``RowStore.snapshot``."""
        return Entering(self.present)

    def commit(self, changes: RowCommit, /) -> int:
        """Test everything expected and store every change, or nothing; see ``RowStore.commit``."""
        self._begin()
        try:
            return self._committed(changes)
        finally:
            self._end()

    def _committed(self, changes: RowCommit) -> int:
        before = self._refresh()
        before.test(changes)
        if not changes.changes:
            return before.seq
        draft = drafted(changes, before.seq + 1, str(self._path))
        found = self._found
        has_base = found is not None and found.base is not None
        if found is not None and has_base and not self._is_large(found, draft.size):
            self._append(found, draft.line())
            return draft.seq
        try:
            self._rewrite(before, draft=draft)
        except StorageError as error:
            if found is None or not has_base or isinstance(error, OutcomeUnknownError):
                raise
            # no room for another file, or a reader in the way: the line may still fit
            self._append(found, draft.line())
        return draft.seq

    def compact(self, *, history: History | None = None) -> None:
        """Rewrite the file with its rows in order; ``history`` (``None``: as the store has it)."""
        with self._writing():
            moment = self._refresh()
            if self._found is not None:
                self._rewrite(moment, self._history if history is None else history)

    def export(self, target: str | os.PathLike[str]) -> int:
        """Write every row on a line of its own to a new file; how many there are.

        Kind, id and data, sorted, versions left out: equal content gives equal bytes. Raises
        ``StorageError`` where there is something already.
        """
        self._require_open()
        moment, place = self._refresh(), Path(target)
        if self._files.look(place) is not None:
            raise StorageError("there is something already", str(place), "give another name")
        lines = [one for piece in pieces(moment) for one in exported(piece)]
        write_new(self._files, place, self._path, b"".join(lines))
        return len(lines)

    def row_commits(self, after: int = 0) -> Iterator[RowRecord]:
        """The commits with a higher number than ``after``; see ``RowJournal.row_commits``."""
        self._require_open()
        moment = self._refresh()
        first = oldest(moment)
        if after < first:
            raise HistoryGoneError(after, first)
        for commit, done in steps(moment, str(self._path), after):
            rows = [
                RowStep(one.kind, one.id, _row(one, one.before), _row(one, one.after))
                for one in done
            ]
            meta = commit.meta
            at = read_moment(meta["at"]) if "at" in meta else None
            yield RowRecord(commit.seq, at, meta.get("by"), meta.get("reason"), tuple(rows))

    def erase_rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """Forget what these rows said in the past; see ``RowJournal.erase_rows``."""
        with self._writing():
            moment = self._refresh()
            if self._found is not None:
                self._rewrite(moment, self._history, frozenset(rows))
            self._files.remove(self._beside(".tmp"))

    def verify(self) -> int:
        """Read and test every line; the number of rows. Raises ``DamagedStoreError``."""
        self._require_open()
        return verified(self._refresh(), str(self._path))

    def close(self) -> None:
        """Refuse every further call; closing twice is fine.

        What this store has written is put in order where that is due, and marked as whole. Where
        this cannot be done now, it is left to the next one: nothing depends on it.
        """
        if self._is_closed:
            return
        try:
            if self._has_written and not self._is_doubtful:
                with suppress(CrmError, OSError), self._writing():
                    self._settle()
        finally:
            self._is_closed = True
            self._let_go()
            self._lock.close()

    def __del__(self) -> None:
        if hasattr(self, "_lock"):
            self._let_go()

    def _settle(self) -> None:
        moment = self._refresh()
        found = self._found
        if found is None:
            return
        tail = 0 if found.base is None else found.base.head.tail
        if found.base is None or found.end - tail > SHARE * tail:
            self._rewrite(moment)
            return
        if found.end > tail:
            self._mark(found)

    def _mark(self, found: Generation) -> None:
        """Say in the file that nothing up to its present end may be missing."""
        handle = self._writable(found)
        self._files.write(handle, WHOLE_AT, whole_line(found.end, found.seq))
        self._files.sync(handle)

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError("the store was closed", str(self._path), "open it anew")

    def _require_sure(self) -> None:
        self._require_open()
        if self._is_doubtful:
            why = "an earlier commit may or may not have been stored"
            raise StoreClosedError(why, str(self._path), "open it anew and look")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A turn among the threads of this process, then one among the processes."""
        self._begin()
        try:
            yield
        finally:
            self._end()

    def _begin(self) -> None:
        start = time.monotonic()
        if not self._turn.acquire(timeout=max(self._wait, 0)):
            hint = "try again later, or give more time with wait="
            raise StoreLockedError("another thread is writing", str(self._path), hint)
        try:
            self._require_sure()
            self._lock.take(start + self._wait - time.monotonic())
        except BaseException:
            self._turn.release()
            raise

    def _end(self) -> None:
        try:
            self._lock.give()
        finally:
            if not self._files.keeps_open:
                self._let_go()
            self._turn.release()

    def present(self) -> Moment:
        """The present moment, which may be read for as long as one likes."""
        self._require_open()
        return self._refresh()

    def _refresh(self) -> Moment:
        """The rows in the file as it is now; what was added is read, nothing else."""
        with self._memory:
            try:
                self._look()
            except OSError as error:
                raise self._failure("it cannot be read", error) from error
            return self._moment()

    def _moment(self) -> Moment:
        found, indexed = self._found, self._indexed
        return Moment(None, Tail(), 0, indexed) if found is None else found.moment(indexed)

    def _look(self) -> None:
        found = self._found
        sight = self._files.look(self._path)
        if found is not None and sight == found.sight:
            return
        if sight is None and found is None:
            return
        if found is None or sight is None or not self._is_longer(found, sight):
            self._let_go()
            made = read_generation(self._files, self._path)
            if made is None:
                raise FileNotFoundError(2, "No such file or directory")
            self._found = made
        self._torn = self._found.torn or self._torn if self._found is not None else None

    def _is_longer(self, found: Generation, sight: Sight) -> bool:
        """Whether the file is the one that was read, with more behind it, which is read now."""
        same = (sight.device, sight.inode) == (found.sight.device, found.sight.inode)
        if not same or sight.size < found.end or found.base is None:
            return False
        handle = self._readable()
        beginning = self._files.read(handle, 0, WHOLE_AT)
        if beginning != found.head[:WHOLE_AT]:
            return False
        if found.last and self._files.read(handle, found.end - SEAL, SEAL) != found.last:
            return False
        extend(self._files, handle, found, str(self._path))
        found.sight = sight
        return True

    def _readable(self) -> int:
        if self._reading is None or self._reading[1] != os.getpid():
            self._reading = self._files.open(self._path, write=False), os.getpid()
        return self._reading[0]

    def _writable(self, found: Generation) -> int:
        """A handle of the file that was read, to write to it."""
        if self._writing_to is not None and self._writing_to[1] == os.getpid():
            return self._writing_to[0]  # of the file that was read: both are let go together
        handle = self._files.open(self._path, write=True)
        self._writing_to = handle, os.getpid()
        sight = self._files.sight(handle)
        if (sight.device, sight.inode) != (found.sight.device, found.sight.inode):
            self._let_go()
            raise StorageError(
                "the file was replaced by somebody without the lock", str(self._path)
            )
        if self._named != sight.inode:
            # whoever put it there may have died before the disk had its name
            self._files.sync_folder(self._path.parent)
            self._named = sight.inode
        return handle

    def _let_go(self) -> None:
        """Close the handles of this process."""
        for held in (self._reading, self._writing_to):
            if held is not None and held[1] == os.getpid():
                with suppress(OSError):
                    self._files.close(held[0])
        self._reading = self._writing_to = None

    def _is_large(self, found: Generation, more: int) -> bool:
        """Whether the tail, with this many bytes more, should be put in order."""
        tail = 0 if found.base is None else found.base.head.tail
        return found.end - tail + more > max(SMALLEST, SHARE * tail)

    @property
    def keeps_text(self) -> bool:
        """That it does; see ``KeepsText``."""
        return True

    def _append(self, found: Generation, line: CommitLine) -> None:
        content = line.line()
        try:
            handle = self._writable(found)
            if found.torn is not None:
                self._files.truncate(handle, found.end)
                found.torn = None
        except OSError as error:
            raise self._failure("it cannot be written", error) from error
        try:
            self._files.write(handle, found.end, content)
        except OSError as error:
            self._take_back(handle, found.end, error)
        try:
            self._files.sync(handle)
        except OSError as error:
            raise self._doubt(error) from error
        self._has_written = True
        with self._memory:
            if found.seq < line.seq:  # or a reader has seen it by now
                found.tail.add(line)
                found.seq, found.last = line.seq, content[-SEAL:]
                found.end += len(content)
            found.torn = None
            with suppress(OSError):
                found.sight = self._files.sight(handle)

    def _take_back(self, handle: int, end: int, error: OSError) -> None:
        """Cut off what was written of a line; raises what is to be told."""
        try:
            self._files.truncate(handle, end)
        except OSError:
            raise self._doubt(error) from error
        raise self._failure("it cannot be written", error) from error

    def _doubt(self, error: OSError) -> OutcomeUnknownError:
        self._is_doubtful = True
        why = f"the disk may or may not have the commit ({error.strerror or error})"
        return OutcomeUnknownError(why, str(self._path), "open it anew and look")

    def _rewrite(
        self,
        moment: Moment,
        history: History | None = None,
        erased: frozenset[Key] = frozenset(),
        draft: Draft | None = None,
    ) -> None:
        """Write a new file, and put it in the place of the old one.

        It holds a moment, and what a commit that follows it writes.
        """
        temporary = self._beside(".tmp")
        try:
            try:
                self._write(temporary, moment, history or self._history, erased, draft)
                self._put_in_place(temporary)
            except (OSError, DamagedStoreError):
                with suppress(OSError):
                    self._files.remove(temporary)
                raise
        except OSError as error:
            raise self._failure("it cannot be written", error) from error
        self._has_written = True
        try:
            self._files.sync_folder(self._path.parent)
        except OSError as error:
            raise self._doubt(error) from error
        with suppress(StorageError):  # it is stored; who reads next is told
            self._refresh()
            self._named = None if self._found is None else self._found.sight.inode

    def _write(
        self,
        temporary: Path,
        moment: Moment,
        history: History,
        erased: frozenset[Key],
        draft: Draft | None,
    ) -> None:
        keeps = history is History.KEEP
        seq = moment.seq if draft is None else draft.seq
        after = self._first_kept(moment) if keeps else seq
        known: Mapping[Key, Mapping[str, Json]] = {}
        load = None if draft is None else draft.load()
        if draft is not None and load is None:
            known = {(one.kind, one.id): one.data for one in draft.changes if one.data}
            moment = Moment(moment.base, moment.tail.plus(draft.line()), seq, self._indexed)
            draft = None
        handle = self._files.create(temporary, self._path)
        try:
            write_file(
                self._files,
                handle,
                rows=pieces(moment, load, known),
                commits=kept_lines(moment, str(self._path), erased, draft) if keeps else (),
                seq=seq,
                after=after,
                places=self._indexed.places,
            )
            self._files.sync(handle)
        finally:
            self._files.close(handle)

    def _first_kept(self, moment: Moment) -> int:
        """The number that the commits follow which can be kept."""
        if moment.base is not None:
            return moment.base.head.after
        commits = moment.tail.commits(0, moment.seq)
        return commits[0].seq - 1 if commits else moment.seq

    def _put_in_place(self, temporary: Path) -> None:
        if self._files.keeps_open:
            self._files.replace(temporary, self._path)
        else:
            self._let_go()
            for left in reversed(range(_TRIES)):
                try:
                    self._files.replace(temporary, self._path)
                    break
                except PermissionError:  # a reader has it open right now
                    if not left:
                        raise
                    time.sleep(_PAUSE)
        self._let_go()

    def _failure(self, why: str, error: OSError) -> StorageError:
        return StorageError(f"{why} ({error.strerror or error})", str(self._path))


def _row(one: Step, state: tuple[int, str] | None) -> Row | None:
    return None if state is None else Row(one.kind, one.id, state[0], RowText(state[1], one.id))
