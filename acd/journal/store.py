"""The journal's directory: lock, recovery, the files in their order, and the move to the archive."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfile
from threading import Lock

from acd.files import HeldError, take_lock
from acd.journal import database, segment
from acd.journal.archive import Archive
from acd.journal.errors import JournalDamagedError, JournalLockedError, JournalOpenError
from acd.journal.losses import Loss, note_loss
from acd.journal.mark import lost, sync_mark
from acd.journal.segment import Segment, StoredSegment
from acd.journal.snapshots import SnapshotFiles
from acd.marks import Mark
from acd.ports import JournalEntry, Recovered, Snapshot

_CHUNK = 1_000
_FIRST_CHUNK = 16
DISCARDED = ".discarded"
CUT = ".cut"
"""Copies of files whose end was lost, as they were found."""


class Store:
    """All files of one journal, locked for one process. Made by `Store.open`."""

    def __init__(self, directory: Path, held: int, mark: Mark) -> None:
        self.directory = directory
        self.mark = mark
        self.snapshots = SnapshotFiles(directory)
        self.last_seq = 0
        self.discarded: list[Path] = []
        """Segments set aside because the machine died before the entries ahead of them were synced."""
        self._lock = held
        self._archive: Archive | None = None
        self._sealed: list[tuple[Path, int]] = []
        self._retired: list[Segment] = []
        self._number = 0
        self._torn: list[tuple[Path, int]] = []
        """Segments not known to be whole when the last run died: a gap after one of them is no damage."""
        self._layout = Lock()

    @classmethod
    def open(cls, directory: Path, *, accept_loss: bool = False) -> tuple["Store", Recovered]:
        """Lock the directory, make it if need be, read all a restart needs; what is returned is synced.

        `accept_loss`: go on although synced entries are gone; what is left of the files is kept.

        Raises JournalOpenError, JournalLockedError, JournalFormatError, JournalDamagedError.
        """
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            store = cls(directory, _lock(directory / "lock"), sync_mark(directory))
        except OSError as error:
            raise JournalOpenError(f"cannot use {directory} for the journal: {error.strerror}") from error
        try:
            store._check_tail(accept_loss)
            recovered = store._recover()
            store.mark.note(store.last_seq)
            return store, recovered
        except BaseException as error:
            store.close()
            if isinstance(error, OSError | sqlite3.OperationalError):
                raise JournalOpenError(f"cannot use {directory} for the journal: {error}") from error
            if isinstance(error, sqlite3.DatabaseError):
                raise JournalDamagedError(
                    f"{directory}: {error}: restore the journal from a backup"
                ) from error
            raise

    def new_segment(self) -> Segment:
        """The next segment, empty and durable. Raises OSError, sqlite3.Error."""
        with self._layout:
            self._number += 1
            return Segment.create(self.directory, self._number)

    def retire(self, old: Segment, last_seq: int) -> None:
        """From now on `old` is good up to `last_seq`, on the disk, and no one writes it."""
        with self._layout:
            self._retired.append(old)
            self._sealed.append((old.path, last_seq))

    def drop(self, failed: Segment) -> None:
        """Remove a segment that holds nothing that counts."""
        with self._layout:
            failed.close()
            segment.unlink(failed.path)

    def archive_covered(self) -> None:
        """Move the sealed segments that two snapshots cover to the archive. Raises OSError, sqlite3.Error."""
        floor = self.snapshots.covered_seq
        self._close_retired()
        while self._sealed and self._sealed[0][1] <= floor:
            path, last_seq = self._sealed[0]
            with self._layout:
                self._opened_archive().fold(segment.number_of(path), path, last_seq)
                self._sealed.pop(0)
                segment.unlink(path)

    def entries(self, after_seq: int) -> Iterator[JournalEntry]:
        """Every committed entry with seq > after_seq, oldest first; read in chunks, beside the writer.

        Raises JournalDamagedError, JournalOpenError, naming the file.

        The first ones are small: who looks for a contact wants a few entries here and a few there.
        """
        limit = _FIRST_CHUNK
        while chunk := self._chunk(after_seq, limit):
            yield from chunk
            after_seq, limit = chunk[-1].seq, min(4 * limit, _CHUNK)

    def close(self) -> None:
        """Close every file and let go of the lock; the segment being written was closed by its owner."""
        self._close_retired()
        if self._archive is not None:
            self._archive.close()
        self.mark.close()
        os.close(self._lock)

    def _close_retired(self) -> None:
        """Closing checkpoints the file, with fsyncs: not for the writer's or the sync thread."""
        while self._retired:
            self._retired.pop(0).close()

    def _opened_archive(self) -> Archive:
        if self._archive is None:
            self._archive = Archive(self.directory)
        return self._archive

    def _chunk(self, after_seq: int, limit: int) -> list[JournalEntry]:
        with self._layout:
            archive = self._opened_archive()
            with _naming(archive.path):
                chunk = list(archive.entries(after_seq, limit))
            for path in segment.stored_paths(self.directory) if not chunk else ():
                with _naming(path), closing(StoredSegment(path)) as stored:
                    chunk = list(stored.entries(after_seq, limit))
                if chunk:
                    break
        return chunk

    def _recover(self) -> Recovered:
        self._check_files()
        snapshot = self.snapshots.load()
        archive = self._opened_archive()
        records = archive.records()
        after = snapshot.seq if snapshot else 0
        entries = list(archive.entries(after))
        self.last_seq = archive.last_seq
        self._number = archive.folded_segment
        for path in segment.stored_paths(self.directory):
            self._recover_segment(path, entries, records, after)
        _check_whole(snapshot, entries, self.last_seq)
        self._seal_torn()
        return Recovered(snapshot, entries, records)

    def _check_tail(self, accept_loss: bool) -> None:
        """Before anything is opened for writing, which would drop the rest of a damaged WAL."""
        gone = lost(self.directory)
        if gone is None:
            return
        if not accept_loss:
            raise JournalDamagedError(
                f"{gone}: a file was damaged, cut, or copied from a running server. Restore a backup, or go "
                "on without them: acd serve --accept-loss"
            )
        for path in (*self.directory.glob("segment-*.db"), *self.directory.glob("segment-*.db-wal")):
            copyfile(path, path.with_name(path.name + CUT))
        now_ms = time.time_ns() // 1_000_000
        note_loss(self.directory, Loss(gone.first, gone.last, gone.after_ms, now_ms))

    def _check_files(self) -> None:
        for unfinished in self.directory.glob("*" + database.UNFINISHED):
            unfinished.unlink()
        for path in self.directory.glob("*.db"):
            database.check_format(path)
        self.snapshots.check_format()

    def _recover_segment(
        self, path: Path, entries: list[JournalEntry], records: dict[tuple[str, str], bytes], after: int
    ) -> None:
        number = segment.number_of(path)
        if number <= self._opened_archive().folded_segment:
            segment.unlink(path)
            return
        self._number = number
        with closing(StoredSegment(path)) as stored:
            lost = stored.base_seq is not None and stored.base_seq > self.last_seq
            if lost and not self._torn:
                raise _damaged(path, self.last_seq + 1)
            if not lost:
                self._take_segment(stored, entries, records, after)
        if lost:
            self._discard(path)
        elif stored.base_seq is None:
            segment.unlink(path)
        else:
            self._sealed.append((path, self.last_seq))

    def _take_segment(
        self,
        stored: StoredSegment,
        entries: list[JournalEntry],
        records: dict[tuple[str, str], bytes],
        after: int,
    ) -> None:
        for entry in stored.entries(self.last_seq):
            if entry.seq != self.last_seq + 1:
                raise _damaged(stored.path, self.last_seq + 1)
            self.last_seq = entry.seq
            if entry.seq > after:
                entries.append(entry)
        if stored.sealed_seq is not None and stored.sealed_seq > self.last_seq:
            raise _damaged(stored.path, self.last_seq + 1)
        if stored.sealed_seq is None and stored.base_seq is not None:
            self._torn.append((stored.path, self.last_seq))
        for channel, key, value in stored.record_changes():
            if value is None:
                records.pop((channel, key), None)
            else:
                records[channel, key] = value

    def _seal_torn(self) -> None:
        """Note that these are whole now. Last of all: if we die before, the next start judges as we did."""
        for path, last_seq in self._torn:
            with closing(StoredSegment(path)) as stored:
                stored.seal(last_seq)

    def _discard(self, path: Path) -> None:
        """Set aside a segment whose predecessor lost its unsynced end with the machine.

        Nothing in it was ever reported as synced: the sync thread does the segments in order.
        """
        kept = path.with_name(path.name + DISCARDED)
        path.rename(kept)
        segment.unlink(path)
        self.discarded.append(kept)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """What SQLite cannot read of it, as an error of the journal."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise JournalOpenError(f"cannot read {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise JournalDamagedError(f"{path}: {error}: restore the file from a backup") from error


def _check_whole(snapshot: Snapshot | None, entries: list[JournalEntry], last_seq: int) -> None:
    """Raise JournalDamagedError unless the entries follow the snapshot without a gap up to last_seq."""
    after = snapshot.seq if snapshot else 0
    missing = next(
        (i for i, entry in enumerate(entries, after + 1) if entry.seq != i), after + len(entries) + 1
    )
    if missing <= last_seq or after > last_seq:
        raise JournalDamagedError(f"journal entry {min(missing, last_seq + 1)} is missing: restore a backup")


def _damaged(path: Path, seq: int) -> JournalDamagedError:
    return JournalDamagedError(
        f"{path}: entry {seq} was stored but is gone: restore the journal from a backup"
    )


def _lock(path: Path) -> int:
    try:
        return take_lock(path)
    except HeldError as holder:
        raise JournalLockedError(
            f"the journal in {path.parent} is in use by process {holder}: "
            "stop it first, or choose another directory"
        ) from None
