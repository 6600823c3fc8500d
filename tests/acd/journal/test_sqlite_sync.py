"""*Synced* is reported only after an fsync that covers the entry, and *written* never waits for one."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import NamedTuple

from acd.journal.codec import facts_digest
from acd.journal.sqlite import SqliteJournal
from acd.ports import JournalEntry, Snapshot

CHILD = Path(__file__).with_name("writing_child.py")
LINE = re.compile(
    r"^(?P<thread>\d+) +(?:<\.\.\. )?(?P<call>\w+)(?:\((?P<fd>\d+)<(?P<path>[^>]*)>)?(?P<rest>.*)$"
)
REPORT = re.compile(r'"(written|synced) (\d+)\\n"')


class Call(NamedTuple):
    """One system call of the child: where in the trace it began and ended."""

    thread: str
    name: str
    path: str
    text: str
    began: int
    ended: int


def entry(seq: int) -> JournalEntry:
    return JournalEntry(seq, seq, 1, b"event", b"facts", facts_digest(b"facts"))


def run_traced(directory: Path, *arguments: int | str, inject: Sequence[str] = ()) -> list[Call]:
    """Run the child under strace; its writes and syncs, by the time they ended."""
    trace = directory.parent / "trace.txt"
    strace = [
        "strace",
        "-f",
        "-y",
        "-s",
        "64",
        "-o",
        str(trace),
        "-e",
        "trace=pwrite64,write,fsync,fdatasync",
    ]
    command = [*strace, *inject, sys.executable, str(CHILD), str(directory), *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=200)
    return read_trace(trace.read_text(errors="replace").splitlines())


def read_trace(lines: Sequence[str]) -> list[Call]:
    calls = []
    open_calls: dict[str, Call] = {}
    for number, line in enumerate(lines):
        found = LINE.match(line)
        if not found or found["call"] not in ("pwrite64", "write", "fsync", "fdatasync"):
            continue
        thread = found["thread"]
        if "resumed>" in line:
            calls.append(open_calls.pop(thread)._replace(ended=number))
            continue
        call = Call(thread, found["call"], found["path"] or "", found["rest"], number, number)
        if "<unfinished" in line:
            open_calls[thread] = call
        else:
            calls.append(call)
    return calls


def reports(calls: Sequence[Call], word: str) -> list[tuple[int, Call]]:
    """(sequence number, call) of each report of the child."""
    found = [(REPORT.search(call.text), call) for call in calls if call.name == "write"]
    return [(int(match[2]), call) for match, call in found if match and match[1] == word]


def test_every_synced_report_follows_an_fsync_begun_after_the_entry_was_written(tmp_path: Path) -> None:
    calls = run_traced(tmp_path / "journal", 60, 3, 20)
    written = reports(calls, "written")
    synced = reports(calls, "synced")
    assert synced[-1][0] == 60
    assert written[-1][0] == 60
    for seq, report in synced:
        reported = next(call for number, call in written if number >= seq)
        write = max(
            (
                c
                for c in calls
                if c.name == "pwrite64" and c.thread == reported.thread and c.ended < reported.began
            ),
            key=lambda c: c.ended,
        )
        assert write.path.endswith("-wal")
        syncs = [c for c in calls if c.name in ("fsync", "fdatasync") and c.path == write.path]
        assert any(sync.began > write.ended and sync.ended < report.began for sync in syncs), seq


def test_the_thread_that_writes_entries_never_syncs_not_even_when_snapshots_change_its_file(
    tmp_path: Path,
) -> None:
    calls = run_traced(tmp_path / "journal", 600, 3, 50, "rotate")
    writers = {call.thread for _, call in reports(calls, "written")}
    assert len(writers) == 1
    by_writer = [call for call in calls if call.thread in writers]
    assert len({call.path for call in by_writer if call.name == "pwrite64"}) > 2
    assert [call for call in by_writer if call.name in ("fsync", "fdatasync")] == []


def test_with_an_fsync_of_200_ms_many_entries_are_written_during_each(tmp_path: Path) -> None:
    """Each append waits for *written* of the one before: coupled to the sync it would be one per fsync."""
    slow = ["-e", "inject=fsync,fdatasync:delay_exit=200000"]
    calls = run_traced(tmp_path / "journal", 400, 1, 100, inject=slow)
    syncs = [call for _, call in reports(calls, "synced")]
    written = [call for _, call in reports(calls, "written")]
    assert len(written) == 400
    assert len(syncs) * 10 < len(written)


def test_while_an_fsync_hangs_everything_is_written_and_nothing_is_synced(tmp_path: Path) -> None:
    disk_answers, all_written = Event(), Event()
    synced: list[int] = []

    def fsync(_descriptor: int) -> None:
        assert disk_answers.wait(60)

    journal = SqliteJournal(tmp_path, fsync=fsync)
    journal.open(lambda seq: all_written.set() if seq == 2_000 else None, synced.append, _fail)
    for seq in range(1, 2_001):
        journal.append(entry(seq))
    assert all_written.wait(60)
    assert synced == []
    disk_answers.set()
    journal.close()
    assert synced[-1] == 2_000


def test_one_fsync_covers_all_that_was_written_during_the_one_before(tmp_path: Path) -> None:
    go, count = Event(), 0

    def fsync(_descriptor: int) -> None:
        nonlocal count
        count += 1
        assert go.wait(60)

    done = Event()
    journal = SqliteJournal(tmp_path, fsync=fsync)
    journal.open(lambda seq: done.set() if seq == 500 else None, lambda _: None, _fail)
    for seq in range(1, 501):
        journal.append(entry(seq))
    assert done.wait(60)
    go.set()
    journal.flush()
    assert count <= 2
    journal.close()


def test_a_snapshot_is_stored_only_after_its_entry_is_synced(tmp_path: Path) -> None:
    disk_answers = Event()
    journal = SqliteJournal(tmp_path, fsync=lambda _: _wait(disk_answers))
    journal.open(lambda _: None, lambda _: None, _fail)
    journal.append(entry(1))
    journal.snapshot(Snapshot(1, 1, b"state"))
    assert list(tmp_path.glob("snapshot-*")) == []
    disk_answers.set()
    journal.close()
    assert [path.name for path in tmp_path.glob("snapshot-*")] == [f"snapshot-{1:020d}"]


def _wait(event: Event) -> None:
    assert event.wait(60)


def _fail(error: Exception) -> None:
    raise error
