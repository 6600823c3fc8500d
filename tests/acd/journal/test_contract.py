"""What every journal promises: one set of tests, run over each of them."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from acd.journal.codec import facts_digest
from acd.journal.errors import JournalClosedError, JournalError, JournalLockedError, JournalOrderError
from acd.journal.memory import MemoryJournal
from acd.journal.sqlite import SqliteJournal
from acd.ports import ChannelRecord, Journal, JournalEntry, Recovered, Snapshot


def entry(seq: int) -> JournalEntry:
    facts = b"facts %d" % seq
    return JournalEntry(seq, 1_000 + seq, 1, b"event %d" % seq, facts, facts_digest(facts))


def entries(first: int, last: int) -> list[JournalEntry]:
    return [entry(seq) for seq in range(first, last + 1)]


class Desk:
    """A journal under test, what it reported, and a way to restart it."""

    def __init__(self, make: Callable[[], Journal]) -> None:
        self._make = make
        self.written: list[int] = []
        self.synced: list[int] = []
        self.failures: list[Exception] = []
        self.journal = make()
        self.recovered = self._open()

    def append(self, new: Iterable[JournalEntry], *records: ChannelRecord) -> None:
        for item in new:
            self.journal.append(item, records)

    def restart(self) -> Recovered:
        self.journal.close()
        self.journal = self._make()
        self.recovered = self._open()
        return self.recovered

    def another(self) -> Journal:
        return self._make()

    def _open(self) -> Recovered:
        return self.journal.open(self.written.append, self.synced.append, self.failures.append)


@pytest.fixture(params=["memory", "sqlite"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    memory = MemoryJournal()
    make: dict[str, Callable[[], Journal]] = {
        "memory": lambda: memory,
        "sqlite": lambda: SqliteJournal(tmp_path / "journal"),
    }
    made = Desk(make[request.param])
    yield made
    made.journal.close()
    assert made.failures == []


def test_a_new_journal_is_empty(desk: Desk) -> None:
    assert desk.recovered == Recovered(None, [], {})
    assert list(desk.journal.facts()) == []


def test_after_flush_everything_is_reported_written_and_synced_in_order(desk: Desk) -> None:
    desk.append(entries(1, 50))
    desk.journal.flush()
    for reported in (desk.written, desk.synced):
        assert reported == sorted(set(reported))
        assert reported[-1] == 50


def test_a_restart_gives_back_every_entry_unchanged_and_in_order(desk: Desk) -> None:
    desk.append(entries(1, 2_500))
    recovered = desk.restart()
    assert list(recovered.entries) == entries(1, 2_500)
    assert list(desk.journal.facts(after_seq=2_400)) == entries(2_401, 2_500)


def test_numbers_go_on_after_a_restart(desk: Desk) -> None:
    desk.append(entries(1, 3))
    desk.restart()
    desk.append(entries(4, 5))
    assert list(desk.restart().entries) == entries(1, 5)


@pytest.mark.parametrize("seq", [0, 1, 3, 5])
def test_a_number_that_is_not_the_next_is_refused_and_changes_nothing(desk: Desk, seq: int) -> None:
    desk.append(entries(1, 3))
    with pytest.raises(JournalOrderError, match=f"must have seq 4, got {seq}"):
        desk.journal.append(entry(seq), [ChannelRecord("sip", "call", b"x")])
    desk.append(entries(4, 4))
    assert desk.restart() == Recovered(None, entries(1, 4), {})


def test_records_are_replaced_deleted_and_recovered(desk: Desk) -> None:
    desk.journal.append(
        entry(1),
        [ChannelRecord("sip", "a", b"1"), ChannelRecord("sip", "b", b"1"), ChannelRecord("mail", "a", b"1")],
    )
    desk.journal.append(None, [ChannelRecord("sip", "a", b"2")])
    desk.journal.append(
        entry(2), [ChannelRecord("sip", "b", None), ChannelRecord("sip", "never there", None)]
    )
    assert desk.restart().records == {("sip", "a"): b"2", ("mail", "a"): b"1"}
    desk.journal.append(None, [ChannelRecord("mail", "a", None)])
    assert desk.restart().records == {("sip", "a"): b"2"}


def test_a_restart_starts_from_the_last_snapshot(desk: Desk) -> None:
    desk.append(entries(1, 10), ChannelRecord("sip", "kept", b"x"))
    desk.journal.snapshot(Snapshot(8, 1, b"state 8"))
    assert desk.restart() == Recovered(Snapshot(8, 1, b"state 8"), entries(9, 10), {("sip", "kept"): b"x"})


def test_facts_outlive_many_snapshots_and_restarts(desk: Desk) -> None:
    for start in range(1, 60, 10):
        desk.append(entries(start, start + 9), ChannelRecord("sip", f"call {start}", b"x"))
        desk.journal.append(None, [ChannelRecord("sip", f"call {start - 20}", None)])
        desk.journal.snapshot(Snapshot(start + 5, 1, b"state %d" % start))
        desk.restart()
    assert desk.recovered.snapshot == Snapshot(56, 1, b"state 51")
    assert list(desk.recovered.entries) == entries(57, 60)
    assert desk.recovered.records == {("sip", "call 41"): b"x", ("sip", "call 51"): b"x"}
    assert list(desk.journal.facts()) == entries(1, 60)
    assert list(desk.journal.facts(after_seq=7)) == entries(8, 60)


def test_a_snapshot_of_what_was_not_appended_is_refused(desk: Desk) -> None:
    desk.append(entries(1, 3))
    with pytest.raises(JournalOrderError):
        desk.journal.snapshot(Snapshot(4, 1, b""))


def test_a_snapshot_older_than_the_last_is_refused(desk: Desk) -> None:
    desk.append(entries(1, 3))
    desk.journal.snapshot(Snapshot(3, 1, b"new"))
    with pytest.raises(JournalOrderError):
        desk.journal.snapshot(Snapshot(2, 1, b"old"))
    assert desk.restart().snapshot == Snapshot(3, 1, b"new")


def test_an_open_journal_cannot_be_opened_twice(desk: Desk) -> None:
    with pytest.raises(JournalError):
        desk.journal.open(desk.written.append, desk.synced.append, desk.failures.append)
    with pytest.raises(JournalLockedError):
        desk.another().open(desk.written.append, desk.synced.append, desk.failures.append)


def test_a_closed_journal_refuses_everything_but_close(desk: Desk) -> None:
    desk.append(entries(1, 2))
    desk.journal.close()
    desk.journal.close()
    for refused in (
        lambda: desk.journal.append(entry(3)),
        lambda: desk.journal.snapshot(Snapshot(2, 1, b"")),
        lambda: list(desk.journal.facts()),
        desk.journal.flush,
    ):
        with pytest.raises(JournalClosedError):
            refused()
