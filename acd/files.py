"""What SQLite leaves to the owner of its files: who may have them, and that they are on the disk."""

import fcntl
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


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


def open_as(path: Path, how: str) -> sqlite3.Connection:
    """Through SQLite's own words for it, such as `mode=ro`. Raises sqlite3.Error."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)


def open_to_read(path: Path) -> sqlite3.Connection:
    """For reading only, beside whoever writes: what is in the WAL stays there.

    A file without a WAL is open nowhere and finished; it is read without leaving one, so a folder that nobody
    may write to is enough. Raises sqlite3.Error.
    """
    return open_as(path, "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1")


def sync_path(path: Path) -> None:
    """fsync a file or a directory by name. Never use it on a database that SQLite has open.

    Closing any descriptor of a file drops the POSIX locks that SQLite of this process holds on it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(path: Path, *content: bytes, exclusive: bool = False) -> None:
    """Make the file, mode 0600, with that content: on the disk when this returns, but for its name.

    Raises OSError; if `exclusive` FileExistsError where there is one, else what was there is gone.
    """
    flags = os.O_CREAT | os.O_WRONLY | (os.O_EXCL if exclusive else os.O_TRUNC)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        _write(file, content)


def _write(file: BinaryIO, content: Iterable[bytes]) -> None:
    file.writelines(content)
    file.flush()
    os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of an existing file, whole or not at all, and synced when this returns.

    Rights and group stay; the owner does where we may give files away. Of a symbolic link it is the file
    that is replaced. Raises OSError: the file is as it was, unless only its folder could not be synced.
    """
    path = path.resolve(strict=True)
    was = path.stat()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _keep_owner(file.fileno(), was)
            os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode))
            _write(file, (content,))
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    sync_path(path.parent)


def _keep_owner(descriptor: int, was: os.stat_result) -> None:
    now = os.fstat(descriptor)
    if now.st_gid != was.st_gid:
        os.fchown(descriptor, -1, was.st_gid)
    if now.st_uid != was.st_uid:
        with suppress(PermissionError):
            os.fchown(descriptor, was.st_uid, -1)
