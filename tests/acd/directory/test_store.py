"""Versions of lists are kept with who and when, unreadable in their file; people can be erased from all."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from acd.content.errors import VaultInUseError
from acd.content.master import MasterKey
from acd.directory import store
from acd.directory.changes import Counts
from acd.directory.rows import Key, Row
from acd.directory.store import Applied, Import, ListStore, Version

MASTER = MasterKey(bytes(range(32)))
VIP = ("nord", "vip")
ANNA: Key = ("address", "anna.unmistakable@example.org")
BERT: Key = ("number", "+49305550147")


@pytest.fixture
def lists(tmp_path: Path) -> Iterator[ListStore]:
    with closing(ListStore(tmp_path / "directory.db", MASTER)) as made:
        yield made


def brought(by: str = "api:carla", at_ms: int = 1_000, known: int = 0) -> Import:
    return Import(b"digest", by, at_ms, known)


def test_a_version_is_kept_with_who_and_when_and_read_by_the_next_owner(
    tmp_path: Path, lists: ListStore
) -> None:
    rows = [Row(2, (ANNA,), "Anna", priority_class=1), Row(3, (BERT,), "Bert", head_start_ms=5)]
    version, people = lists.add(VIP, rows, brought())
    assert version == Version("nord", "vip", 1, 1_000, "api:carla", b"digest", 2)
    assert people == lists.rows(VIP, 1)
    assert lists.add(VIP, rows[:1], brought("site", 2_000))[0].version == 2
    lists.close()
    with closing(ListStore(tmp_path / "directory.db", MASTER)) as again:
        past = [one.version for one in again.history(VIP)]
        assert [(one.version, one.by, one.at_ms, one.people) for one in past] == [
            (2, "site", 2_000, 1),
            (1, "api:carla", 1_000, 2),
        ]
        assert again.newest()[VIP].version == 2
        assert [(row.name, row.keys, row.head_start_ms) for row in again.rows(VIP, 1)] == [
            ("Anna", (ANNA,), 0),
            ("Bert", (BERT,), 5),
        ]


def test_a_person_keeps_the_opaque_id_from_version_to_version_and_list_to_list(lists: ListStore) -> None:
    lists.add(VIP, [Row(2, (ANNA,)), Row(3, (BERT,))], brought())
    lists.add(
        VIP,
        [Row(2, (BERT, ("number", "+49301"))), Row(3, (ANNA,)), Row(4, (("domain", "x.org"),))],
        brought(),
    )
    lists.add(("nord", "users"), [Row(2, (ANNA,))], brought())
    lists.add(("sued", "vip"), [Row(2, (ANNA,))], brought())
    anna, bert = (row.person for row in lists.rows(VIP, 1))
    assert anna != bert
    assert [row.person for row in lists.rows(VIP, 2)] == [bert, anna, ""]
    assert [row.person for row in lists.rows(("nord", "users"), 1)] == [anna]
    assert [row.person for row in lists.rows(("sued", "vip"), 1)] != [anna]


def test_a_version_is_greater_than_the_one_that_the_journal_knows(lists: ListStore) -> None:
    """The directory may come from an older backup than the journal."""
    assert lists.add(VIP, [], brought(known=7))[0].version == 8
    assert lists.add(VIP, [], brought(known=3))[0].version == 9


def test_of_old_versions_only_who_and_when_is_kept(lists: ListStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "KEPT_VERSIONS", 2)
    for _ in range(4):
        lists.add(VIP, [Row(2, (ANNA,))], brought())
    assert [len(lists.rows(VIP, version)) for version in (1, 2, 3, 4)] == [0, 0, 1, 1]
    assert [one.kept for one in lists.history(VIP)] == [True, True, False, False]


def test_what_a_version_changed_is_kept_and_one_of_before_it_was_counted_has_none(lists: ListStore) -> None:
    lists.add(VIP, [Row(2, (ANNA,))], brought())
    lists.add(VIP, [], brought()._replace(counts=Counts(0, 1, 0)))
    assert [one.counts for one in lists.history(VIP)] == [Counts(0, 1, 0), None]


def test_a_page_of_a_version_is_read_in_the_order_of_the_file(lists: ListStore) -> None:
    rows = [Row(line, (("number", str(line)),)) for line in range(2, 9)]
    lists.add(VIP, rows, brought())
    assert [row.line for row in lists.rows(VIP, 1, 2, 3)] == [4, 5, 6]
    assert [row.line for row in lists.rows(VIP, 1, 6, 3)] == [8]


def test_nobody_stands_in_clear_in_any_file_and_an_erased_person_in_none_at_all(
    tmp_path: Path, lists: ListStore
) -> None:
    def stored() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    lists.add(VIP, [Row(2, (ANNA,), "Anna Unmistakable"), Row(3, (BERT,))], brought())
    lists.add(VIP, [Row(2, (ANNA,), "Anna Unmistakable")], brought())
    person = lists.rows(VIP, 1)[0].person
    assert person.encode() in stored()
    assert b"nmistakable" not in stored()
    assert b"5550147" not in stored()
    assert lists.erase("nord", lambda row: ANNA in row.keys) == {VIP}
    assert person.encode() not in stored()
    assert [len(lists.rows(VIP, version)) for version in (1, 2)] == [1, 0]
    assert lists.erase(None, lambda row: ANNA in row.keys) == set()
    lists.add(VIP, [Row(2, (ANNA,))], brought())
    assert lists.rows(VIP, 3)[0].person != person


def test_up_to_where_lists_were_applied_survives(tmp_path: Path, lists: ListStore) -> None:
    assert lists.applied() is None
    lists.apply(Applied({VIP: 3, ("sued", "vip"): 1}, 5_000))
    lists.apply(Applied({VIP: 4}, 6_000))
    lists.close()
    with closing(ListStore(tmp_path / "directory.db", MASTER)) as again:
        assert again.applied() == Applied({VIP: 4}, 6_000)


def test_the_file_has_one_owner(tmp_path: Path, lists: ListStore) -> None:
    with pytest.raises(VaultInUseError):
        ListStore(tmp_path / "directory.db", MASTER)
