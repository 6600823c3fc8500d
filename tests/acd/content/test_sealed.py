"""No file of the journal holds what a recovery record says."""

from pathlib import Path

import pytest

from acd.content.errors import VaultDamagedError, VaultKeyError
from acd.content.master import MasterKey
from acd.content.sealed import SealedJournal
from acd.journal.sqlite import SqliteJournal
from acd.ports import ChannelRecord

NUMBER = b"+4930555019955501"
RECORD = ChannelRecord("sip", "leg-1", b"INVITE from " + NUMBER)


def sealed(folder: Path, secret: bytes = b"k" * 32) -> SealedJournal:
    return SealedJournal(SqliteJournal(folder), MasterKey(secret, "vault-key"))


def write(journal: SealedJournal, *records: ChannelRecord) -> None:
    journal.open(lambda _: None, lambda _: None, lambda _: None)
    journal.append(None, records)
    journal.flush()


def test_a_record_comes_back_as_it_was_and_stands_in_clear_in_no_file(tmp_path: Path) -> None:
    journal = sealed(tmp_path)
    write(journal, RECORD)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if NUMBER in path.read_bytes()]
    journal.close()
    found = sealed(tmp_path).open(lambda _: None, lambda _: None, lambda _: None)
    assert found.records == {("sip", "leg-1"): RECORD.value}


def test_a_deleted_record_is_gone(tmp_path: Path) -> None:
    journal = sealed(tmp_path)
    write(journal, RECORD, RECORD._replace(value=None))
    journal.close()
    assert not sealed(tmp_path).open(lambda _: None, lambda _: None, lambda _: None).records


def test_another_master_key_is_refused_and_not_taken_for_an_empty_journal(tmp_path: Path) -> None:
    journal = sealed(tmp_path)
    write(journal, RECORD)
    journal.close()
    with pytest.raises(VaultKeyError, match="the master key in vault-key is not the one that this journal"):
        sealed(tmp_path, b"x" * 32).open(lambda _: None, lambda _: None, lambda _: None)


def test_one_damaged_record_is_damage_and_not_another_key(tmp_path: Path) -> None:
    journal = sealed(tmp_path)
    write(journal, RECORD)
    journal.inside.append(None, [ChannelRecord("other", "leg-2", b"not sealed at all, and long enough")])
    journal.close()
    with pytest.raises(VaultDamagedError, match="what other noted in the journal does not pass"):
        sealed(tmp_path).open(lambda _: None, lambda _: None, lambda _: None)
