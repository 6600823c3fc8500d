"""A process that appends to a journal and reports what is written and synced, until it is killed or done.

Arguments: directory, number of appends (0: endless), most appends ahead of *written*, entries per snapshot
(0: none), and `rotate` to wait after each snapshot until a new segment is there. Entry `seq` has the event
`b"event <seq> ..."`; every entry sets the record ("sip", "last") to its number.
"""

import os
import sys
from pathlib import Path
from threading import Semaphore
from time import sleep

from acd.journal.codec import facts_digest
from acd.journal.segment import number_of, stored_paths
from acd.journal.sqlite import SqliteJournal
from acd.ports import ChannelRecord, JournalEntry, Snapshot


def newest_segment(directory: Path) -> int:
    return max(number_of(path) for path in stored_paths(directory))


def main(directory: Path, total: int, ahead: int, per_snapshot: int, *, rotate: bool) -> None:
    room = Semaphore(ahead)
    reported = 0

    def written(seq: int) -> None:
        nonlocal reported
        os.write(1, b"written %d\n" % seq)
        room.release(seq - reported)
        reported = seq

    def synced(seq: int) -> None:
        os.write(1, b"synced %d\n" % seq)

    def failed(error: Exception) -> None:
        os.write(1, b"failed 0\n")

    journal = SqliteJournal(directory, retry_s=0.05)
    recovered = journal.open(written, synced, failed)
    last = recovered.entries[-1].seq if recovered.entries else (recovered.snapshot or Snapshot(0, 1, b"")).seq
    reported = last
    seq = last
    while total == 0 or seq < last + total:
        seq += 1
        room.acquire()
        facts = b"facts %d" % seq
        record = ChannelRecord("sip", "last", b"%d" % seq)
        journal.append(
            JournalEntry(seq, seq, 1, b"event %d " % seq * 9, facts, facts_digest(facts)), [record]
        )
        if per_snapshot and seq % per_snapshot == 0:
            newest = newest_segment(directory)
            journal.snapshot(Snapshot(seq, 1, b"state %d" % seq))
            while rotate and newest_segment(directory) == newest:
                sleep(0.001)
    journal.flush()
    os.write(1, b"done\n")
    sys.stdin.read(1)


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), rotate="rotate" in sys.argv)
