"""A backup of the data folder, while the server runs or not: complete and checked, or not there at all."""

import json
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from acd.content.errors import VaultKeyError
from acd.content.file import commits, lost, mark_of
from acd.content.master import MasterKey
from acd.core.engine import ENGINE_VERSION
from acd.files import sync_path, write_synced
from acd.journal.copying import OnCopied, OnRead, copy_database, copy_journal
from acd.journal.database import ARCHIVE
from acd.journal.errors import JournalDamagedError, JournalError
from acd.journal.reading import has_contacts
from acd.marks import note_durably, noted
from acd.server.checking import kept_damages, sealed_damages
from acd.server.stores import DIRECTORY_FILE, JOURNAL, KEY_FILE, VAULT_FILE, losses
from config.schema import JournalKind, Site

MANIFEST = "backup.json"
MESSAGES = "messages"
"""Recordings that wait to be kept in the vault."""


class BackupError(Exception):
    """There is none; the text is fit for an operator."""


class Backup(msgspec.Struct, frozen=True):
    """What was saved; as JSON also in the backup, as MANIFEST."""

    folder: str
    site: str
    """The site file, which is not in it: whoever restores needs it, with what it names."""
    data_dir: str
    made: str
    program: str
    engine_version: int
    last_entry: int
    bytes: int
    with_key: bool
    """Whether the vault's master key is in it. Without the key nothing in it can be read."""
    opened: bool
    """Whether what is sealed (numbers, documents, lists) was opened, too; without the key nobody knows."""


def size_of(site: Site) -> int:
    """About so many bytes will be copied."""
    return sum(path.stat().st_size for path in site.server.data_dir.rglob("*.db"))


def back_up(
    path: Path,
    site: Site,
    target: Path,
    *,
    with_key: bool,
    on_copied: OnCopied,
    on_read: OnRead = lambda read, total: None,  # noqa: ARG005
) -> Backup:
    """Copy what the site file `path` calls its data to the new folder `target`. Raises BackupError."""
    data_dir = site.server.data_dir
    if site.server.journal is JournalKind.MEMORY:
        raise BackupError("this site keeps its journal in memory: there is nothing to save")
    if not (data_dir / JOURNAL / ARCHIVE).exists():
        raise BackupError(f"there is no journal in {data_dir}")
    if target.exists():
        raise BackupError(f"{target} is there already: name a new folder")
    unfinished: Path | None = None
    try:
        unfinished = Path(mkdtemp(prefix=f"{target.name}.", dir=target.absolute().parent))
        last = _copy(data_dir, unfinished, with_key, on_copied, on_read)
        opened = _check(data_dir, unfinished, on_read)
        made = Backup(
            folder=str(target),
            site=str(path.absolute()),
            data_dir=str(data_dir),
            made=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            program=version("acd-engine"),
            engine_version=ENGINE_VERSION,
            last_entry=last,
            bytes=sum(one.stat().st_size for one in unfinished.rglob("*") if one.is_file()),
            with_key=with_key,
            opened=opened,
        )
        said = json.dumps(msgspec.to_builtins(made), indent=1).encode() + b"\n"
        write_synced(unfinished / MANIFEST, said, exclusive=True)
        sync_path(unfinished)
        unfinished.rename(target)
        sync_path(target.absolute().parent)
    except BaseException as error:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
        if isinstance(error, OSError | JournalError):
            # What is wrong with the copy was wrong before, and the copy is gone.
            raise BackupError(str(error).replace(str(unfinished), str(data_dir))) from error
        raise
    return made


def _check(data_dir: Path, target: Path, on_read: OnRead) -> bool:
    """Open what is sealed in the copy, if the key is there; whether it was. Raises JournalDamagedError."""
    try:
        master = MasterKey.load(data_dir / KEY_FILE)
    except VaultKeyError:
        master = None
    sealed = () if master is None else sealed_damages(target, master, on_read)
    for path, reason in (*kept_damages(target / JOURNAL, master), *sealed):
        raise JournalDamagedError(f"{path}: {reason}")
    return master is not None


def _copy(data_dir: Path, target: Path, with_key: bool, on_copied: OnCopied, on_read: OnRead) -> int:
    """The journal first: what its entries name is in the vault by then. Returns the last entry."""
    last = copy_journal(data_dir / JOURNAL, target / JOURNAL, on_copied, on_read)
    if (data_dir / MESSAGES).is_dir():
        (target / MESSAGES).mkdir(mode=0o700)
        for message in (data_dir / MESSAGES).glob("*.wav"):
            with suppress(FileNotFoundError):  # it is kept by now, in the vault, which comes below
                write_synced(target / MESSAGES / message.name, message.read_bytes(), exclusive=True)
    for path, reason in losses(data_dir, had_contacts=has_contacts(target / JOURNAL)):
        raise JournalDamagedError(f"{path}: {reason}")
    for name in (VAULT_FILE, DIRECTORY_FILE):
        if (data_dir / name).exists():
            note_durably(mark_of(target / name), noted(mark_of(data_dir / name)))
            copy_database(data_dir / name, target / name, on_copied)
            if reason := lost(target / name):
                raise JournalDamagedError(f"{target / name}: {reason}")
            note_durably(mark_of(target / name), commits(target / name))
    if with_key and (data_dir / KEY_FILE).exists():
        write_synced(target / KEY_FILE, (data_dir / KEY_FILE).read_bytes(), exclusive=True)
    return last
