"""From a journal on disk: beside its writer, over snapshots, in what is left of it, of other versions."""

from pathlib import Path

import pytest

from acd.core.engine import ENGINE_VERSION
from acd.core.events import DeskChanged
from acd.journal.errors import JournalError
from acd.ports import Snapshot
from acd.testing import JournalledStory
from acd.testing.story import agent, desk, line
from acd.why.explain import Explained, explain
from acd.why.record import CannotExplain, Record
from queues.desk import Desk, Policy
from tests.acd.why.explained import SECOND, sentences

OPENED = desk(line(), agent("anna"), agent("bert"))


def day(folder: Path, *, opened: Desk = OPENED, version: int = ENGINE_VERSION) -> JournalledStory:
    """Ten calls, one after the other."""
    told = JournalledStory(opened, folder, version=version).ready(0, "anna", "bert")
    assert isinstance(told, JournalledStory)
    for at in range(10):
        number = told.arrive((10 * at + 1) * SECOND)
        who = "anna" if told.rung("anna") else "bert"
        told.accept((10 * at + 2) * SECOND, who).release((10 * at + 5) * SECOND, number, who)
    told.journal.flush()
    return told


def asked(folder: Path, number: int) -> Explained:
    return explain(Record(folder / "journal"), number)


def shorten(told: JournalledStory, *, times: int = 2) -> None:
    """Snapshots: what two of them cover moves to the archive."""
    for _ in range(times):
        told.at(told.now + SECOND, DeskChanged(told.engine.state.desk))
        told.journal.snapshot(Snapshot(told.seq, ENGINE_VERSION, told.engine.snapshot()))
        told.journal.flush()


def test_a_contact_is_explained_while_its_journal_is_written(tmp_path: Path) -> None:
    told = day(tmp_path)
    found = asked(tmp_path, 3)
    assert found.ended
    assert "anna answers after 1 s of waiting." in sentences(found.timeline)
    assert found.replayed < told.seq
    told.journal.close()


def test_one_that_goes_on_is_told_as_far_as_the_journal_goes(tmp_path: Path) -> None:
    told = day(tmp_path)
    number = told.arrive(200 * SECOND)
    told.journal.flush()
    found = asked(tmp_path, number)
    assert not found.ended
    assert [step.notes[0].key for step in found.timeline.steps] == ["Arrived", "Queued", "Offered"]
    told.journal.close()


def test_it_begins_with_the_last_snapshot_before_it(tmp_path: Path) -> None:
    told = day(tmp_path)
    shorten(told)
    told.ready(300 * SECOND)
    number = told.arrive(301 * SECOND)
    told.accept(303 * SECOND, "anna").release(305 * SECOND, number, "anna")
    told.journal.flush()
    whole, tail = asked(tmp_path, 2), asked(tmp_path, number)
    assert whole.replayed > tail.replayed
    assert tail.replayed < 10
    assert "anna answers after 2 s of waiting." in sentences(tail.timeline)
    told.journal.close()


def test_of_a_journal_without_its_archive_the_rest_is_explained_and_what_is_gone_is_named(
    tmp_path: Path,
) -> None:
    told = day(tmp_path)
    shorten(told)
    told.journal.close()
    told.journal.open(lambda seq: None, lambda seq: None, lambda failure: None)
    shorten(told)
    number = told.arrive(301 * SECOND)
    told.accept(303 * SECOND, "anna")
    told.journal.close()
    for path in (tmp_path / "journal").glob("archive.db*"):
        path.unlink()
    record = Record(tmp_path / "journal")
    assert record.first_seq > 1, "the test is about a journal that has lost its beginning"
    assert "anna answers after 2 s of waiting." in sentences(asked(tmp_path, number).timeline)
    with pytest.raises(CannotExplain, match=r"no contact 2 in this journal; entries 1 to \d+ are gone"):
        asked(tmp_path, 2)


def test_a_contact_that_never_was_and_a_folder_without_a_journal_are_said(tmp_path: Path) -> None:
    day(tmp_path).journal.close()
    with pytest.raises(CannotExplain, match="there is no contact 99 in this journal"):
        asked(tmp_path, 99)
    with pytest.raises(JournalError, match="there is no journal"):
        Record(tmp_path / "nowhere")


def test_entries_of_another_version_are_taken_if_this_one_decides_alike(tmp_path: Path) -> None:
    day(tmp_path, version=ENGINE_VERSION + 1).journal.close()
    found = asked(tmp_path, 3)
    assert found.older_versions == (ENGINE_VERSION + 1,)


def test_what_another_version_decided_otherwise_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = desk(line(policy=Policy.LONGEST_IDLE), agent("anna"), agent("bert"))
    day(tmp_path, opened=opened, version=ENGINE_VERSION + 1).journal.close()
    monkeypatch.setattr("queues.need.idle_key", lambda policy, record, fitness: (-record.number, 0, 0))
    with pytest.raises(CannotExplain, match=r"entry \d+ was decided by engine version \d+, and this one"):
        asked(tmp_path, 3)
