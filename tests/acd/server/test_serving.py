"""What the exit code of a server that could not start says: whether starting it again may help."""

from pathlib import Path

import pytest

from acd.journal.sqlite import SqliteJournal
from acd.ports import JournalEntry
from acd.server.serving import CannotStart, Exit, serve
from acd.server.stores import master_key
from acd.testing import small_desk, small_site


def test_a_disk_that_refuses_the_journal_may_have_room_again_later(tmp_path: Path) -> None:
    """Here a file stands where the journal's folder belongs, as the tests may run as root."""
    site = small_site(tmp_path, small_desk())
    site.server.data_dir.mkdir(parents=True, exist_ok=True)
    (site.server.data_dir / "journal").write_text("")
    with pytest.raises(CannotStart) as refused:
        serve(site, [])
    assert refused.value.code is Exit.FAILED


def test_a_journal_that_another_server_has_open_is_free_when_that_one_has_ended(tmp_path: Path) -> None:
    """It may still drain, or `acd upgrade` is at work: a service manager must try again, not give up."""
    site = small_site(tmp_path, small_desk())
    master_key(site)  # made before the journal is
    journal = SqliteJournal(site.server.data_dir / "journal")
    journal.open(lambda _: None, lambda _: None, lambda _: None)
    try:
        with pytest.raises(CannotStart) as refused:
            serve(site, [])
        assert refused.value.code is Exit.FAILED
        assert "is in use by process" in str(refused.value)
    finally:
        journal.close()


def test_a_journal_that_lacks_what_was_synced_is_nothing_to_try_again(tmp_path: Path) -> None:
    """Only an operator can say whether a backup is better."""
    site = small_site(tmp_path, small_desk())
    master_key(site)  # made before the journal is
    journal = SqliteJournal(site.server.data_dir / "journal")
    journal.open(lambda _: None, lambda _: None, lambda _: None)
    journal.append(JournalEntry(1, 1, 1, b"event", b"facts", b"digest"))
    journal.close()
    for file in (site.server.data_dir / "journal").glob("segment-*"):
        file.unlink()
    with pytest.raises(CannotStart) as refused:
        serve(site, [])
    assert refused.value.code is Exit.JOURNAL_UNUSABLE
    assert "were synced, and are gone" in str(refused.value)
