"""Content on the disk never keeps its caller waiting, and tries again until the disk takes it."""

import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from acd.content import disk
from acd.content.disk import DiskContent
from acd.content.errors import TooLargeError, VaultError
from acd.content.master import MasterKey
from acd.ports import ContactRef, NewParty, NewPiece, PartyKind

ANNA = ContactRef("north", "c1")
NUMBER = NewParty(ANNA, PartyKind.NUMBER, "+49 30 555 0101")
LETTER = NewPiece(ANNA, "mail", b"letter")
MASTER = MasterKey(bytes(range(32)))


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DiskContent]:
    monkeypatch.setattr(disk, "RETRY_S", 0.01)
    made = DiskContent(tmp_path / "vault.db", MASTER, lambda: 1)
    yield made
    made.close()


def test_the_caller_of_append_neither_reads_nor_writes(content: DiskContent, tmp_path: Path) -> None:
    """Not even for a number that was never seen before: a disk that hangs must not stop the loop."""
    with closing(sqlite3.connect(tmp_path / "vault.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else can write now
        with content._vault._lock:  # nor read through the one connection
            first = content.append([NUMBER, LETTER])
            assert content.append([NUMBER]).ids[0] == first.ids[0]
            assert not first.synced.done()
        other.execute("ROLLBACK")
    first.synced.result(60)


def test_a_number_has_one_id_before_and_after_it_is_stored_and_in_the_next_process(
    content: DiskContent, tmp_path: Path
) -> None:
    first = content.append([NUMBER])
    first.synced.result(60)
    assert content.append([NUMBER]).ids == first.ids
    content.close()
    with closing(DiskContent(tmp_path / "vault.db", MASTER, lambda: 2)) as later:
        assert later.append([NUMBER]).ids == first.ids


def test_closing_stores_what_is_queued(content: DiskContent, tmp_path: Path) -> None:
    parties = [NewParty(ANNA, PartyKind.NUMBER, f"+49 30 555 {n:04d}") for n in range(50)]
    given = [content.append([party]) for party in parties]
    content.close()
    assert all(one.synced.done() for one in given)
    with closing(DiskContent(tmp_path / "vault.db", MASTER, lambda: 2)) as later:
        assert [later.party(one.ids[0]) for one in given] == [party.value for party in parties]


def test_a_fault_of_the_disk_is_tried_again_counted_and_told_until_it_is_over(
    content: DiskContent, tmp_path: Path
) -> None:
    """A real fault, by SQLite itself: the file may not grow."""
    content.append([NUMBER]).synced.result(60)
    db = content._vault._file.connection
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count={pages}")
    large = content.append([LETTER._replace(data=bytes(900_000))])
    while content.failed < 3:
        assert not large.synced.done()
    assert "full" in content.trouble
    with content._vault._lock:
        db.execute("PRAGMA max_page_count=1000000")
    large.synced.result(60)
    assert content.trouble == ""
    assert list(content.read(large.ids[0])) == [bytes(900_000)]


def test_what_can_never_be_stored_says_so_when_the_server_stops(content: DiskContent) -> None:
    db = content._vault._file.connection
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count={pages}")
    lost = content.append([LETTER._replace(data=bytes(900_000))])
    content.close()
    with pytest.raises(VaultError, match="full"):
        lost.synced.result(0)


def test_while_the_disk_fails_documents_are_refused_before_memory_is_full_and_numbers_are_not(
    content: DiskContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "MAX_WAITING_BYTES", 1_000)
    with content._vault._lock:
        last = content.append([LETTER._replace(data=bytes(2_000))])
        with pytest.raises(TooLargeError, match="too much waits for the disk"):
            content.append([LETTER])
        content.append([NUMBER])
    last.synced.result(60)


def test_an_erasure_forgets_the_id_in_memory_too(content: DiskContent) -> None:
    """Otherwise an erased person would get the old id back as long as the process lives."""
    before = content.append([NUMBER])
    assert content.erase_person(NUMBER.value).result(60) == 1
    assert content.append([NUMBER]).ids != before.ids


def test_an_erasure_does_not_wait_for_a_disk_that_takes_nothing(content: DiskContent) -> None:
    """Who asked is told that nothing was erased; asked again on a disk that is well, it is."""
    content.append([NUMBER]).synced.result(60)
    db = content._vault._file.connection
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count={pages}")
    large = content.append([LETTER._replace(data=bytes(900_000))])
    with pytest.raises(VaultError, match=r"nothing was erased: .*full"):
        content.erase_person(NUMBER.value).result(60)
    with content._vault._lock:
        db.execute("PRAGMA max_page_count=1000000")
    large.synced.result(60)
    assert content.erase_person(NUMBER.value).result(60) == 1


def test_who_stops_waiting_for_an_erasure_does_not_stop_it(content: DiskContent) -> None:
    """Nor the thread that stores."""
    content.append([NUMBER]).synced.result(60)
    with content._vault._lock:
        assert not content.erase_person(NUMBER.value).cancel()
    assert content.erase_person(NUMBER.value).result(60) == 0
    content.append([NUMBER]).synced.result(60)


def test_what_waits_is_counted_right_when_many_threads_append(content: DiskContent) -> None:
    """A sum that drifts would refuse documents for ever, or take too many."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: content.append([LETTER]), range(400)))
    finally:
        sys.setswitchinterval(before_s)
    content.append([]).synced.result(60)
    content.erase_before("nobody", 0).result(60)  # the thread has counted when it comes to this
    assert (content.waiting_items, content.waiting_bytes) == (0, 0)
