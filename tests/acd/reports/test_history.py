"""A contact's history is found among many, without an index."""

from pathlib import Path

import pytest

from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    ContactArrived,
    ContactId,
    ContactLeft,
    ContactReleased,
    OfferAccepted,
    OfferId,
    WrapUpEnded,
)
from acd.core.facts import Abandoned, Answered, Arrived, Offered, Queued, Released, WrapUpDone
from acd.journal import rows
from acd.journal.memory import MemoryJournal
from acd.journal.sqlite import SqliteJournal
from acd.ports import Journal, JournalEntry, Told
from acd.reports.history import contact_history
from acd.testing import NUMBER, small_desk, small_line
from agents.capacity import VOICE
from agents.skills import AgentId
from tests.acd.replay.journalled_desk import Desk

ANNA = AgentId("anna")


def desk_with(journal: Journal | None = None) -> Desk:
    """One agent, who wraps up for an hour."""
    return Desk(opened=small_desk(["anna"], lines=[small_line(wrap_up_ms=3_600_000)]), journal=journal)


def of(story: Desk, contact: int) -> list[Told]:
    return contact_history(story.journal, ContactId(contact), story.seq)


def test_every_one_of_two_thousand_contacts_has_its_own_history() -> None:
    """First, last and all between; the unknown have none."""
    story = desk_with()
    for number in range(1, 2001):
        story.handle(ContactArrived(f"call-{number}", NUMBER, VOICE))
        if number % 3 == 0:
            story.handle(ContactLeft(ContactId(number - 1)))
    for number in (1, 2, 3, 499, 500, 1000, 1001, 1998, 1999, 2000):
        found = of(story, number)
        assert {getattr(fact, "contact", None) for _, _, fact in found} == {number}
        assert [type(told.fact) for told in found][:2] == [Arrived, Queued]
        gone = (number + 1) % 3 == 0 and number < 2000
        assert isinstance(found[-1].fact, Abandoned) is gone
        assert [told.seq for told in found] == sorted(told.seq for told in found)
    assert of(story, 2001) == []
    assert of(story, 10**12) == []


def test_a_history_goes_on_until_the_wrap_up_is_done() -> None:
    """From arrival to the end of the after-contact work, though other contacts come between."""
    story = desk_with()
    story.handle(AgentReachable(ANNA, VOICE))
    story.handle(AgentSignedIn(ANNA))
    story.handle(ContactArrived("call-1", NUMBER, VOICE))
    story.handle(OfferAccepted(OfferId(1)))
    story.handle(ContactReleased(ContactId(1), ANNA))
    for number in range(2, 700):
        story.handle(ContactArrived(f"call-{number}", NUMBER, VOICE))
    story.handle(WrapUpEnded(ContactId(1), ANNA))
    kinds = [type(told.fact) for told in of(story, 1)]
    assert kinds[0] is Arrived
    assert {Offered, Answered, Released} < set(kinds)
    assert kinds[-1] is WrapUpDone


def test_an_empty_journal_knows_nobody() -> None:
    """No entries, no history."""
    journal = MemoryJournal()
    journal.open(lambda _: None, lambda _: None, lambda _: None)
    assert contact_history(journal, ContactId(1), 0) == []


def test_of_a_long_journal_on_disk_little_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look costs a few entries: a contact of two among 20,000 is found by less than 600."""
    journal = SqliteJournal(tmp_path)
    journal.open(lambda _: None, lambda _: None, lambda _: None)
    story = desk_with(journal)
    for number in range(1, 10_001):
        story.handle(ContactArrived(f"call-{number}", NUMBER, VOICE))
        story.handle(ContactLeft(ContactId(number)))
    journal.flush()
    read: list[JournalEntry] = []
    checked = rows._checksum

    def noted(entry: JournalEntry) -> int:
        read.append(entry)
        return checked(entry)

    monkeypatch.setattr(rows, "_checksum", noted)
    try:
        assert [type(told.fact) for told in of(story, 7_777)] == [Arrived, Queued, Abandoned]
    finally:
        journal.close()
    assert 0 < len(read) < 600
