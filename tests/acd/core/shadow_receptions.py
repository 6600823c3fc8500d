"""The naive model of what comes in parts: what is received, what is kept of it, and what was lost."""

from collections.abc import Callable

from acd.core import events, facts
from tests.acd.core.shadow_desk import ShadowContact, ShadowDesk


class ShadowReceptions(ShadowDesk):
    """Folds the facts about receptions. `event` is the one whose facts are being folded."""

    event: events.Event

    called_is_over: Callable[[int, int], None]

    def __init__(self) -> None:
        super().__init__()
        self.legless: set[int] = set()
        """Contacts whose party hung up after it had sent what it wanted."""

    def part_ms(self, contact: ShadowContact) -> int:
        """How long the next part is waited for."""
        return next(traits for traits in self.desk.media if traits.id == contact.medium).receive_ms

    def keeps_leg(self, contact: ShadowContact) -> bool:
        return next(traits for traits in self.desk.media if traits.id == contact.medium).keeps_leg

    def wait_for_parts_anew(self, now_ms: int) -> None:
        for contact in self.contacts.values():
            if contact.receiving:
                contact.ready_ms = now_ms + self.part_ms(contact)

    def _mediumchange(self, fact: facts.MediumChange) -> None:
        self.called_is_over(fact.contact, fact.t_ms)
        contact = self.contacts[fact.contact]
        contact.recording, contact.message = 0, None
        assert self.event == events.MediumChanged(fact.contact, fact.entry)
        assert contact.ref, "it has no leg"
        assert self.keeps_leg(contact), "it had sent all already"
        assert contact.state in ("greeting", "waiting", "offered")
        assert not contact.surveyed
        assert not [w for w in self.works.values() if w.contact == contact.id and w.state == "ringing"]
        assert fact.from_line == contact.line
        entry = next(one for one in self.desk.entries if one.id == fact.entry)
        assert (entry.line, entry.medium) == (fact.line, fact.medium)
        contact.line, contact.medium, contact.entry = fact.line, fact.medium, fact.entry
        contact.incident, contact.reserved, contact.between, contact.due = "", False, False, None
        self.leases.pop(contact.id, None)

    def _receiving(self, fact: facts.Receiving) -> None:
        contact, event = self.contacts[fact.contact], self.event
        if isinstance(event, events.ContactArrived):
            assert not event.ready
            assert contact.state == "greeting"
        else:
            assert isinstance(event, events.MediumChanged)
        assert not self.keeps_leg(contact), "its party waits itself"
        assert fact.line == contact.line
        assert fact.until_ms == fact.t_ms + self.part_ms(contact)
        contact.state, contact.ready_ms, contact.held_until_ms = "deferred", fact.until_ms, 0
        contact.receiving, contact.pages = True, 0

    def _pagekept(self, fact: facts.PageKept) -> None:
        contact = self.contacts[fact.contact]
        assert self.event == events.PageReceived(fact.contact, fact.pages)
        assert contact.receiving
        assert contact.pages is not None
        assert fact.pages > contact.pages
        contact.pages, contact.ready_ms = fact.pages, fact.t_ms + self.part_ms(contact)

    def _received(self, fact: facts.Received) -> None:
        contact = self.contacts[fact.contact]
        assert contact.receiving, "nothing was"
        if fact.by == "channel":
            assert self.event == events.ContactReceived(fact.contact, fact.pages, fact.complete)
            assert contact.ref
        else:
            assert (fact.pages, fact.complete) == (contact.pages, False)
            assert not contact.ref, "its party is there"
            self._stopped(contact, fact)
        assert fact.pages > 0, "nothing to work on"
        contact.receiving, contact.pages = False, fact.pages

    def _stopped(self, contact: ShadowContact, fact: facts.Received) -> None:
        """Without a word of the channel."""
        match fact.by:
            case "timed out":
                assert isinstance(self.event, events.Tick)
                assert fact.t_ms == contact.ready_ms, "not waited for as long as its medium says"
            case "caller":
                assert self.event == events.ContactLeft(fact.contact)
            case _:
                assert fact.by == "leg lost"
                lapsed = isinstance(self.event, events.Tick)  # its lease, while it was received
                assert lapsed or self.event == events.LegLost(fact.contact)
                assert self.hung_up(self.event, fact.contact, fact.t_ms)

    def left_ours(self, contact: ShadowContact, fact: facts.Released) -> None:
        """Whom the desk called is gone, before any agent had him."""
        assert contact.purpose, "that is to abandon"
        if contact.receiving:
            self.nothing_came(contact, fact)
        else:
            assert self.hung_up(self.event, fact.contact, fact.t_ms)

    def nothing_came(self, contact: ShadowContact, fact: facts.Abandoned | facts.Released) -> None:
        """It was lost while it was received."""
        event = self.event
        assert contact.receiving
        assert not contact.pages, "what came is thrown away"
        if isinstance(event, events.Tick):
            assert fact.t_ms == contact.ready_ms, "not waited for as long as its medium says"
        elif isinstance(event, events.ContactReceived):
            assert event == events.ContactReceived(fact.contact, 0, complete=False)
        else:
            assert self.hung_up(event, fact.contact, fact.t_ms)

    def _leggone(self, fact: facts.LegGone) -> None:
        contact = self.contacts[fact.contact]
        assert contact.ref, "it had none"
        assert contact.pages, "it cannot be without"
        if isinstance(self.event, events.Tick) and not self.hung_up(self.event, contact.id, fact.t_ms):
            assert contact.receiving
            assert fact.t_ms == contact.ready_ms
        else:
            assert self.hung_up(self.event, fact.contact, fact.t_ms)
        contact.ref = ""
        self.legless.add(contact.id)
