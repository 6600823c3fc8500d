"""A number noted beside a file: how much of it is on the disk. SQLite itself reads a WAL up to its first bad
frame, and says nothing of what comes after it."""

import os
from contextlib import suppress
from pathlib import Path
from struct import Struct
from time import monotonic
from zlib import crc32

_LAYOUT = Struct(">8sQI")
"""magic, number, CRC-32 of both: 20 bytes, so within one sector."""
_MAGIC = b"ACDSYNC\n"


class Mark:
    """Written by one thread. A fault of its file is no fault of what it is about."""

    def __init__(self, path: Path, *, sync_every_s: float | None = None) -> None:
        """Without `sync_every_s` it is never synced: what is noted survives the process, and the machine's
        death as soon as the kernel has written it.

        Raises OSError.
        """
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        self._sync_every_s = sync_every_s
        self._synced_s = 0.0

    def note(self, number: int) -> None:
        """So much is on the disk."""
        with suppress(OSError):
            os.pwrite(self._file, _packed(number), 0)
            if self._sync_every_s is not None and monotonic() - self._synced_s >= self._sync_every_s:
                os.fdatasync(self._file)
                self._synced_s = monotonic()

    def close(self) -> None:
        """Close the file. Once more does nothing."""
        held, self._file = self._file, -1
        if held >= 0:  # its number may belong to another file by the second time
            os.close(held)


def noted(path: Path) -> int:
    """0 if there is no mark, or none that can be read."""
    data = _stored(path)
    return _number(data) if _is_whole(data) else 0


def is_damaged(path: Path) -> bool:
    """Whether there is a mark that says nothing. An empty one was made and not yet written."""
    data = _stored(path)
    return bool(data) and not _is_whole(data)


def note_durably(path: Path, number: int) -> None:
    """Make the mark of a file that is finished. Raises OSError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(_packed(number))
        file.flush()
        os.fsync(file.fileno())


def _packed(number: int) -> bytes:
    return _LAYOUT.pack(_MAGIC, number, crc32(_MAGIC + number.to_bytes(8, "big")))


def _stored(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _number(data: bytes) -> int:
    return int(_LAYOUT.unpack(data)[1])


def _is_whole(data: bytes) -> bool:
    return len(data) == _LAYOUT.size and data == _packed(_number(data))
