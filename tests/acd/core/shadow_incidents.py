"""The naive model of incidents: which are on, who must hear which, and what follows the text."""

from dataclasses import dataclass, field
from typing import Any

from acd.core import events, facts
from queues.desk import Entry, Incident, IncidentId, IncidentMode, Line, LineId, OutboundRule
from queues.incident import KEPT_MS
from queues.treatment import OFFER
from tests.acd.core.shadow_desk import ShadowContact, ShadowDesk


@dataclass(slots=True)
class ShadowLink:
    contact: int
    entry: str
    dial_class: str
    language: str
    attempts: int = 0
    again_ms: int = 0
    call: int = 0
    answered: bool = False
    refused: bool = False
    result: str = ""


@dataclass(slots=True)
class ShadowCourse:
    """What became of an incident."""

    incident: Incident
    concerned: list[int] = field(default_factory=list)
    """Contacts; 0 for each that was blocked."""
    heard: set[int] = field(default_factory=set)
    ended: int = 0
    links: dict[str, ShadowLink] = field(default_factory=dict)
    """By party."""
    clears: bool = False
    """Who is linked is being told that it is solved."""
    kept_until_ms: int = 0


class ShadowIncidents(ShadowDesk):
    """Folds the facts about incidents. `event` is the one whose facts are being folded."""

    def __init__(self) -> None:
        super().__init__()
        self.event: events.Event = events.Tick()
        self.to_tell: set[int] = set()
        """Who waits and must be told of the incident that was just declared."""
        self.incidents: list[Incident] = []
        """Those that are on, the one declared first in front."""
        self.courses: list[ShadowCourse] = []
        """All that were ever declared."""
        self.restarted_ms = 0
        self.promises: dict[int, Any] = {}
        self.warned: list[tuple[str, int]] = []
        """Incidents, and the moments of their warnings."""
        self.over: ShadowCourse
        """Of the link that was told of last."""
        self.hears_old: set[int] = set()
        """Who heard the text of an incident that was just changed."""

    def _incidenton(self, fact: facts.IncidentOn) -> None:
        assert isinstance(self.event, events.IncidentDeclared)
        incident = self.event.incident
        assert fact.t_ms < incident.expires_ms
        assert incident.id not in [other.id for other in self.incidents], "declared twice"
        first = incident.mandatory or incident.mode != "inform"
        told = (fact.incident, fact.greeting, fact.mode, fact.mandatory, fact.expires_ms)
        assert told == (incident.id, incident.greeting, incident.mode, first, incident.expires_ms)
        self.incidents.append(incident)
        self.courses.append(ShadowCourse(incident))
        self.to_tell = {one.id for one in self.contacts.values() if self.is_to_hear(one, incident)}

    def _incidentchange(self, fact: facts.IncidentChange) -> None:
        assert isinstance(self.event, events.IncidentChanged)
        incident = self.event.incident
        (before,) = (one for one in self.incidents if one.id == incident.id)
        kept = ("mode", "tenants", "lines", "entries", "media")
        assert [getattr(before, name) for name in kept] == [getattr(incident, name) for name in kept]
        told = fact.incident, fact.greeting, fact.expires_ms
        assert told == (incident.id, incident.greeting, incident.expires_ms)
        self.incidents[self.incidents.index(before)] = incident
        course = self.course(incident.id)
        course.incident = incident
        again = before.greeting != incident.greeting
        self.hears_old = {one.id for one in self.contacts.values() if self.hears_now(one, before)}
        to_tell = {one.id for one in self.contacts.values() if self.is_to_hear(one, incident)}
        self.to_tell = to_tell if again else to_tell - course.heard
        self.to_tell |= self.hears_old if again else set()

    def hears_now(self, contact: ShadowContact, incident: Incident) -> bool:
        """Whether its text is what it hears, before anything else or between."""
        hears = (contact.incident or contact.between) and not contact.thanked
        told = contact.id in self.course(incident.id).heard
        return bool(hears) and told and contact.about == incident.id

    def course(self, name: IncidentId) -> ShadowCourse:
        """Of the latest by that name."""
        return next(one for one in reversed(self.courses) if one.incident.id == name)

    def _concerned(self, fact: facts.Concerned) -> None:
        entry = next(one for one in self.desk.entries if one.id == fact.entry)
        course = self.course(fact.incident)
        assert course.incident in self.incidents
        assert fact.contact not in course.concerned or not fact.contact, "counted twice"
        if isinstance(self.event, events.ContactArrived) and self.event.joins is None:
            assert fact.contact or self.event.entry == fact.entry
        line = entry.line if not fact.contact else self.contacts[fact.contact].line
        assert self.concerns(course.incident, entry, line) or self.concerns(
            course.incident, entry, entry.line
        )
        course.concerned.append(fact.contact)

    def _incidentwarned(self, fact: facts.IncidentWarned) -> None:
        (incident,) = (one for one in self.incidents if one.id == fact.incident)
        at_ms = incident.expires_ms - incident.warn_ms
        assert incident.warn_ms
        assert fact.expires_ms == incident.expires_ms
        assert fact.t_ms == max(at_ms, self.restarted_ms)
        assert (fact.incident, at_ms) not in self.warned, "warned twice"
        self.warned.append((fact.incident, at_ms))

    def _incidentoff(self, fact: facts.IncidentOff) -> None:
        incident = next(one for one in self.incidents if one.id == fact.incident)
        if fact.reason == "expired":
            assert fact.t_ms == incident.expires_ms, "not when it was over"
        else:
            assert fact.reason == "by hand"
            assert isinstance(self.event, events.IncidentEnded)
            assert self.event.incident == incident.id
        self.incidents.remove(incident)
        self.course(fact.incident).kept_until_ms = fact.t_ms + KEPT_MS

    def is_vip(self, event: events.ContactArrived, entry: Entry) -> bool:
        usual = self.lines[entry.line].priority_class
        classes = (event.priority_class, entry.priority_class)
        below = any(one is not None and one < usual for one in classes)
        return below or event.head_start_ms > 0 or entry.head_start_ms > 0

    def to_hear(self, event: events.ContactArrived, entry: Entry) -> Incident | None:
        """The incident whose text this arrival must hear."""
        for one in self.incidents:
            if self.concerns(one, entry, entry.line) and not (one.vip_exempt and self.is_vip(event, entry)):
                return one
        return None

    def is_to_hear(self, contact: ShadowContact, incident: Incident) -> bool:
        """Whether who is on the line already must hear the text of an incident now."""
        entry = next((one for one in self.desk.entries if one.id == contact.entry), None)
        if entry is None or not contact.ref or contact.purpose or contact.surveyed:
            return False
        if contact.state not in ("greeting", "waiting", "offered"):
            return False
        line = entry.line if contact.state == "greeting" else contact.line
        if contact.incident or contact.between or contact.recording:
            return False
        if not self.concerns(incident, entry, line):
            return False
        below = contact.asked is not None and contact.asked < self.lines[contact.line].priority_class
        return not (incident.vip_exempt and (below or contact.head_ms > 0))

    def concerns(self, incident: Incident, entry: Entry, line: LineId) -> bool:
        """Whether contacts of the entry in that line are in its scope, and can hear anything."""
        scopes = (
            (incident.tenants, entry.tenant),
            (incident.lines, line),
            (incident.entries, entry.id),
            (incident.media, entry.medium),
        )
        hears = next(traits for traits in self.desk.media if traits.id == entry.medium).hears
        return hears and all(not scope or mine in scope for scope, mine in scopes)

    def _informed(self, fact: facts.Informed) -> None:
        contact, event = self.contacts[fact.contact], self.event
        self.course(fact.incident).heard.add(fact.contact)
        contact.about = fact.incident
        if isinstance(event, events.IncidentDeclared | events.IncidentChanged):
            self._told_meanwhile(contact, event.incident)
            return
        if contact.due is None:
            self._told_in_line(contact, fact.incident)
            return
        assert isinstance(event, events.ContactArrived)
        due = contact.due
        assert due is not None, "it need not hear anything"
        assert fact.incident == due.id
        contact.due, contact.told_incident = None, due.greeting
        contact.told_texts.add(due.greeting)
        if due.mandatory or due.mode != "inform":
            self.asked(contact, due)
            contact.incident = due.id

    def asked(self, contact: ShadowContact, incident: Incident) -> None:
        """Its list is the text, and the question where its party may be linked."""
        assert contact.treated is not None
        question = (OFFER,) if self.asks(contact, incident) else ()
        assert contact.treated.says == (incident.greeting, *question), "another text was played"

    def asks(self, contact: ShadowContact, incident: Incident) -> bool:
        """Whether its party is asked if it wants to be told the end."""
        if incident.mode != "offer" or contact.party in self.course(incident.id).links:
            return False
        return self.may_link(contact)

    def may_link(self, contact: ShadowContact) -> bool:
        """Whether the desk can tell its party the end by calling it."""
        traits = next(traits for traits in self.desk.media if traits.id == contact.medium)
        if contact.purpose or contact.consults or not (traits.keeps_leg and traits.hears):
            return False
        promise = self.promises.get(contact.id)
        apart = (
            (promise is not None and not promise.over)
            or contact.message is not None
            or contact.pages is not None
        )
        if apart or not contact.party or not contact.dial_class:
            return False
        return any(
            rule.purpose == "all_clear"
            and rule.tenant in ("", contact.tenant)
            and contact.dial_class in rule.classes
            for rule in self.desk.outbound
        )

    def _linked(self, fact: facts.Linked) -> None:
        contact, course = self.contacts[fact.contact], self.course(fact.incident)
        assert course.incident in self.incidents
        assert contact.party not in course.links, "linked twice"
        assert self.may_link(contact), "the desk may have changed since he was asked"
        course.links[contact.party] = ShadowLink(
            fact.contact, contact.entry, contact.dial_class, contact.language
        )
        if fact.by == "hand":
            assert self.event == events.ContactLinked(fact.contact, fact.incident)
        else:
            assert isinstance(self.event, events.KeyPressed)
            assert contact.about == fact.incident

    def incident_ended(self, now_ms: int) -> None:
        """Who is linked is told so from now on, if there is a text; that may be after it has expired."""
        if isinstance(self.event, events.IncidentEnded) and self.event.text:
            name, on = self.event.incident, [one.id for one in self.incidents]
            waits = [
                one
                for one in self.courses
                if one.incident.id == name
                and not one.clears
                and any(not link.result for link in one.links.values())
            ]
            course = self.course(name) if name in on else waits[0]
            if course in waits:
                course.clears, course.kept_until_ms = True, now_ms + KEPT_MS

    def to_be_called(self, course: ShadowCourse, now_ms: int) -> ShadowLink | None:
        """Who is next; None: nobody may be called now."""
        for link in course.links.values():
            entry = next((one for one in self.desk.entries if one.id == link.entry), None)
            if link.result or link.call or entry is None or now_ms < link.again_ms:
                continue
            rule = self.all_clear_rule(entry.tenant, link.dial_class)
            if rule is None or not self.is_open(self.lines[entry.line], now_ms):
                continue
            if (
                sum(
                    self.rule_of_link(one) == rule
                    for c in self.courses
                    for one in c.links.values()
                    if one.call
                )
                < rule.at_once
            ):
                return link
        return None

    def all_clear_rule(self, tenant: str, dial_class: str) -> OutboundRule | None:
        fits = (one for one in self.desk.outbound if one.purpose == "all_clear" and dial_class in one.classes)
        return next((one for one in fits if one.tenant in ("", tenant)), None)

    def rule_of_link(self, link: ShadowLink) -> OutboundRule | None:
        entry = next((one for one in self.desk.entries if one.id == link.entry), None)
        return None if entry is None else self.all_clear_rule(entry.tenant, link.dial_class)

    def all_clear_call(self, fact: facts.CalledOut) -> tuple[str, ShadowLink]:
        """Who is called is next, and has not been told."""
        named = [one for one in self.courses if one.incident.id == fact.incident and one.clears]
        nexts = [(course, self.to_be_called(course, fact.t_ms)) for course in named]
        found = [(c, one) for c, one in nexts if one is not None and one.contact == fact.linked]
        assert found, "somebody else is next, or nobody"
        course, link = found[0]
        assert fact.purpose == "all_clear"
        link.call, link.attempts = fact.contact, link.attempts + 1
        return next(party for party, one in course.links.items() if one is link), link

    def course_of(self, name: IncidentId, contact: int) -> ShadowCourse:
        """That to which this contact is linked, and still is to be told the end."""
        named = (one for one in self.courses if one.incident.id == name)
        found = (
            one
            for one in named
            if any(link.contact == contact and not link.result for link in one.links.values())
        )
        course = next(found, None)
        assert course is not None, "nobody is to be told"
        return course

    def attempt_failed(self, fact: facts.CallOver) -> None:
        """One for which there was no room is none; whose number nobody will dial is called no more."""
        for link in (one for c in self.courses for one in c.links.values() if one.call == fact.contact):
            link.answered = fact.result == "answered"
            link.refused = link.refused or fact.result == "refused"
            link.attempts -= fact.result == "no room"

    def all_clear_ended(self, number: int, line: LineId, by: str, now_ms: int) -> None:
        """Somebody who was called for it is not on the line any more: that was told, if it was for good."""
        for link in (one for c in self.courses for one in c.links.values() if one.call == number):
            rule = self.lines[line].callback
            link.call = 0
            last = link.refused or link.attempts >= rule.attempts
            not_answered = "not reached" if last else ""
            ends = {"treatment": "told", "cancelled": "dropped"}
            expected = ends.get(by, "hung up" if link.answered else not_answered)
            assert link.result == expected, "another end"
            link.again_ms = link.again_ms if expected else now_ms + rule.gap_ms

    def _linkover(self, fact: facts.LinkOver) -> None:
        self.over = course = self.course_of(fact.incident, fact.contact)
        (link,) = (one for one in course.links.values() if one.contact == fact.contact and not one.result)
        assert link.call == fact.call
        if fact.call:
            assert course.clears, "its end is looked at when that is told"
        elif fact.result == "dropped":
            expired = fact.t_ms >= course.kept_until_ms and not course.clears
            assert expired or (isinstance(self.event, events.IncidentEnded) and not self.event.text)
        else:
            assert (fact.result, course.clears) == ("not reached", True)
            assert fact.t_ms >= course.kept_until_ms
        link.result = fact.result

    def _allclear(self, fact: facts.AllClear) -> None:
        results = [one.result for one in self.over.links.values()]
        assert all(results)
        told = results.count("told") + results.count("hung up")
        assert (fact.told, fact.others) == (told, len(results) - told)

    def _told_in_line(self, contact: ShadowContact, name: IncidentId) -> None:
        """It chose its line by a key, or rang in again: what holds for that line holds for it."""
        incident = next(one for one in self.incidents if one.id == name)
        assert self.is_to_hear(contact, incident)
        contact.told_texts.add(incident.greeting)

    def _told_meanwhile(self, contact: ShadowContact, incident: Incident) -> None:
        """It was on the line when the incident was declared."""
        self.to_tell.remove(contact.id)
        contact.told_incident = incident.greeting
        if isinstance(self.event, events.IncidentChanged) and contact.id in self.hears_old:
            return
        if contact.state == "greeting" and incident.mode == "end":
            contact.incident, contact.reserved, contact.between = incident.id, False, False

    def _deflected(self, fact: facts.Deflected) -> None:
        contact = self.contacts.pop(fact.contact)
        heard = (one for one in reversed(self.courses) if contact.id in one.heard)
        course = next(one for one in heard if one.incident.id == fact.incident)
        course.ended += 1
        assert contact.state == "greeting"
        assert contact.incident == fact.incident
        assert contact.thanked == (fact.by == "key")
        assert contact.line == fact.line
        if fact.by == "caller":
            assert self.event == events.ContactLeft(fact.contact)
        elif fact.by == "key":
            named = (one for one in self.courses if one.incident.id == fact.incident)
            assert any(contact.party in one.links for one in named), "it was not linked"
            if not self.gone(contact, fact.t_ms):
                self._at_prompt_end(contact, fact.t_ms)
        else:
            assert fact.by == "end"
            self._at_prompt_end(contact, fact.t_ms)
            assert self.ends_call(contact), "he was to be served"

    def gone(self, contact: ShadowContact, now_ms: int) -> bool:
        """Whether its party has hung up, or its leg is lost."""
        return self.hung_up(self.event, contact.id, now_ms)

    def _at_prompt_end(self, contact: ShadowContact, now_ms: int) -> None:
        told = isinstance(self.event, events.PromptEnded) and self.event.contact == contact.id
        if contact.is_asked:
            pressed = isinstance(self.event, events.KeyPressed) and self.event.contact == contact.id
            told = pressed or (isinstance(self.event, events.Tick) and contact.heard)
        assert told or now_ms >= contact.over_ms, "its text was not over"

    def ends_call(self, contact: ShadowContact) -> bool:
        if contact.thanked:
            return True
        mine = [one for one in self.incidents if one.id == contact.incident]
        return any(one.mode is IncidentMode.END and one.greeting == contact.told_incident for one in mine)

    def takes(self, line: Line, now_ms: int) -> bool:
        """Whether the line is open and not full, for one who comes now."""
        if not self.is_open(line, now_ms):
            return False
        states = ("waiting", "offered")
        mine = [c for c in self.contacts.values() if c.line == line.id]
        length = sum(
            (c.state in states and not (c.to_call or c.consults or c.left))
            or (c.state == "greeting" and c.reserved)
            for c in mine
        )
        return not line.max_length or length < line.max_length

    def _text_over(self, contact: ShadowContact, now_ms: int) -> None:
        """It goes on after the text of an incident."""
        self._at_prompt_end(contact, now_ms)
        assert not self.ends_call(contact), "its call was to end"
        contact.incident = ""

    def _turned_away(self, contact: ShadowContact, now_ms: int) -> None:
        assert contact.state == "greeting"
        if contact.incident:
            self._at_prompt_end(contact, now_ms)
            assert not self.ends_call(contact)
            treated = any(one.id == contact.entry and one.treatment for one in self.desk.entries)
            wanted = self.lines.values() if treated else [self.lines[contact.line]]
            assert not all(self.takes(line, now_ms) for line in wanted), "the line would have taken it"
