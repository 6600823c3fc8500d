"""A record of what a desk did: a journal's directory, one of its files, or JSON lines; opened for reading."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from acd.core.engine import ENGINE_VERSION
from acd.core.events import AnyEvent
from acd.core.facts import AnyFact
from acd.journal import rows
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.journal.database import connect_to_read
from acd.journal.errors import JournalDamagedError, JournalError
from acd.journal.losses import Loss
from acd.journal.reading import JournalReader
from acd.journal.segment import stored_paths
from acd.journal.snapshots import SnapshotFiles
from acd.ports import JournalEntry, Snapshot
from config.errors import ConfigError

_LAST = "SELECT seq, t_ms FROM entries ORDER BY seq DESC LIMIT 1"

Place = tuple[int, int]
"""(sequence number, moment in Unix ms) of an entry; (0, 0): there is none."""


class DamagedRecord(ConfigError):
    """It was more than it is: an answer from the rest would be wrong, and nobody would see."""


class JsonEntry(Struct, frozen=True):
    """One line of a JSON-lines record."""

    seq: int
    t_ms: int
    event: AnyEvent
    facts: list[AnyFact]
    version: int = ENGINE_VERSION


class PastRecord:
    """The entries that were there when it was opened. Nothing is written, and the server may be running.

    A path is a journal's directory (or the data directory above it), an archive or a segment, or a file of
    JSON lines. Raises ConfigError when it is none of these, DamagedRecord.
    """

    def __init__(self, path: Path) -> None:
        self.given = path
        inside = path / "journal"
        self.path = inside if inside.is_dir() else path
        try:
            self.last_seq, self.last_ms = self._find_last()
        except JournalDamagedError as error:
            kind = DamagedRecord if self.path.is_dir() else ConfigError
            raise kind(str(path), "", str(error)) from error
        except (JournalError, OSError, sqlite3.Error) as error:
            raise ConfigError(str(path), "", f"is no journal that can be read: {error}") from error
        if not self.last_seq:
            raise ConfigError(str(path), "", "has no entries")

    def entries(self, after_seq: int = 0) -> Iterator[JournalEntry]:
        """Entries with seq > after_seq, oldest first, none missing. Raises DamagedRecord naming the entry."""
        try:
            for entry in self._stored(after_seq):
                if entry.seq > self.last_seq:
                    return
                if after_seq and entry.seq != after_seq + 1:
                    raise self._missing(after_seq + 1)
                after_seq = entry.seq
                yield entry
            if after_seq < self.last_seq:
                raise self._missing(after_seq + 1)
        except (JournalError, sqlite3.Error) as error:
            raise DamagedRecord(str(self.path), f"after entry {after_seq}", str(error)) from error

    def losses(self, begin_ms: int = 0, end_ms: int = sys.maxsize) -> list[Loss]:
        """What was lost of that time, and accepted. Raises DamagedRecord."""
        try:
            return JournalReader(self.path).losses(begin_ms, end_ms) if self.path.is_dir() else []
        except JournalError as error:
            raise DamagedRecord(str(self.path), "", str(error)) from error

    def snapshots(self) -> list[Snapshot]:
        """The good snapshots beside the entries, oldest first; from each of them a replay may begin."""
        if not self.path.is_dir():
            return []
        return [found for path in sorted(self.path.glob("snapshot-*")) if (found := _snapshot(path))]

    def _missing(self, seq: int) -> DamagedRecord:
        return DamagedRecord(
            str(self.path), f"entry {seq}", f"is missing, but there is entry {self.last_seq}"
        )

    def _find_last(self) -> Place:
        if self.path.is_dir():
            JournalReader(self.path)  # refuses what is no journal
            files = [self.path / "archive.db", *stored_paths(self.path)]
            return max(_last(file) for file in files if file.exists())
        if _is_database(self.path):
            return _last(self.path)
        return max(((entry.seq, entry.t_ms) for entry in _json_lines(self.path)), default=(0, 0))

    def _stored(self, after_seq: int) -> Iterator[JournalEntry]:
        if self.path.is_dir():
            return JournalReader(self.path).entries(after_seq)
        if _is_database(self.path):
            return _rows(self.path, after_seq)
        return (entry for entry in _json_lines(self.path) if entry.seq > after_seq)


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def _last(path: Path) -> Place:
    with closing(connect_to_read(path)) as connection:
        seq, t_ms = connection.execute(_LAST).fetchone() or (0, 0)
    return seq, t_ms


def _rows(path: Path, after_seq: int) -> Iterator[JournalEntry]:
    with closing(connect_to_read(path)) as connection:
        yield from rows.select(connection, after_seq, -1, str(path))


def _json_lines(path: Path) -> Iterator[JournalEntry]:
    """Raises ConfigError naming the line."""
    decoder = msgspec.json.Decoder(JsonEntry)
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                one = decoder.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                reason = f"is neither a journal nor an entry as JSON: {error}"
                raise ConfigError(str(path), "", reason, line=number) from error
            facts = encode_facts(one.facts)
            yield JournalEntry(
                one.seq, one.t_ms, one.version, encode_event(one.event), facts, facts_digest(facts)
            )


def _snapshot(path: Path) -> Snapshot | None:
    """Read from a copy: who loads snapshots renames the damaged ones."""
    with TemporaryDirectory() as folder:
        try:
            shutil.copy(path, folder)
            files = SnapshotFiles(Path(folder))
            files.check_format()
            return files.load()
        except (JournalError, OSError):
            return None
