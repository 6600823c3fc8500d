"""What SQLite leaves to the owner of its files: who may have them, and that their names are on the disk."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path


class HeldError(Exception):
    """Somebody has the lock. The text is the number of the process, or `unknown`."""


def take_lock(path: Path) -> int:
    """Keep a second process, and a second owner in this one, away, by an exclusive flock.

    `path` is made if need be, mode 0600; closing the descriptor gives it back.

    It belongs to the descriptor, so it also keeps out our own process. Never lock an SQLite file itself:
    closing any descriptor of such a file drops the POSIX locks that SQLite of this process holds on it, and
    the next process that closes it then deletes the WAL under us (sqlite.org/howtocorrupt §2.2).

    Raises HeldError, OSError.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise HeldError(holder) from None
    except OSError:
        os.close(descriptor)
        raise
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor


def sync_path(path: Path) -> None:
    """fsync a file or a directory by name. Never use it on a database that SQLite has open.

    Closing any descriptor of a file drops the POSIX locks that SQLite of this process holds on it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
