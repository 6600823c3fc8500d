"""Snapshot files: one per snapshot, with a checksum; the newest two are kept."""

import struct
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from acd.files import sync_path, write_synced
from acd.journal import database
from acd.journal.errors import JournalDamagedError, JournalFormatError
from acd.ports import Snapshot

KEPT = 2
_MAGIC = b"ACDSNAP\n"
_HEADER = struct.Struct(">8sHQQ32s")
"""magic, format, seq, engine version, BLAKE2b-256 of seq, version and state."""
_PREFIX = "snapshot-"
_DAMAGED = ".damaged"


class SnapshotFiles:
    """The snapshots in a directory; `stored` are the readable ones' sequence numbers, oldest first."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.stored: list[int] = []

    @property
    def covered_seq(self) -> int:
        """Entries up to here are in two good snapshots, so no restart will ask for them; 0 if none."""
        return self.stored[0] if len(self.stored) == KEPT else 0

    def check_format(self) -> None:
        """Raise JournalFormatError if a newer program wrote one of the files."""
        for path in self._paths():
            with path.open("rb") as file:
                header = file.read(_HEADER.size)
            if len(header) == _HEADER.size and header.startswith(_MAGIC):
                found = _HEADER.unpack(header)[1]
                if found > database.FORMAT:
                    raise JournalFormatError(path, found, database.FORMAT)

    def load(self) -> Snapshot | None:
        """The newest good snapshot, None if there is none at all; a damaged one is renamed and passed over.

        Raises JournalDamagedError if there are snapshots but not one of them is good.
        """
        paths = self._paths()
        found = [(path, _read(path)) for path in paths]
        good = [snapshot for _, snapshot in found if snapshot is not None]
        if paths and not good:
            raise JournalDamagedError(
                f"no snapshot in {self._directory} is readable: restore a backup, or delete the snapshot "
                "files to replay the whole archive from the first entry"
            )
        for path, snapshot in found:
            if snapshot is None:
                path.rename(path.with_name(path.name + _DAMAGED))
        self.stored = [snapshot.seq for snapshot in good]
        return good[-1] if good else None

    def store(self, snapshot: Snapshot) -> None:
        """Write it durably, then drop all but the newest two. Raises OSError; then the old ones are kept."""
        path = self._path(snapshot.seq)
        unfinished = path.with_name(path.name + database.UNFINISHED)
        write_synced(unfinished, _header(snapshot), snapshot.state)
        unfinished.rename(path)
        sync_path(self._directory)
        if snapshot.seq not in self.stored:
            self.stored.append(snapshot.seq)
        while len(self.stored) > KEPT:
            self._path(self.stored.pop(0)).unlink(missing_ok=True)

    def _path(self, seq: int) -> Path:
        return self._directory / f"{_PREFIX}{seq:020d}"

    def _paths(self) -> list[Path]:
        return stored_snapshots(self._directory)


def stored_snapshots(directory: Path) -> list[Path]:
    """Their files, oldest first."""
    found = directory.glob(_PREFIX + "*")
    return sorted(path for path in found if path.name.removeprefix(_PREFIX).isdigit())


def damaged_snapshots(directory: Path) -> list[Path]:
    """Those that cannot be read; a start passes them over as long as another one is good."""
    found = []
    for path in stored_snapshots(directory):
        with suppress(FileNotFoundError):  # a newer one took its place
            if _read(path) is None:
                found.append(path)
    return found


def good_snapshots(directory: Path) -> list[Snapshot]:
    """Those that are readable, oldest first; for whoever only reads: nothing is renamed or checked out."""
    found = []
    for path in stored_snapshots(directory):
        with suppress(FileNotFoundError):  # a newer one took its place
            found.append(_read(path))
    return [snapshot for snapshot in found if snapshot is not None]


def _checksum(seq: int, version: int, state: bytes) -> bytes:
    total = blake2b(b"%d %d " % (seq, version), digest_size=32)
    total.update(state)
    return total.digest()


def _header(snapshot: Snapshot) -> bytes:
    checksum = _checksum(*snapshot)
    return _HEADER.pack(_MAGIC, database.FORMAT, snapshot.seq, snapshot.version, checksum)


def _read(path: Path) -> Snapshot | None:
    data = path.read_bytes()
    if len(data) < _HEADER.size:
        return None
    magic, _, seq, version, checksum = _HEADER.unpack_from(data)
    state = data[_HEADER.size :]
    if magic != _MAGIC or checksum != _checksum(seq, version, state):
        return None
    return Snapshot(seq, version, state)
