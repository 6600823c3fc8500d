"""A contact's facts, found in the journal without any index: contact numbers rise with sequence numbers."""

from collections.abc import Iterable
from typing import Protocol

from acd.core.events import ContactId
from acd.core.facts import ENDINGS, Arrived, ConsultOver, Fact, WrapUpDone, WrapUpStarted
from acd.journal.codec import decode_facts
from acd.ports import JournalEntry, Told

MAX_SCAN = 200_000
"""Entries read at most after the arrival; a contact that lives longer is shown as far as that."""
_NEAR = 500


class Entries(Protocol):
    """As much of a journal as is needed here."""

    def facts(self, after_seq: int = 0) -> Iterable[JournalEntry]:
        """As `acd.ports.Journal`."""


def contact_history(journal: Entries, contact: ContactId, last_seq: int, *, after_seq: int = 0) -> list[Told]:
    """The facts of the contact, oldest first; empty if it never arrived after entry `after_seq`. Blocks."""
    story: list[Told] = []
    ending = _Ending(contact)
    start = _before_arrival(journal, contact, after_seq, last_seq)
    for count, entry in enumerate(journal.facts(start)):
        facts = decode_facts(entry.facts)
        if not story and (count > MAX_SCAN or _arrived_later(facts, contact)):
            break
        about = [fact for fact in facts if _is_about(fact, contact)]
        story.extend(Told(entry.seq, entry.by, fact) for fact in about)
        if ending.reached(about) or count > MAX_SCAN:
            break
    return story


def is_over(facts: Iterable[Fact], contact: ContactId) -> bool:
    """Whether nothing can follow these facts of it."""
    return _Ending(contact).reached(facts)


def _is_about(fact: Fact, contact: ContactId) -> bool:
    """Also of a consult, which its facts name beside the contact that it is about."""
    return contact in (getattr(fact, "contact", 0), getattr(fact, "consult", 0))


class _Ending:
    """Knows when nothing can follow: the contact has ended and nobody wraps it up."""

    def __init__(self, contact: ContactId) -> None:
        self._contact = contact
        self._ended = False
        self._wrapping_up = 0

    def reached(self, facts: Iterable[Fact]) -> bool:
        for fact in facts:
            self._ended |= isinstance(fact, ENDINGS) or self._is_over(fact)
            self._wrapping_up += isinstance(fact, WrapUpStarted) - isinstance(fact, WrapUpDone)
        return self._ended and self._wrapping_up <= 0

    def _is_over(self, fact: Fact) -> bool:
        """Of a consult, which no arrival begins and no ending ends."""
        return isinstance(fact, ConsultOver) and fact.consult == self._contact


def _before_arrival(journal: Entries, contact: ContactId, low: int, high: int) -> int:
    """A sequence number before the arrival and near it, by bisection between these two."""
    while high - low > _NEAR:
        middle = (low + high) // 2
        found = _next_arrival(journal, middle, high)
        if found is None or found[1] >= contact:
            high = middle
        else:
            low = found[0]
    return low


def _next_arrival(journal: Entries, after_seq: int, until_seq: int) -> tuple[int, int] | None:
    """(sequence number, contact) of the first arrival in (after_seq, until_seq]."""
    for entry in journal.facts(after_seq):
        if entry.seq > until_seq:
            return None
        for fact in decode_facts(entry.facts):
            if isinstance(fact, Arrived):
                return entry.seq, fact.contact
    return None


def _arrived_later(facts: Iterable[Fact], contact: ContactId) -> bool:
    return any(isinstance(fact, Arrived) and fact.contact > contact for fact in facts)
