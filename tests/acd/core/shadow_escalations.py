"""The naive model of escalation lists: who is called next, and when it is over."""

from dataclasses import dataclass

from acd.core import events, facts
from acd.core.events import ContactId
from queues.desk import EntryId
from queues.escalation import AFTER_KEY, TAKEN, Person
from queues.names import TreatmentId
from queues.treatment import End, Menu, Say, Treatment
from tests.acd.core.shadow_treatments import ShadowTreatments


@dataclass(slots=True)
class ShadowEscalation:
    event: events.EscalationStarted
    began_ms: int
    treatment: Treatment
    tried: list[Person]
    called: int = 0
    last: int = 0
    """The same, also when it is over."""
    mailing_ms: int = 0
    """Until when a channel may take the mail; 0: none is ordered."""
    next_ms: int = 0
    """When the next one is to be called; 0: somebody is."""


class ShadowEscalations(ShadowTreatments):
    """Folds the facts about escalations."""

    def __init__(self) -> None:
        super().__init__()
        self.walked: dict[int, ShadowEscalation] = {}
        self.back_ms = 0
        """When the server came back last."""
        self.spoken_lists: list[Treatment] = []
        """Of those that are over: they are heard to their end."""

    def treatments(self) -> tuple[Treatment, ...]:
        own = tuple(one.treatment for one in self.walked.values())
        return (*super().treatments(), Treatment(TAKEN, AFTER_KEY), *own, *self.spoken_lists)

    def _escalationbegan(self, fact: facts.EscalationBegan) -> None:
        event = self.event
        assert isinstance(event, events.EscalationStarted)
        assert (fact.list, fact.contact, fact.ticket) == (event.list, event.contact, event.ticket)
        assert fact.escalation not in self.walked
        same = [one.event for one in self.walked.values()]
        about = (event.list, event.contact, event.ticket)
        assert about not in [(one.list, one.contact, one.ticket) for one in same], "walked twice at once"
        treatment = told_by(fact.escalation, event)
        self.walked[fact.escalation] = ShadowEscalation(event, fact.t_ms, treatment, [], next_ms=fact.t_ms)

    def _escalationtried(self, fact: facts.EscalationTried) -> None:
        one = self.walked[fact.escalation]
        assert not one.mailing_ms
        assert one.called not in self.contacts, "two are called at once"
        people = one.event.people * one.event.rounds
        person = people[len(one.tried)]
        step = len(one.tried) % len(one.event.people) + 1
        round_ = len(one.tried) // len(one.event.people) + 1
        assert (fact.who, fact.step, fact.round) == (person.who, step, round_), "somebody was left out"
        gap_ms = one.event.gap_ms if step == 1 and round_ > 1 else 0
        assert fact.t_ms == max(one.next_ms + gap_ms, self.back_ms), "he was called too early, or late"
        one.tried.append(person)
        one.called = one.last = fact.called

    def called_is_over(self, number: int, t_ms: int) -> None:
        """A contact has ended: the next one's turn."""
        for one in self.walked.values():
            if one.called == number:
                one.next_ms, one.called = t_ms, 0

    def _escalationmailed(self, fact: facts.EscalationMailed) -> None:
        one = self.walked[fact.escalation]
        assert one.event.mail
        one.mailing_ms = fact.t_ms + 3_600_000

    def _escalationover(self, fact: facts.EscalationOver) -> None:
        one, event = self.walked.pop(fact.escalation), self.event
        assert (fact.list, fact.contact) == (one.event.list, one.event.contact)
        assert (fact.took_ms, fact.attempts) == (fact.t_ms - one.began_ms, len(one.tried))
        self.spoken_lists.append(one.treatment)
        if fact.result == "acknowledged":
            assert isinstance(event, events.KeyPressed)
            assert (event.contact, event.key, fact.who) == (one.called, "1", one.tried[-1].who)
            return
        assert not fact.who
        if fact.result == "cancelled":
            assert event == events.EscalationCancelled(fact.escalation)
            assert one.called not in self.contacts, "he is told though nobody needs to know"
        elif fact.result == "mailed":
            assert event == events.NoticeTaken(fact.escalation)
            assert one.mailing_ms
        elif event == events.NoticeTaken(fact.escalation, taken=False):
            assert (fact.result, one.mailing_ms > 0) == ("nobody", True)
        else:
            assert fact.result == "nobody"
            assert one.called not in self.contacts
            if one.mailing_ms:
                assert fact.t_ms >= one.mailing_ms
            else:
                gone = one.event.entry not in {entry.id for entry in self.desk.entries}
                assert gone or (not one.event.mail and self.all_tried(one))

    def all_tried(self, one: ShadowEscalation) -> bool:
        return len(one.tried) == len(one.event.people) * one.event.rounds

    def cancels(self, number: int) -> bool:
        """Whether this event calls off the contact by which somebody is called."""
        event = self.event
        if not isinstance(event, events.EscalationCancelled):
            return event == events.CallOutCancelled(ContactId(number))
        return self.walked[event.escalation].last == number

    def person_of(self, number: int) -> Person | None:
        """Who is called by this contact; None: it is for no list."""
        return next((one.tried[-1] for one in self.walked.values() if one.called == number), None)

    def begun_by(self, fact: facts.CalledOut) -> tuple[EntryId, str, str]:
        """Entry, number and class of the number of whom the desk calls."""
        event = self.event
        if isinstance(event, events.CallOut):
            return event.entry, event.party, event.dial_class
        one = next(one for one in self.walked.values() if one.called == fact.contact)
        person = one.tried[-1]
        assert (fact.purpose, fact.treatment) == ("escalation", one.treatment.id)
        return one.event.entry, person.party, person.dial_class


def told_by(number: int, event: events.EscalationStarted) -> Treatment:
    """Text, key, text, key, end."""
    menu = Menu("escalation:ask", (("1", TAKEN),), 8_000, "")
    steps = (Say(event.text), menu, Say(event.text), menu, End())
    return Treatment(TreatmentId(f"escalation:{number}"), steps)
