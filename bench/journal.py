"""The embedded journal: rate and CPU per entry, in ones and in a stream, and the time to open it again.

    python bench/journal.py [--entries 10000] [--directory DIR] [--json]

Beside it, on the same data: one bare `sqlite3` transaction (executemany), `sqlite3` with a commit per entry,
and a plain file written by a thread that syncs after each group. "In ones" means that each append waits until
the one before is written. CPU is that of the whole process, all threads. Exit status 1: over a limit.
"""

import argparse
import json
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from acd.journal.codec import facts_digest
from acd.journal.sqlite import SqliteJournal
from acd.ports import ChannelRecord, JournalEntry

SINGLE_LIMIT_US = 60.0
"""CPU per entry appended in ones."""
REOPEN_LIMIT_S = 2.0
"""Opening with 10,000 entries after the last snapshot."""
COLUMNS = "seq INTEGER PRIMARY KEY, t_ms INTEGER, version INTEGER, event BLOB, facts BLOB, digest BLOB"


@dataclass(frozen=True, slots=True)
class Row:
    """One way of storing the entries; `ratio` is its CPU per entry over that of one bare transaction."""

    name: str
    entries_per_s: float
    cpu_us_per_entry: float
    ratio: float = 1.0


def make_entries(count: int) -> list[JournalEntry]:
    """Entries of the size the engine makes: 180 bytes of event, 260 of facts."""
    return [
        JournalEntry(
            seq, 1_700_000_000_000 + seq, 1, b"e%d" % seq * 30, b"f%d" % seq * 43, facts_digest(b"%d" % seq)
        )
        for seq in range(1, count + 1)
    ]


@contextmanager
def measured(name: str, count: int, rows: list[Row]) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    used_us = (time.process_time() - cpu) * 1e6 / count
    rows.append(
        Row(
            name,
            count / (time.perf_counter() - wall),
            used_us,
            used_us / (rows or [Row("", 0, used_us)])[0].cpu_us_per_entry,
        )
    )


def bare_connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute(f"CREATE TABLE entries ({COLUMNS})")
    return connection


def bare_transaction(directory: Path, entries: list[JournalEntry], rows: list[Row]) -> None:
    connection = bare_connection(directory / "bare.db")
    with closing(connection), measured("sqlite3, one transaction", len(entries), rows):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO entries VALUES (?,?,?,?,?,?)", entries)
        connection.execute("COMMIT")


def bare_commits(directory: Path, entries: list[JournalEntry], rows: list[Row]) -> None:
    connection = bare_connection(directory / "commits.db")
    with closing(connection), measured("sqlite3, a commit per entry", len(entries), rows):
        for entry in entries:
            connection.execute("INSERT INTO entries VALUES (?,?,?,?,?,?)", entry)


def plain_file(directory: Path, entries: list[JournalEntry], rows: list[Row]) -> None:
    inbox: SimpleQueue[JournalEntry | None] = SimpleQueue()
    thread = Thread(target=_write_plain, args=(directory / "plain", inbox))
    with measured("plain file, sync per group", len(entries), rows):
        thread.start()
        for entry in entries:
            inbox.put(entry)
        inbox.put(None)
        thread.join()


def _write_plain(path: Path, inbox: SimpleQueue[JournalEntry | None]) -> None:
    with path.open("ab", buffering=0) as file:
        going_on = True
        while going_on:
            group = [inbox.get()]
            try:
                while len(group) < 512:
                    group.append(inbox.get_nowait())
            except Empty:
                pass
            going_on = group[-1] is not None
            for entry in group:
                if entry is not None:
                    file.write(b"%d %d %d " % entry[:3] + entry.event + entry.facts + entry.digest)
            os.fdatasync(file.fileno())


def ours(directory: Path, entries: list[JournalEntry], rows: list[Row], *, ahead: int, records: bool) -> None:
    reports: SimpleQueue[int] = SimpleQueue()
    journal = SqliteJournal(directory)
    journal.open(reports.put, lambda _: None, _fail)
    written = 0
    name = f"journal, {'in ones' if ahead == 1 else 'streamed'}{', with a record each' if records else ''}"
    with measured(name, len(entries), rows):
        for entry in entries:
            while entry.seq - written > ahead:
                written = reports.get()
            journal.append(entry, [ChannelRecord("sip", "call", entry.digest)] if records else ())
        journal.flush()
    shutil.copytree(directory, directory.with_name("killed"), dirs_exist_ok=True)
    journal.close()


def _fail(error: Exception) -> None:
    raise error


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def reopen_s(directory: Path, count: int) -> float:
    """Opening a copy taken from the running journal, as after a kill: the WAL has to be read first."""
    journal = SqliteJournal(directory)
    taken = seconds(
        lambda: _check_count(len(journal.open(lambda _: None, lambda _: None, _fail).entries), count)
    )
    journal.close()
    return taken


def _check_count(found: int, expected: int) -> None:
    if found != expected:
        raise RuntimeError(f"{found} entries came back, not {expected}")


def bare_read_s(path: Path) -> float:
    with closing(sqlite3.connect(path)) as connection:
        return seconds(lambda: connection.execute("SELECT * FROM entries").fetchall())


def run(directory: Path, count: int) -> dict[str, object]:
    entries, rows = make_entries(count), list[Row]()
    bare_transaction(directory, entries, rows)
    bare_commits(directory, entries, rows)
    plain_file(directory, entries, rows)
    ours(directory / "streamed", entries, rows, ahead=count, records=False)
    ours(directory / "ones", entries, rows, ahead=1, records=False)
    ours(directory / "records", entries, rows, ahead=1, records=True)
    reopened, bare = reopen_s(directory / "killed", count), bare_read_s(directory / "bare.db")
    single = next(row for row in rows if row.name == "journal, in ones").cpu_us_per_entry
    return {
        "rows": [asdict(row) for row in rows],
        "reopen_s": reopened,
        "reopen_ratio_to_bare_read": reopened / bare,
        "limits": {"single_cpu_us": SINGLE_LIMIT_US, "reopen_s": REOPEN_LIMIT_S},
        "within_limits": single <= SINGLE_LIMIT_US and reopened <= REOPEN_LIMIT_S,
        "conditions": {
            "entries": count,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        },
    }


def show(result: dict[str, object]) -> None:
    print(f"{'':42}{'entries/s':>12}{'CPU µs/entry':>14}{'ratio':>8}")
    for row in result["rows"]:  # type: ignore[attr-defined]
        print(
            f"{row['name']:42}{row['entries_per_s']:12,.0f}{row['cpu_us_per_entry']:14.1f}{row['ratio']:8.1f}"
        )
    print(
        f"open again: {result['reopen_s']:.3f} s, {result['reopen_ratio_to_bare_read']:.1f} × a bare SELECT"
    )
    print(f"limits: {result['limits']}, kept: {result['within_limits']}; {result['conditions']}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument(
        "--directory", type=Path, help="a directory on the disk to measure (default: temporary)"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.directory) as scratch:
        result = run(Path(scratch), arguments.entries)
    print(json.dumps(result)) if arguments.json else show(result)
    return 0 if result["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
