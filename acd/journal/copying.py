"""Copies of SQLite files and of a whole journal, beside whoever writes them."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from shutil import copyfile

from acd.files import open_as, sync_path
from acd.journal import losses, mark, segment
from acd.journal.database import ARCHIVE, flaws
from acd.journal.errors import JournalDamagedError, JournalOpenError
from acd.journal.reading import JournalReader
from acd.journal.snapshots import stored_snapshots
from acd.marks import note_durably, noted

PAGES = 1024
"""Copied at a time: after each the progress is told."""

OnCopied = Callable[[int], None]
"""Told how many more bytes were copied."""

OnRead = Callable[[int, int], None]
"""Told how many entries of the copy, of how many, were read again."""

_TOLD_EVERY = 1_000


def copy_database(source: Path, target: Path, on_copied: OnCopied) -> None:
    """`source` as it is at one moment, synced, in one file, and checked as a whole (integrity_check).

    It is opened for reading only and through SQLite alone: nothing is moved, and no lock is dropped (see
    `acd.files`). Raises JournalOpenError, FileNotFoundError.
    """
    if not source.exists():
        raise FileNotFoundError(source)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(open_as(source, "mode=ro")) as db, closing(sqlite3.connect(target)) as copy:
            db.execute("BEGIN")  # one moment: without it each write there would begin the copy anew
            (size,) = db.execute("PRAGMA page_size").fetchone()
            told = 0

            def tell(_: int, left: int, total: int) -> None:
                nonlocal told
                on_copied((total - left - told) * size)
                told = total - left

            db.execute("SELECT count(*) FROM sqlite_master")
            db.backup(copy, pages=PAGES, progress=tell)
        found = flaws(target, "immutable=1")
    except sqlite3.Error as error:
        raise JournalOpenError(f"cannot copy {source}: {error}") from error
    if found:
        raise JournalOpenError(f"the copy of {source} is damaged: {found}")
    sync_path(target)


def copy_journal(
    directory: Path,
    target: Path,
    on_copied: OnCopied,
    on_read: OnRead = lambda read, total: None,  # noqa: ARG005
) -> int:
    """A journal that a start can go on from, in the new folder `target`; returns its last entry.

    In this order, since entries move from segments to the archive meanwhile: a snapshot needs the entries
    before it, and a segment that is gone is in the archive. The copy says of itself how far it goes, and is
    none if it does not go as far as was synced before. Raises JournalError, FileNotFoundError.
    """
    if gone := mark.lost(directory):
        raise JournalDamagedError(f"{gone}: restore a backup")
    target.mkdir(mode=0o700)
    note_durably(target / mark.FILE, noted(directory / mark.FILE))
    for path in stored_snapshots(directory):
        with suppress(FileNotFoundError):  # a newer one took its place
            copyfile(path, target / path.name)
            sync_path(target / path.name)
    for path in segment.stored_paths(directory):
        try:
            copy_database(path, target / path.name, on_copied)
        except (FileNotFoundError, JournalOpenError):
            if path.exists():
                raise
            (target / path.name).unlink(missing_ok=True)
    copy_database(directory / ARCHIVE, target / ARCHIVE, on_copied)
    for loss in losses.losses(directory):
        losses.note_loss(target, loss)
    last = _checked(target, on_read)
    note_durably(target / mark.FILE, last)
    sync_path(target)
    return last


def _checked(directory: Path, on_read: OnRead) -> int:
    """Read each entry with its checksum, no hole, from the first on; as far as the snapshots need them.

    Also what no start reads: a history behind a damaged entry is gone.
    """
    snapshots = stored_snapshots(directory)
    needed = int(snapshots[-1].name.rpartition("-")[2]) if snapshots else 0
    last, total = 0, mark.last_stored(directory).seq
    for entry in JournalReader(directory).entries():
        last = entry.seq
        if last % _TOLD_EVERY == 0:
            on_read(last, total)
    if last < needed:
        raise JournalDamagedError(f"{directory}: ends with entry {last}, and a snapshot follows {needed}")
    return last
