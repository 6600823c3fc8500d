"""The naive model of incidents: which are on, who must hear which, and what follows the text."""

from acd.core import events, facts
from queues.desk import Entry, Incident, IncidentMode, Line
from tests.acd.core.shadow_desk import ShadowContact, ShadowDesk


class ShadowIncidents(ShadowDesk):
    """Folds the facts about incidents. `event` is the one whose facts are being folded."""

    def __init__(self) -> None:
        super().__init__()
        self.event: events.Event = events.Tick()
        self.incidents: list[Incident] = []
        """Those that are on, the one declared first in front."""
        self.restarted_ms = 0

    def _incidenton(self, fact: facts.IncidentOn) -> None:
        assert isinstance(self.event, events.IncidentDeclared)
        incident = self.event.incident
        assert fact.t_ms < incident.expires_ms
        assert incident.id not in [other.id for other in self.incidents], "declared twice"
        first = incident.mandatory or incident.mode == "end"
        told = (fact.incident, fact.greeting, fact.mode, fact.mandatory, fact.expires_ms)
        assert told == (incident.id, incident.greeting, incident.mode, first, incident.expires_ms)
        self.incidents.append(incident)

    def _incidentoff(self, fact: facts.IncidentOff) -> None:
        incident = next(one for one in self.incidents if one.id == fact.incident)
        if fact.reason == "expired":
            assert fact.t_ms == max(incident.expires_ms, self.restarted_ms), "not when it was over"
        else:
            assert fact.reason == "by hand"
            assert self.event == events.IncidentEnded(incident.id)
        self.incidents.remove(incident)

    def is_vip(self, event: events.ContactArrived, entry: Entry) -> bool:
        usual = self.lines[entry.line].priority_class
        classes = (event.priority_class, entry.priority_class)
        below = any(one is not None and one < usual for one in classes)
        return below or event.head_start_ms > 0 or entry.head_start_ms > 0

    def to_hear(self, event: events.ContactArrived, entry: Entry) -> Incident | None:
        """The incident whose text this arrival must hear."""
        if not next(traits for traits in self.desk.media if traits.id == event.medium).hears:
            return None
        for one in self.incidents:
            scopes = ((one.tenants, entry.tenant), (one.lines, entry.line), (one.entries, entry.id))
            outside = any(scope and mine not in scope for scope, mine in scopes)
            if not outside and not (one.vip_exempt and self.is_vip(event, entry)):
                return one
        return None

    def _informed(self, fact: facts.Informed) -> None:
        contact, event = self.contacts[fact.contact], self.event
        assert isinstance(event, events.ContactArrived), "only arrivals are informed"
        due = contact.due
        assert due is not None, "it need not hear anything"
        assert (fact.incident, fact.line) == (due.id, contact.line)
        assert contact.greeting == due.greeting, "another text was announced"
        contact.due = None
        if due.mandatory or due.mode == "end":
            contact.incident = due.id

    def _deflected(self, fact: facts.Deflected) -> None:
        contact = self.contacts.pop(fact.contact)
        assert contact.state == "greeting"
        assert contact.incident == fact.incident
        assert contact.line == fact.line
        if fact.by == "caller":
            assert self.event == events.ContactLeft(fact.contact)
        else:
            assert fact.by == "end"
            self._at_prompt_end(contact)
            assert self.ends_call(contact), "he was to be served"

    def _at_prompt_end(self, contact: ShadowContact) -> None:
        assert self.event == events.PromptEnded(events.ContactId(contact.id)), "its text was not over"

    def ends_call(self, contact: ShadowContact) -> bool:
        mine = [one for one in self.incidents if one.id == contact.incident]
        return any(one.mode is IncidentMode.END and one.greeting == contact.greeting for one in mine)

    def takes(self, line: Line, now_ms: int) -> bool:
        """Whether the line is open and not full, for one who comes now."""
        if line.hours:
            opens = next(c.opens for c in self.desk.calendars if c.id == line.hours)
            if not any(start <= now_ms < close for start, close in opens):
                return False
        states = ("waiting", "offered")
        mine = [c for c in self.contacts.values() if c.line == line.id]
        length = sum(
            (c.state in states and c.ref != "") or (c.state == "greeting" and c.reserved) for c in mine
        )
        return not line.max_length or length < line.max_length

    def _text_over(self, contact: ShadowContact, now_ms: int) -> None:
        """It is queued after the text of an incident."""
        self._at_prompt_end(contact)
        assert not self.ends_call(contact), "its call was to end"
        assert self.takes(self.lines[contact.line], now_ms), "the line does not take anybody"
        contact.incident = ""

    def _turned_away(self, contact: ShadowContact, now_ms: int) -> None:
        self._at_prompt_end(contact)
        assert contact.incident
        assert not self.ends_call(contact)
        assert not self.takes(self.lines[contact.line], now_ms), "the line would have taken it"
