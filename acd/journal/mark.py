"""How far the journal was synced, noted beside it: SQLite reads a WAL up to its first bad frame, silently."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from struct import Struct
from time import monotonic
from zlib import crc32

from acd.journal import database, segment
from acd.journal.errors import JournalError
from acd.journal.reading import connect

FILE = "synced"
SYNC_EVERY_S = 1.0
"""The note survives the death of the process at once, that of the machine after so long: it may then be too
low, and is never too high."""

_LAYOUT = Struct(">8sQI")
"""magic, last synced entry, CRC-32 of both: 20 bytes, so within one sector."""
_MAGIC = b"ACDSYNC\n"


class SyncMark:
    """Written by the sync thread only. A fault of its file is no fault of the journal."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError."""
        self._file = os.open(directory / FILE, os.O_CREAT | os.O_RDWR, 0o600)
        self._synced_s = 0.0

    def note(self, seq: int) -> None:
        """Everything up to `seq` is on the disk."""
        with suppress(OSError):
            os.pwrite(self._file, _packed(seq), 0)
            if monotonic() - self._synced_s >= SYNC_EVERY_S:
                os.fdatasync(self._file)
                self._synced_s = monotonic()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def lost(directory: Path) -> tuple[int, int] | None:
    """First and last entry that were synced and are not there any more; None: none is known to be.

    Reads only, and may run beside the server. Files that cannot be read are for others to tell.
    """
    noted = _noted(directory / FILE)
    try:
        last = _last_stored(directory)
    except (JournalError, OSError, sqlite3.Error):
        return None
    return (last + 1, noted) if last < noted else None


def _packed(seq: int) -> bytes:
    return _LAYOUT.pack(_MAGIC, seq, crc32(_MAGIC + seq.to_bytes(8, "big")))


def _noted(path: Path) -> int:
    """0 if there is no note, or none that can be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return 0
    if len(data) != _LAYOUT.size:
        return 0
    seq = int(_LAYOUT.unpack(data)[1])
    return seq if data == _packed(seq) else 0


def _last_stored(directory: Path) -> int:
    """The last entry of all files; a file of a moment ago may be gone, and is in the archive then."""
    found = [0]
    for path in (*reversed(segment.stored_paths(directory)), directory / database.ARCHIVE):
        with suppress(FileNotFoundError), closing(connect(path)) as db:
            found += [seq or 0 for (seq,) in db.execute("SELECT max(seq) FROM entries")]
    return max(found)
