"""What every kind of Content promises, in memory and on the disk."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acd.content.disk import DiskContent
from acd.content.errors import TooLargeError, VaultUnknownError
from acd.content.intake import MAX_PIECE_BYTES, MAX_VALUE_CHARACTERS
from acd.content.master import MasterKey
from acd.content.memory import MemoryContent
from acd.ports import About, ContactRef, Content, ContentId, Listed, NewParty, NewPiece, PartyKind

NUMBER, ADDRESS, NAME = PartyKind.NUMBER, PartyKind.ADDRESS, PartyKind.NAME
ANNA, ANNA_AGAIN, BERT = ContactRef("north", "c1"), ContactRef("north", "c2"), ContactRef("north", "c3")
ELSEWHERE = ContactRef("south", "c1")
WITHIN_S = 60


class Clock:
    now_ms = 1

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "disk"])
def content(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Content]:
    makers: dict[str, Callable[[], Content]] = {
        "memory": lambda: MemoryContent(clock),
        "disk": lambda: DiskContent(tmp_path / "vault.db", MasterKey(bytes(range(32))), clock),
    }
    made = makers[request.param]()
    yield made
    made.close()


def keep(content: Content, *batch: NewParty | NewPiece) -> tuple[ContentId, ...]:
    """Append, and wait until it is synced."""
    appended = content.append(batch)
    appended.synced.result(WITHIN_S)
    return appended.ids


def number(contact: ContactRef, value: str) -> NewParty:
    return NewParty(contact, NUMBER, value)


def mail(contact: ContactRef, data: bytes, of: str = "", *, last: bool = True) -> NewPiece:
    return NewPiece(contact, "mail", data, of, last)


def gone(content: Content, *documents: str) -> bool:
    for document in documents:
        with pytest.raises(VaultUnknownError, match=f"no document {document}: never stored, or erased"):
            list(content.read(document))
    return True


def test_a_batch_gives_an_id_for_each_item_at_once_and_what_was_kept_is_read_back(content: Content) -> None:
    appended = content.append(
        [
            number(ANNA, "+49 30 555 0101"),
            NewParty(ANNA, NAME, "Anna Beispiel"),
            mail(ANNA, b"Subject: fire"),
        ]
    )
    assert len(set(appended.ids)) == 3
    appended.synced.result(WITHIN_S)
    party, name, document = appended.ids
    assert content.party(party) == "+49 30 555 0101"
    assert content.party(name) == "Anna Beispiel"
    assert list(content.read(document)) == [b"Subject: fire"]


def test_the_same_number_has_the_same_id_inside_a_tenant_and_another_outside(content: Content) -> None:
    (first,) = content.append([number(ANNA, "+49 30 555 0101")]).ids
    assert content.append([number(ANNA_AGAIN, "+49 (30) 555-0101")]).ids == (first,)
    assert keep(content, number(BERT, "+49 30 555 0102")) != (first,)
    assert keep(content, number(ELSEWHERE, "+49 30 555 0101")) != (first,)
    assert content.party(first) == "+49 (30) 555-0101", "as spelt last"


def test_a_document_comes_piece_by_piece_and_is_read_so(content: Content) -> None:
    (document,) = keep(content, mail(ANNA, b"one ", last=False))
    assert list(content.read(document)) == [b"one "]
    same = keep(content, mail(ANNA, b"two ", document, last=False), mail(ANNA, b"three", document))
    assert same == (document, document)
    assert list(content.read(document)) == [b"one ", b"two ", b"three"]


def test_a_piece_that_continues_nothing_is_refused_and_nothing_of_its_batch_is_kept(content: Content) -> None:
    (whole,) = keep(content, mail(ANNA, b"all of it"))
    (begun,) = keep(content, mail(ANNA, b"one ", last=False))
    for of, contact in ((whole, ANNA), ("00", ANNA), (begun, BERT)):
        with pytest.raises(VaultUnknownError, match="no unfinished document"):
            content.append([number(BERT, "+49 30 555 0102"), mail(contact, b"?", of)])
    with pytest.raises(VaultUnknownError):
        content.append([mail(ANNA, b"end", begun), mail(ANNA, b"beyond", begun)])
    keep(content, mail(ANNA, b"end", begun))
    assert list(content.read(begun)) == [b"one ", b"end"], "the refused end has ended nothing"
    assert content.erase_person("+49 30 555 0102").result(WITHIN_S) == 0


def test_a_document_is_told_of_without_its_bytes_and_read_from_any_piece_on(content: Content) -> None:
    """Whose it is, how much has come, and whether that is all; who reads piece by piece keeps no place."""
    (begun,) = keep(content, mail(ANNA, b"one", last=False))
    assert content.about(begun) == About(ANNA, "mail", 3, False)
    keep(content, mail(ANNA, b"two!", begun, last=False), mail(ANNA, b"", begun))
    assert content.about(begun) == About(ANNA, "mail", 7, True)
    assert [list(content.read(begun, first)) for first in range(4)] == [
        [b"one", b"two!", b""],
        [b"two!", b""],
        [b""],
        [],
    ]
    content.erase_contact(ANNA).result(WITHIN_S)
    with pytest.raises(VaultUnknownError):
        content.about(begun)


def test_the_documents_of_a_contact_are_listed_as_they_began(content: Content) -> None:
    """Of this contact alone; one that is not whole too; no more than are asked for; none that was erased."""
    begun, whole, _ = keep(
        content, mail(ANNA, b"one", last=False), mail(ANNA, b"all"), mail(BERT, b"another's")
    )
    keep(content, number(ANNA, "+49 30 555 0101"), mail(ANNA, b"two", begun, last=False))
    wanted = [
        Listed(begun, About(ANNA, "mail", 6, False)),
        Listed(whole, About(ANNA, "mail", 3, True)),
    ]
    assert content.documents(ANNA, 9) == wanted
    assert content.documents(ANNA, 1) == wanted[:1]
    assert content.documents(ANNA, 0) == content.documents(ELSEWHERE, 9) == []
    content.erase_contact(ANNA).result(WITHIN_S)
    assert content.documents(ANNA, 9) == []


def test_a_document_whose_sender_is_gone_is_over(content: Content) -> None:
    """What came of it is kept; more is refused; one that is whole, or never was, stays so."""
    begun, whole = keep(content, mail(ANNA, b"one", last=False), mail(ANNA, b"all"))
    for document in (begun, whole, "0" * 32):
        content.abandon(document)
    with pytest.raises(VaultUnknownError):
        content.append([mail(ANNA, b"two", begun)])
    assert content.about(begun) == About(ANNA, "mail", 3, False)
    assert content.about(whole).whole


def test_what_is_too_large_is_refused(content: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acd.content.intake.MAX_DOCUMENT_BYTES", 10)
    (document,) = keep(content, mail(ANNA, b"123456", last=False))
    for item in (
        mail(ANNA, b"12345", document),
        mail(ANNA, bytes(MAX_PIECE_BYTES + 1)),
        number(ANNA, "1" * (MAX_VALUE_CHARACTERS + 1)),
    ):
        with pytest.raises(TooLargeError):
            content.append([item])
    keep(content, mail(ANNA, b"7890", document))
    assert list(content.read(document)) == [b"123456", b"7890"]


def test_what_was_never_kept_is_unknown(content: Content) -> None:
    with pytest.raises(VaultUnknownError, match="no party 00: never stored, or erased"):
        content.party("00")
    assert gone(content, "00")
    assert content.erase_contact(ANNA).result(WITHIN_S) == 0


def test_erasing_a_contact_leaves_the_person_s_other_contacts(content: Content) -> None:
    party, document = keep(content, number(ANNA, "+49 30 555 0101"), mail(ANNA, b"gone"))
    _, kept = keep(content, number(ANNA_AGAIN, "+49 30 555 0101"), mail(ANNA_AGAIN, b"kept"))
    assert content.erase_contact(ANNA).result(WITHIN_S) == 1
    assert content.party(party) == "+49 30 555 0101"
    assert list(content.read(kept)) == [b"kept"]
    assert gone(content, document)


def test_erasing_a_person_takes_every_contact_of_hers_and_leaves_all_others(content: Content) -> None:
    party, first = keep(content, number(ANNA, "+49 30 555 0101"), mail(ANNA, b"one"))
    _, second = keep(content, number(ANNA_AGAIN, "+49 30 555 0101"), mail(ANNA_AGAIN, b"two"))
    bert, berts = keep(content, number(BERT, "+49 30 555 0102"), mail(BERT, b"bert's"))
    assert content.erase_person("+49-30-5550101").result(WITHIN_S) == 2
    with pytest.raises(VaultUnknownError):
        content.party(party)
    assert gone(content, first, second)
    assert content.party(bert) == "+49 30 555 0102"
    assert list(content.read(berts)) == [b"bert's"]


def test_after_erasure_the_same_number_gets_another_id_so_old_facts_stay_unlinked(content: Content) -> None:
    before = keep(content, number(ANNA, "+49 30 555 0101"))
    content.erase_person("+49 30 555 0101").result(WITHIN_S)
    assert keep(content, number(ANNA, "+49 30 555 0101")) != before


def test_an_erasure_takes_what_was_appended_before_it_and_not_what_came_after(content: Content) -> None:
    """In the order in which they were asked for, though neither has been carried out yet."""
    content.append([number(ANNA, "+49 30 555 0101")])
    erased = content.erase_person("+49 30 555 0101")
    (kept,) = content.append([mail(ANNA_AGAIN, b"later")]).ids
    assert erased.result(WITHIN_S) == 1
    keep(content)
    assert list(content.read(kept)) == [b"later"]


def test_a_document_whose_contact_is_erased_does_not_come_back_with_its_next_piece(content: Content) -> None:
    (document,) = keep(content, mail(ANNA, b"one ", last=False))
    content.erase_contact(ANNA).result(WITHIN_S)
    with pytest.raises(VaultUnknownError):
        keep(content, mail(ANNA, b"two", document))
    assert gone(content, document)


def test_a_person_is_erased_by_address_too_and_in_one_tenant_only_if_asked(content: Content) -> None:
    keep(content, NewParty(ANNA, ADDRESS, "anna@example.org"))
    (there,) = keep(content, NewParty(ELSEWHERE, ADDRESS, "anna@example.org"))
    assert content.erase_person("Anna@Example.org ", "north").result(WITHIN_S) == 1
    assert content.party(there) == "anna@example.org"
    assert content.erase_person("anna@example.org").result(WITHIN_S) == 1


def test_people_who_share_a_name_are_not_erased_by_it(content: Content) -> None:
    (party,) = keep(content, NewParty(ANNA, NAME, "Anna Beispiel"))
    assert content.erase_person("Anna Beispiel").result(WITHIN_S) == 0
    assert content.party(party) == "Anna Beispiel"


def test_retention_erases_what_is_older_in_one_tenant(content: Content, clock: Clock) -> None:
    found: list[ContentId] = []
    for at_ms, contact in ((999, ANNA), (1_000, BERT), (1, ELSEWHERE)):
        clock.now_ms = at_ms
        found += keep(content, mail(contact, b"x"))
    assert content.erase_before("north", 1_000).result(WITHIN_S) == 1
    assert gone(content, found[0])
    assert [list(content.read(kept)) for kept in found[1:]] == [[b"x"], [b"x"]]
