"""A person's number, name and letter are never in any file in clear, and after erasure nowhere at all."""

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from acd.content.disk import DiskContent
from acd.content.errors import VaultUnknownError
from acd.content.master import MasterKey
from acd.journal.codec import facts_digest
from acd.journal.sqlite import SqliteJournal
from acd.ports import (
    ChannelRecord,
    ContactRef,
    ContentId,
    JournalEntry,
    NewParty,
    NewPiece,
    PartyKind,
    Snapshot,
)

NUMBER = "+49 30 555 0147"
NAME = "Annegret Musterfrau-Beispiel"
LETTER = b"My unmistakable marmalade machine is broken again. "
SPELLINGS = (
    NUMBER.encode(),
    NUMBER.replace(" ", "").encode(),
    b"5550147",
    NAME.encode(),
    b"Musterfrau",
    LETTER,
)


def disguises(clear: bytes) -> set[bytes]:
    """The bytes as they would look in the usual encodings, base64 at each of the three alignments."""
    text = clear.decode()
    found = {clear, clear.lower(), text.encode("utf-16-le"), text.encode("utf-16-be"), clear[::-1]}
    for form in (clear, text.encode("utf-16-le")):
        found |= {form.hex().encode(), form.hex().upper().encode()}
        for shift in range(3):
            coded = base64.b64encode(bytes(shift) + form)
            found.add(coded[4 if shift else 0 : -4])
    return {each for each in found if len(each) >= 7}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def occurrences(directory: Path, needle: bytes) -> list[str]:
    """Files may go while we look: the journal drops a segment when two snapshots cover it."""
    return [str(path) for path in sorted(directory.rglob("*")) if path.is_file() and needle in _content(path)]


def clear_text(directory: Path) -> list[str]:
    return [found for each in SPELLINGS for form in disguises(each) for found in occurrences(directory, form)]


class House:
    """A data directory with journal, vault and key, as the server lays it out."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.journal = SqliteJournal(directory / "journal")
        self.journal.open(lambda _: None, lambda _: None, _fail)
        self.content = self.open_content()

    def open_content(self) -> DiskContent:
        master = MasterKey.load_or_create(self.directory / "vault.key", {})
        return DiskContent(self.directory / "vault.db", master, lambda: 1)

    def take_contact(
        self, seq: int, number: str, name: str, letter: bytes
    ) -> tuple[list[ContentId], ContentId]:
        contact = ContactRef("north", f"c{seq}")
        number_, name_ = NewParty(contact, PartyKind.NUMBER, number), NewParty(contact, PartyKind.NAME, name)
        kept = self.content.append([number_, name_, NewPiece(contact, "mail", letter * 300)])
        kept.synced.result(60)
        parties, document = list(kept.ids[:2]), kept.ids[2]
        event = f"contact {seq} of {parties} with {document}".encode()
        self.journal.append(
            JournalEntry(seq, seq, 1, event, event, facts_digest(event)),
            [ChannelRecord("mail", "last", event)],
        )
        self.journal.snapshot(Snapshot(seq, 1, event))
        self.journal.flush()
        return parties, document

    def close(self) -> None:
        self.content.close()
        self.journal.close()


def _fail(error: Exception) -> None:
    raise error


def secrets_of(house: House, parties: list[ContentId], document: ContentId) -> list[bytes]:
    """Every stored ciphertext, wrapped key and look-up that belongs to the person."""
    with closing(sqlite3.connect(house.directory / "vault.db")) as db:
        found = db.execute(
            "SELECT sealed FROM parties WHERE party IN (?, ?) "
            "UNION SELECT sealed FROM pieces WHERE document = ? "
            "UNION SELECT lookup FROM links WHERE party IN (?, ?) "
            "UNION SELECT wrapped_key FROM contacts JOIN pieces USING (contact) WHERE document = ?",
            (*parties, document, *parties, document),
        )
        return [secret[:32] for (secret,) in found]


def test_the_search_finds_what_is_hidden_in_each_encoding(tmp_path: Path) -> None:
    """The search itself is tested: each disguise, written to a file, is found."""
    text = NUMBER.encode()
    hidden = (
        text,
        NUMBER.encode("utf-16-le"),
        text.hex().encode(),
        *(base64.b64encode(b"x" * n + text) for n in range(3)),
    )
    for content in hidden:
        (tmp_path / "file").write_bytes(b"before" + content + b"after")
        assert clear_text(tmp_path) != []


def test_an_erased_person_is_in_no_file_and_cannot_be_read_with_the_key_while_others_stay(
    tmp_path: Path,
) -> None:
    with closing(House(tmp_path)) as house:
        before = [
            house.take_contact(seq, f"+49 30 555 02{seq:02}", "Bert", b"bert's letter")
            for seq in range(1, 30)
        ]
        parties, document = house.take_contact(30, NUMBER, NAME, LETTER)
        after = [
            house.take_contact(seq, f"+49 30 555 03{seq}", "Carla", b"carla's letter")
            for seq in range(31, 50)
        ]
        secrets = secrets_of(house, parties, document)
        assert len(secrets) == 6
        assert all(occurrences(tmp_path, secret) for secret in secrets)
        assert clear_text(tmp_path) == []

        assert house.content.erase_person(NUMBER).result(60) == 1

        assert clear_text(tmp_path) == []
        assert [found for secret in secrets for found in occurrences(tmp_path, secret)] == []
        house.content.close()
        house.content = house.open_content()
        for party in parties:
            with pytest.raises(VaultUnknownError):
                house.content.party(party)
        with pytest.raises(VaultUnknownError):
            list(house.content.read(document))
        for (number, _), letter in (*before, *after):
            assert house.content.party(number).startswith("+49 30 555 0")
            assert b"".join(house.content.read(letter)).endswith(b"'s letter")
    assert clear_text(tmp_path) == []
    assert [found for secret in secrets for found in occurrences(tmp_path, secret)] == []
