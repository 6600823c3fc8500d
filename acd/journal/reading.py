"""Reading a journal's directory without its lock: beside the running server, after it, or in a copy."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec import MsgspecError

from acd.core.facts import Arrived
from acd.journal import database, rows, segment
from acd.journal.codec import decode_facts
from acd.journal.errors import JournalDamagedError, JournalError, JournalOpenError
from acd.journal.losses import Loss, losses
from acd.journal.mark import lost
from acd.journal.moments import moment
from acd.ports import ChannelRecord, JournalEntry

_CHUNK = 10_000
_ARRIVED = Arrived.__name__.encode()
"""In the bytes of facts, which need not be decoded where it is not."""


class JournalReader:
    """All entries in `directory`, archived or not; nothing is written but what SQLite needs to read.

    What the server appends while this reads is seen. Raises JournalOpenError: there is no journal, or it
    cannot be read; JournalFormatError, JournalDamagedError as the journal does, so also if it ends before
    what was synced: its last days would look quiet, and nobody sees that they were not.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._archive = directory / database.ARCHIVE
        if not self._archive.is_file() and not segment.stored_paths(directory):
            raise JournalOpenError(f"there is no journal in {directory}")
        if gone := lost(directory):
            raise JournalDamagedError(f"{gone}: restore a backup")

    def losses(self, begin_ms: int, end_ms: int) -> list[Loss]:
        """What an operator let go of the time from `begin_ms` up to `end_ms`. Raises JournalDamagedError."""
        return [loss for loss in losses(self._directory) if loss.touches(begin_ms, end_ms)]

    def entries(self, after_seq: int = 0) -> Iterator[JournalEntry]:
        """Entries with seq > after_seq, oldest first, none missing.

        What follows the end of a segment whose machine died had not been synced, and is left out. Raises
        JournalDamagedError for any other hole: a record with one tells less than there was, and nobody sees.
        """
        while chunk := self._chunk(after_seq):
            for entry in chunk:
                if entry.seq != after_seq + 1:
                    if self._died_at(after_seq):
                        return
                    raise self._hole(after_seq + 1, entry)
                after_seq = entry.seq
                yield entry

    def last_seq(self) -> int:
        """The newest entry; 0: there is none. Raises JournalOpenError, JournalFormatError."""
        return max(
            (_last_of(path) for path in (self._archive, *segment.stored_paths(self._directory))), default=0
        )

    def _died_at(self, seq: int) -> bool:
        """Whether a segment ends there that nobody has sealed, as its run died."""
        return any(_unsealed_end(path) == seq for path in segment.stored_paths(self._directory))

    def _hole(self, first: int, following: JournalEntry) -> JournalDamagedError:
        return JournalDamagedError(
            f"{self._directory}: entries {first} to {following.seq - 1} are missing, the next is of "
            f"{moment(following.t_ms)}: bring back the file that they were in, from a backup"
        )

    def before(self, t_ms: int) -> int:
        """A sequence number so that every entry up to it is older than `t_ms`, and few after it are."""
        if not self._archive.is_file():
            return 0
        with closing(database.connect_to_read(self._archive)) as connection:
            try:
                (high,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
                low = 0
                while low < high:
                    middle = (low + high + 1) // 2
                    found = connection.execute("SELECT t_ms FROM entries WHERE seq = ?", (middle,)).fetchone()
                    if found is None or found[0] >= t_ms:
                        high = middle - 1
                    else:
                        low = middle
            except sqlite3.DatabaseError as error:
                raise JournalDamagedError(f"{self._archive}: {error}") from error
        return low

    def records(self) -> dict[tuple[str, str], bytes]:
        """What channels noted last, as it is stored. Beside a server that archives some of it may be older.

        Raises JournalError.
        """
        found: dict[tuple[str, str], bytes] = {}
        for channel, key, value in self._changes():
            if value is None:
                found.pop((channel, key), None)
            else:
                found[channel, key] = value
        return found

    def _changes(self) -> Iterator[ChannelRecord]:
        for path in (self._archive, *segment.stored_paths(self._directory)):
            try:
                with closing(database.connect_to_read(path)) as connection:
                    if path == self._archive:
                        query = "SELECT channel, key, value FROM records"
                        yield from map(ChannelRecord._make, connection.execute(query))
                    else:
                        yield from segment.changes(connection, path)
            except FileNotFoundError:
                continue
            except sqlite3.DatabaseError as error:
                raise JournalDamagedError(f"{path}: {error}: restore the journal from a backup") from error

    def _chunk(self, after_seq: int) -> list[JournalEntry]:
        chunk = _read(self._archive, after_seq)
        for path in segment.stored_paths(self._directory) if not chunk else ():
            chunk = _read(path, after_seq)
            if chunk:
                break
        if chunk and chunk[0].seq == after_seq + 1:
            return chunk
        # What is missing may have moved between the two looks; a segment goes only once the archive has it.
        return _read(self._archive, after_seq) or chunk


def has_contacts(directory: Path) -> bool:
    """Whether a contact has ever come, as far as the journal can be read: that of a new desk has none."""
    try:
        for entry in JournalReader(directory).entries():
            if _ARRIVED in entry.facts and any(isinstance(one, Arrived) for one in decode_facts(entry.facts)):
                return True
    except (JournalError, MsgspecError):
        pass
    return False


def _last_of(path: Path) -> int:
    try:
        with closing(database.connect_to_read(path)) as connection:
            (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
    except FileNotFoundError:
        return 0
    except sqlite3.Error as error:
        raise JournalOpenError(f"cannot read {path}: {error}") from error
    return int(last)


def _unsealed_end(path: Path) -> int | None:
    """The last entry of a segment that is not sealed; None: it is, or is gone, or empty."""
    try:
        with closing(database.connect_to_read(path)) as connection:
            base, sealed = connection.execute("SELECT base_seq, sealed_seq FROM segment").fetchone()
            (last,) = connection.execute("SELECT max(seq) FROM entries").fetchone()
    except (FileNotFoundError, sqlite3.Error):
        return None
    return None if sealed is not None else last or base


def _read(path: Path, after_seq: int) -> list[JournalEntry]:
    """Some entries of one file; none if it is gone."""
    try:
        with closing(database.connect_to_read(path)) as connection:
            return list(rows.select(connection, after_seq, _CHUNK, str(path)))
    except FileNotFoundError:
        return []
    except sqlite3.OperationalError as error:
        if not path.exists():
            return []
        raise JournalOpenError(f"cannot read {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise JournalDamagedError(f"{path}: {error}: restore the journal from a backup") from error
