"""How far the journal was synced, and whether all of that is there."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from acd.journal import database, segment
from acd.journal.errors import JournalError
from acd.journal.moments import moment
from acd.marks import Mark, noted

FILE = "synced"
SYNC_EVERY_S = 1.0
"""The note survives the death of the process at once, that of the machine after so long: it may then be too
low, and is never too high."""


class Gone(NamedTuple):
    """Entries that were synced and are not there any more."""

    first: int
    last: int
    file: Path
    """In which the record ends now."""
    after_ms: int
    """The moment of the entry before them; 0: there is none."""

    def __str__(self) -> str:
        return f"{self.file}: {self.reason()}"

    def reason(self) -> str:
        """Without the file."""
        ends = f"ends with entry {self.first - 1} of {moment(self.after_ms)}" if self.after_ms else "is empty"
        return f"{ends}, but entries {self.first} to {self.last} were synced, and are gone"


def sync_mark(directory: Path) -> Mark:
    """That of a journal, for its sync thread. Raises OSError."""
    return Mark(directory / FILE, sync_every_s=SYNC_EVERY_S)


def lost(directory: Path) -> Gone | None:
    """What was synced and is gone; None: nothing is known to be.

    Reads only, and may run beside the server. Files that cannot be read are for others to tell.
    """
    synced = noted(directory / FILE)
    try:
        last = last_stored(directory)
    except (JournalError, OSError, sqlite3.Error):
        return None
    return Gone(last.seq + 1, synced, last.file, last.t_ms) if last.seq < synced else None


class Last(NamedTuple):
    """The last entry of a journal, and the file that has it; 0: there is none."""

    seq: int
    t_ms: int
    file: Path


def last_stored(directory: Path) -> Last:
    """Of all files; one of a moment ago may be gone, and is in the archive then.

    Raises JournalError, OSError, sqlite3.Error.
    """
    found = [Last(0, 0, directory)]
    for path in (*reversed(segment.stored_paths(directory)), directory / database.ARCHIVE):
        with suppress(FileNotFoundError), closing(database.connect_to_read(path)) as db:
            query = "SELECT seq, t_ms FROM entries ORDER BY seq DESC LIMIT 1"
            found += [Last(seq, t_ms, path) for seq, t_ms in db.execute(query)]
    return max(found)
