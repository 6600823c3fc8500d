"""Random moves on random desks, legal and illegal, with the oracle watching."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from msgspec.structs import replace

from acd.core import events
from acd.core.deadlines import Kind
from acd.core.engine import Engine, Reaction
from acd.core.errors import Rejected
from acd.core.events import CallId, ContactId, OfferId
from agents.capacity import FAX, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from agents.states import LISTENERS, ROLE, Role, WorkState
from queues.contact import Contact
from queues.desk import Desk, EntryId, IncidentId, IncidentMode, LineId
from queues.escalation import Person
from queues.names import TreatmentId
from queues.states import ContactState
from tests.acd.core.oracle import Oracle
from tests.acd.core.random_desk import (
    CODES,
    MEDIA,
    START_MS,
    random_calendar,
    random_desk,
    random_incident,
)

DEVICES = (Carrier("sip", "phone"), Carrier("desk", "page"), Carrier("desk", "other page"))
"""An agent has these, or some of them, and each may carry every medium."""


class Play:
    """An engine, its clock and its oracle; `move` does one thing to it and checks."""

    def __init__(self, desk: Desk, *, thorough: bool = True, late_ticks: bool = True) -> None:
        self.engine = Engine()
        self.oracle = Oracle(self.engine)
        self.now_ms = START_MS
        self.journal: list[tuple[int, events.Event]] = []
        self.twin: Engine | None = None
        """Restored from a snapshot some time ago; must decide the same ever since."""
        self.thorough = thorough
        self.late_ticks = late_ticks
        self.rejected = 0
        self.refs = 0
        self.submit(events.DeskChanged(desk))

    def submit(self, event: events.Event) -> Reaction | None:
        """Let due deadlines fire, then hand the event over; None: rejected, and nothing changed."""
        due_ms = self.engine.next_deadline()
        if due_ms is not None and due_ms <= self.now_ms:
            self._handle(events.Tick())
        return self._handle(event)

    def _handle(self, event: events.Event) -> Reaction | None:
        before = self.engine.snapshot() if self.thorough else b""
        try:
            outcome = self.engine.handle(event, self.now_ms)
        except Rejected:
            assert not isinstance(event, events.Tick), "a deadline was illegal"
            self.rejected += 1
            if self.thorough:
                assert self.engine.snapshot() == before, "a rejected event changed something"
                self._twin_rejects(event)
            return None
        self.journal.append((self.now_ms, event))
        self.oracle.follow(event, self.now_ms, outcome)
        if self.twin is not None:
            assert self.twin.handle(event, self.now_ms) == outcome, "the restored engine decides otherwise"
            if self.thorough:
                assert self.twin.snapshot() == self.engine.snapshot()
        if self.thorough:
            self.oracle.check(self.now_ms)
        return outcome

    def _twin_rejects(self, event: events.Event) -> None:
        if self.twin is not None:
            try:
                self.twin.handle(event, self.now_ms)
            except Rejected:
                return
            raise AssertionError("the restored engine takes what the engine rejects")

    def restart(self) -> None:
        """From now on a restored engine runs alongside."""
        saved = self.engine.snapshot()
        self.twin = Engine.restore(saved)
        assert self.twin.snapshot() == saved, "restored is not what was saved"

    def outage(self, lasting_ms: int) -> None:
        """The server is away for a while: no deadline fires, and the first that it hears is `Restarted`."""
        since_ms = self.engine.state.now_ms
        self.now_ms += lasting_ms
        self.restart()
        self._handle(events.Restarted(since_ms))

    def advance(self, by_ms: int) -> None:
        """Time passes; deadlines fire on time, or late when `by_ms` is odd."""
        target_ms = self.now_ms + by_ms
        while not (self.late_ticks and by_ms % 2):
            due_ms = self.engine.next_deadline()
            if due_ms is None or due_ms > target_ms:
                break
            self.now_ms = max(self.now_ms, due_ms)
            self._handle(events.Tick())
        self.now_ms = target_ms

    def move(self, name: str, x: int, y: int, z: int) -> None:
        """One of MOVES; x, y, z choose who and what."""
        MOVES[name](self, x, y, z)

    # ---- who and what

    def agent(self, x: int) -> AgentId:
        agents = list(self.engine.state.seats)
        return agents[x % len(agents)] if agents else AgentId("nobody")

    def busy_agent(self, x: int, y: int) -> AgentId:
        """Now and then one who is reserved."""
        reserved = [w.agent for w in self.engine.state.works.values() if w.state is WorkState.RESERVED]
        return reserved[x % len(reserved)] if reserved and y % 4 else self.agent(x)

    def line(self, x: int) -> LineId:
        lines = self.engine.state.desk.lines
        return lines[x % len(lines)].id

    def entry(self, x: int) -> EntryId:
        """Mostly none, now and then one, or one that does not exist."""
        entries = self.engine.state.desk.entries
        return EntryId("") if x % 4 else entries[x % len(entries)].id if x % 3 else EntryId("nowhere")

    def contact(self, x: int, *states: ContactState) -> Contact | None:
        found = [c for c in self.engine.state.contacts.values() if not states or c.state in states]
        return found[x % len(found)] if found else None

    def offer(self, x: int) -> OfferId:
        ringing = [w.id for w in self.engine.state.works.values() if w.state is WorkState.RINGING]
        return OfferId(ringing[x % len(ringing)] if ringing else x)

    def wrap_up(self, x: int) -> tuple[ContactId, AgentId]:
        open_ = (WorkState.RINGING, WorkState.RESERVED)
        works = [w for w in self.engine.state.works.values() if w.state not in open_]
        if not works:
            return ContactId(x), self.agent(x)
        work = works[x % len(works)]
        return ContactId(work.contact), work.agent

    def connected(self, x: int) -> tuple[ContactId, AgentId]:
        contact = self.contact(x, ContactState.CONNECTED, ContactState.CALLING)
        if contact is None or not contact.offers:
            return ContactId(x), self.agent(x)
        return ContactId(contact.id), self.engine.state.works[contact.offers[0]].agent


def _arrive(play: Play, x: int, y: int, z: int) -> None:
    entries = play.engine.state.desk.entries
    entry = entries[x % len(entries)]
    play.refs += 1
    ref = f"r{play.refs - (z % 17 == 0)}"
    medium = entry.medium if z % 13 else VOICE
    preferred = play.agent(y) if y % 3 == 0 else None
    vip = (None, None, None, 0, 4)[y % 5]
    head = (0, 0, 3_000)[z % 3]
    wait = (5_000, 0)[z % 2]
    said = ("p", "n0", "n1")[x % 3], vip, head, preferred, wait
    dial_class = ("", "local", "local", "mobile", "foreign")[x % 5]
    person = ("", "who", "else")[y % 7 % 3]
    ready = medium != FAX or z % 2 == 0
    more = {"dial_class": dial_class, "person": person, "ready": ready}
    play.submit(events.ContactArrived(ref, entry.id, medium, *said, **more))  # type: ignore[arg-type]


def _defer(play: Play, x: int, y: int, z: int) -> None:
    until_ms = play.now_ms + (x % 9_000) * (z % 11 > 0)
    if y % 3:
        number, agent = play.connected(x)
        play.submit(events.ContactDeferred(number, until_ms, agent, (0, 4_000)[z % 2]))
    else:
        wanted = ContactState.WAITING if y % 2 else ContactState.DEFERRED
        contact = play.contact(x, wanted) or play.contact(x)
        play.submit(events.ContactDeferred(ContactId(contact.id if contact else x), until_ms))


def _join(play: Play, x: int, y: int, z: int) -> None:
    """Another mail of somebody whose mail may be here, put away, in hand, or over."""
    contact = play.contact(x, ContactState.DEFERRED) if y % 2 else play.contact(x)
    entries = play.engine.state.desk.entries
    entry = next((e for e in entries if contact and e.id == contact.entry), entries[x % len(entries)])
    play.refs += 1
    number = ContactId(contact.id if contact and z % 7 else x)
    play.submit(events.ContactArrived(f"r{play.refs}", entry.id, entry.medium, "p", joins=number))


def _ticket(play: Play, x: int, y: int, z: int) -> None:
    number = play.wrap_up(x)[0] if y % 2 else ContactId(getattr(play.contact(x), "id", x))
    play.submit(events.TicketGiven(number, ("INC-1", "INC-2", "REQ/3", "no ticket", "")[z % 5]))


def _leave(play: Play, x: int, y: int, z: int) -> None:
    """Now and then somebody who has left a message, and for whom an agent is rung."""
    contacts = play.engine.state.contacts.values()
    said = [c for c in contacts if c.message and c.state is ContactState.OFFERED and not c.parked]
    contact = said[0] if said and z % 2 else play.contact(x)
    play.submit(events.ContactLeft(ContactId(contact.id if contact else x)))


def _divert(play: Play, x: int, y: int, z: int) -> None:
    contact = play.contact(x, ContactState.WAITING, ContactState.OFFERED) if y % 4 else play.contact(x)
    kinds: tuple[events.Diversion, ...] = ("voicemail", "callback")
    play.submit(events.ContactDiverted(ContactId(contact.id if contact else x), kinds[z % 2]))


def _promise(play: Play, x: int, y: int, z: int) -> None:
    contact = play.contact(x, ContactState.WAITING, ContactState.OFFERED) if y % 5 else play.contact(x)
    dial_class = ("local", "mobile", "foreign")[z % 3]
    play.submit(events.CallbackPromised(ContactId(contact.id if contact else x), f"n{y % 2}", dial_class))


def _parked(play: Play, x: int) -> ContactId:
    found = [contact.id for contact in play.engine.state.contacts.values() if contact.parked]
    return found[x % len(found)] if found else ContactId(x)


def _cancel(play: Play, x: int, y: int, z: int) -> None:
    """Mostly of somebody for whom an agent is rung just now, or of nobody."""
    contacts = play.engine.state.contacts.values()
    rung = [one.id for one in contacts if one.parked and one.state is ContactState.OFFERED]
    number = ContactId(rung[x % len(rung)]) if rung and y % 3 else _parked(play, x)
    play.submit(events.CallbackCancelled(number if z % 7 else ContactId(x)))


def _call_in(play: Play, x: int, y: int, z: int) -> None:
    number = _parked(play, x)
    contact = play.engine.state.contacts.get(number)
    entries = play.engine.state.desk.entries
    entry = next((e for e in entries if contact and e.id == contact.entry), entries[y % len(entries)])
    play.refs += 1
    play.submit(events.ContactArrived(f"r{play.refs}", entry.id, entry.medium, "p", joins=number))


def _call(play: Play, x: int, *, early: bool = False) -> CallId:
    calls = list(play.engine.state.calls)
    return CallId(calls[x % len(calls)] if calls and not early else x)


def _call_answered(play: Play, x: int, y: int, z: int) -> None:
    play.refs += 1
    play.submit(events.CallAnswered(_call(play, x, early=y % 9 == 0), f"c{play.refs - (z % 17 == 0)}"))


def _call_failed(play: Play, x: int, y: int, z: int) -> None:
    result: tuple[events.CallResult, ...] = ("busy", "no answer", "failed", "refused", "cancelled")
    play.submit(events.CallFailed(_call(play, x), result[z % 5]))


def _incident(play: Play, x: int, y: int, z: int) -> None:
    """Now and then one for everybody, while somebody is rung for."""
    incident = random_incident(Random(1000 * x + z), play.now_ms)
    rung = play.contact(x, ContactState.OFFERED)
    if rung is not None and y % 2:
        offers: dict[str, Any] = {"greeting": "down", "mode": IncidentMode.OFFER, "vip_exempt": False}
        incident = replace(incident, **offers, tenants=(), lines=(), entries=())
    play.submit(events.IncidentDeclared(incident))


def _change_incident(play: Play, x: int, y: int, z: int) -> None:
    """Mostly one that is on, in what may be changed; now and then any other."""
    changed = random_incident(Random(1000 * x + z), play.now_ms)
    on = list(play.engine.state.incidents.values())
    if on and y % 6:
        before = on[x % len(on)]
        rules = {"greeting": changed.greeting, "expires_ms": changed.expires_ms}
        changed = replace(before, **rules, vip_exempt=changed.vip_exempt)
    play.submit(events.IncidentChanged(changed))


def _end_incident(play: Play, x: int, y: int, z: int) -> None:
    """Mostly with a text for who is linked, also after it has expired."""
    courses = play.engine.state.courses.values()
    waits = [one.incident.id for one in courses if one.waits or (one.links and not one.over_ms)]
    name = waits[x % len(waits)] if waits and z % 3 else IncidentId(f"i{x % 5}")
    play.submit(events.IncidentEnded(name, "solved" if y % 4 else ""))


def _link(play: Play, x: int, y: int, z: int) -> None:
    on = list(play.engine.state.incidents.values())
    name = on[y % len(on)].id if on else IncidentId("none")
    play.submit(events.ContactLinked(ContactId(getattr(play.contact(x), "id", x)), name))


def _lose_leg(play: Play, x: int, y: int, z: int) -> None:
    if y % 3 == 0:
        contact = play.contact(x)
        play.submit(events.LegLost(ContactId(contact.id if contact else x)))
    elif y % 3 == 1:
        number, agent = play.connected(x)
        play.submit(events.LegLost(number, agent))
    else:
        work = play.engine.state.works.get(play.offer(x))
        number = ContactId(work.contact if work else x)
        play.submit(events.LegLost(number, work.agent if work else play.agent(z)))


def _renew(play: Play, x: int, y: int, z: int) -> None:
    """Mostly of one whose exchange keeps its leg; all of them, so that a lease lasts now and then."""
    state = play.engine.state
    leased = [number for number in state.contacts if state.deadlines.get(Kind.LEASE, number)]
    for number in leased or [x]:
        play.submit(events.LeaseRenewed(ContactId(number if y % 8 else x)))


def _medium(play: Play, x: int, y: int, z: int) -> None:
    """Mostly a call that turns out to be a fax, also while somebody is rung; now and then anything at all."""
    calls = (ContactState.GREETING, ContactState.WAITING, ContactState.OFFERED)
    contact = play.contact(x, calls[y % 3]) if y % 5 else play.contact(x)
    entries = [one for one in play.engine.state.desk.entries if one.medium == FAX or z % 7 == 0]
    entry = entries[z % len(entries)].id if z % 11 else EntryId("nowhere")
    play.submit(events.MediumChanged(ContactId(contact.id if contact else x), entry))


def _sending(play: Play, x: int) -> tuple[ContactId, int]:
    """Who sends something, and how much of it is there."""
    found = [one for one in play.engine.state.contacts.values() if one.receiving]
    contact = found[x % len(found)] if found else play.contact(x)
    if contact is None or contact.reception is None:
        return ContactId(x if contact is None else contact.id), 0
    return ContactId(contact.id), contact.reception.pages


def _page(play: Play, x: int, y: int, z: int) -> None:
    number, pages = _sending(play, x)
    play.submit(events.PageReceived(number, pages + (1, 1, 2, 0)[y % 4]))


def _received(play: Play, x: int, y: int, z: int) -> None:
    number, pages = _sending(play, x)
    play.submit(events.ContactReceived(number, max(0, pages + (0, 1, 0, -1)[y % 4]), bool(z % 3)))


def _hang_up(play: Play, x: int, y: int, z: int) -> None:
    """The party of something that is, or was, received: whoever has it in hand, or nobody."""
    sent = [one.id for one in play.engine.state.contacts.values() if one.reception is not None]
    play.submit(events.ContactLeft(ContactId(sent[x % len(sent)] if sent else x)))


def _prompt(play: Play, x: int, y: int, z: int) -> None:
    """Mostly of a list whose end is waited for; now and then of the one before it."""
    told = [one for one in play.engine.state.contacts.values() if one.walk and one.walk.hears.reports]
    contact = told[x % len(told)] if told and y % 8 else play.contact(x)
    visit = 0 if contact is None else contact.visit
    play.submit(
        events.PromptEnded(ContactId(contact.id if contact else x), (visit, visit, 0, visit - 1)[z % 4])
    )


def _press(play: Play, x: int, y: int, z: int) -> None:
    """Mostly a key that is asked for; now and then that of an incident while an agent is rung."""
    asked = [one for one in play.engine.state.contacts.values() if one.walk and one.walk.menu]
    rung = [one for one in asked if one.state is ContactState.OFFERED and one.walk and one.walk.about]
    asked = rung if rung and y % 3 else asked
    contact = asked[x % len(asked)] if asked and y % 8 else play.contact(x)
    number, visit = (x, z) if contact is None else (contact.id, contact.visit - (z % 9 == 0))
    play.submit(events.KeyPressed(ContactId(number), visit, "112*"[z % 4]))


def _record(play: Play, x: int, y: int, z: int) -> None:
    """Mostly of who is recorded, or was when he left; now and then of an earlier list."""
    said = [one for one in play.engine.state.contacts.values() if one.recording is not None]
    contact = said[x % len(said)] if said and y % 8 else play.contact(x)
    number, visit = (x, z) if contact is None else (contact.id, contact.visit - (z % 9 == 0))
    sound = ("sound", "sound", "sound", "")[y % 4]
    play.submit(events.MessageRecorded(ContactId(number), visit, sound, (999, 1_000, 5_000)[z % 3]))


def _type(play: Play, x: int, y: int, z: int) -> None:
    """Mostly what is asked for by the list that stands."""
    asked = [one for one in play.engine.state.contacts.values() if one.walk and one.walk.collect]
    contact = asked[x % len(asked)] if asked and y % 8 else play.contact(x)
    number, visit = (x, z) if contact is None else (contact.id, contact.visit - (z % 9 == 0))
    play.submit(events.DigitsCollected(ContactId(number), visit, ("typed", "")[z % 4 == 0]))


def _priority(play: Play, x: int, y: int, z: int) -> None:
    contact = play.contact(x)
    number = ContactId(contact.id if contact else x)
    play.submit(events.PriorityChanged(number, (None, 1, 4, 6)[y % 4], (None, 0, 2_000, 9_000)[z % 4]))


def _hold(play: Play, x: int, y: int, z: int) -> None:
    """Whoever holds mostly resumes: few do so by chance."""
    number, _ = play.connected(x)
    holding = [work for work in play.engine.state.works.values() if work.agent_holds or work.party_holds]
    if holding and y % 2:
        work = holding[x % len(holding)]
        play.submit(events.ContactResumed(ContactId(work.contact), work.agent_holds, work.agent))
        return
    kind = events.ContactHeld if y % 4 else events.ContactResumed
    who = play.agent(x) if y % 3 == 0 else AgentId("")
    contact = play.engine.state.contacts.get(number)
    if contact is not None and contact.guests and y % 3:
        who = play.engine.state.works[contact.guests[0]].agent
    play.submit(kind(number, bool(z % 2), who))


def _talking(play: Play, x: int, *, asks: bool = False) -> tuple[ContactId, AgentId]:
    """A conversation and its agent; one in which he asks somebody, if wanted."""
    state = play.engine.state
    found = [c for c in state.contacts.values() if c.state is ContactState.CONNECTED and c.offers]
    found = [c for c in found if not c.consults and bool(c.consult) == asks] or found
    if not found:
        return ContactId(x), play.agent(x)
    contact = found[x % len(found)]
    return ContactId(contact.id), state.works[contact.offers[0]].agent


def _consult(play: Play, x: int, y: int, z: int) -> None:
    whom: dict[str, str] = {"line": play.line(y)}
    if z % 7 == 0:
        whom = {"entry": play.entry(12 * y)}
    elif z % 7 < 3:
        whom = {"party": "n7", "dial_class": ("local", "mobile", "foreign")[y % 3]}
    play.submit(events.ConsultStarted(*_talking(play, x), **whom))  # type: ignore[arg-type]


def _merge(play: Play, x: int, y: int, z: int) -> None:
    """Mostly one that can be: if nobody has answered, whoever is asked answers first."""
    state = play.engine.state
    asked = [c for c in state.contacts.values() if c.consults and c.state is not ContactState.CONNECTED]
    reached = [consult for consult in asked if consult.offers or consult.call]
    if reached and y % 3:
        play.refs += 1
        consult = reached[x % len(reached)]
        if consult.call:
            play.submit(events.CallAnswered(CallId(consult.call), f"c{play.refs}"))
        else:
            play.submit(events.OfferAccepted(OfferId(consult.offers[0])))
    answered = [c for c in state.contacts.values() if c.consults and c.state is ContactState.CONNECTED]
    by_agents = [consult for consult in answered if consult.offers] or answered
    number, agent = _talking(play, x, asks=True)
    if by_agents and y % 4:
        about = state.contacts[by_agents[x % len(by_agents)].consults]
        number, agent = ContactId(about.id), state.works[about.offers[0]].agent
    play.submit(events.ConsultMerged(number, agent, z % 4 > 0))


def _listen(play: Play, x: int, y: int, z: int) -> None:
    how: tuple[events.Listening, ...] = ("listen", "whisper", "barge")
    listening = [w for w in play.engine.state.works.values() if w.role in LISTENERS]
    number, agent = _talking(play, x)[0], play.agent(y)
    way = how[(x + y + z) % 3]
    if listening and z % 2:
        work = listening[x % len(listening)]
        number, agent = ContactId(work.contact), work.agent
        way = [one for one in how if one in ROLE[work.role]][y % 2]
    play.submit(events.ListenStarted(number, agent, way))


def _guest_leaves(play: Play, x: int, y: int, z: int) -> None:
    """A member or listener hangs up, or somebody outside."""
    state = play.engine.state
    with_guests = [c for c in state.contacts.values() if c.guests or c.outside]
    conferring = [c for c in with_guests if any(state.works[n].role is Role.MEMBER for n in c.guests)]
    with_guests = conferring if y % 4 and conferring else with_guests
    if not with_guests:
        return
    contact = with_guests[x % len(with_guests)]
    number = ContactId(contact.id)
    if contact.outside and (y % 2 or not contact.guests):
        ref = contact.outside[z % len(contact.outside)].ref
        play.submit(events.ContactLeft(number, ref) if z % 3 else events.LegLost(number, None, ref))
        return
    agent = state.works[contact.guests[z % len(contact.guests)]].agent
    if contact.offers and z % 5 == 0:
        agent = state.works[contact.offers[0]].agent
    play.submit(events.ContactReleased(number, agent) if z % 3 else events.LegLost(number, agent))


def _send_on(play: Play, x: int, y: int, z: int) -> None:
    """An agent's device sends its offer to a number outside."""
    dial_class = ("mobile", "mobile", "premium", "emergency")[y % 4]
    play.submit(events.OfferDiverted(play.offer(x), f"n{z % 3}" if z % 9 else "", dial_class))


def _call_out(play: Play, x: int, y: int, z: int) -> None:
    entries = play.engine.state.desk.entries
    purpose = "escalation" if y % 7 else "callback"
    what = ("n5" if z % 9 else "", ("mobile", "foreign", "local")[x % 3], TreatmentId(f"t{z % 5}"))
    play.submit(events.CallOut(entries[x % len(entries)].id, purpose, *what))


def _escalate(play: Play, x: int, y: int, z: int) -> None:
    rng, entries = Random(z), play.engine.state.desk.entries
    people = tuple(_person(play, rng) for _ in range(rng.randrange(1, 4)))
    mail = "address" if y % 2 else ""
    rules = rng.choice((1, 1, 2)), rng.choice((0, 3_000))
    found = play.contact(x)
    about = ContactId(0 if found is None or z % 2 else found.id), rng.choice(("", "T1"))
    what = "list", entries[x % len(entries)].id, people, "alarm"
    play.submit(events.EscalationStarted(*what, *rules, (), mail, contact=about[0], ticket=about[1]))


def _person(play: Play, rng: Random) -> Person:
    ring_ms = rng.choice((1_000, 4_000))
    if rng.random() < 0.3:
        return Person("agent", ring_ms, agent=play.agent(rng.randrange(9)))
    return Person("number", ring_ms, f"n{rng.randrange(4)}", rng.choice(("mobile", "mobile", "premium")))


def _about_escalation(play: Play, x: int, y: int, z: int) -> None:
    known = list(play.engine.state.escalations)
    number = known[-1 - x % len(known)] if known else z
    taken = events.NoticeTaken(number, taken=y % 3 > 0)
    play.submit(events.EscalationCancelled(number) if y % 4 == 0 else taken)


def _call_off(play: Play, x: int, y: int, z: int) -> None:
    ours = [one.id for one in play.engine.state.contacts.values() if one.purpose]
    play.submit(events.CallOutCancelled(ContactId(ours[x % len(ours)] if ours and y % 3 else z)))


def _code(play: Play, x: int, y: int, z: int) -> None:
    number, agent = play.wrap_up(x)
    play.submit(events.WrapUpCoded(number, agent, (*CODES, "wrong")[y % 3]))


def _extend(play: Play, x: int, y: int, z: int) -> None:
    number, agent = play.wrap_up(x)
    play.submit(events.WrapUpExtended(number, agent, (1_000, 3_000, 0)[y % 3]))


def _calendar(play: Play, x: int, y: int, z: int) -> None:
    rng = Random(z)
    play.submit(events.CalendarChanged(random_calendar(rng, f"c{x % 2}", play.now_ms)))


def _list(play: Play, x: int, y: int, z: int) -> None:
    tenant = play.engine.state.desk.tenants[x % len(play.engine.state.desk.tenants)].id
    play.submit(events.ListChanged(tenant, ("vip", "users")[y % 2], 1 + z % 50))


MOVES: Mapping[str, Callable[[Play, int, int, int], None]] = {
    "advance": lambda play, x, y, z: play.advance((0, x % 50, x % 1_500, x % 9_000)[y % 4]),
    "arrive": _arrive,
    "prompt ended": _prompt,
    "press": _press,
    "record": _record,
    "type": _type,
    "leave": _leave,
    "defer": _defer,
    "ticket": _ticket,
    "join": _join,
    "divert": _divert,
    "promise": _promise,
    "cancel callback": _cancel,
    "call in": _call_in,
    "call answered": _call_answered,
    "call failed": _call_failed,
    "incident": _incident,
    "change incident": _change_incident,
    "link": _link,
    "end incident": _end_incident,
    "accept": lambda play, x, y, z: play.submit(events.OfferAccepted(play.offer(x))) and None,
    "refuse": lambda play, x, y, z: play.submit(events.OfferRefused(play.offer(x))) and None,
    "fail": lambda play, x, y, z: play.submit(events.OfferFailed(play.offer(x))) and None,
    "release": lambda play, x, y, z: play.submit(events.ContactReleased(*play.connected(x))) and None,
    "transfer": lambda play, x, y, z: (
        play.submit(events.ContactTransferred(*play.connected(x), play.line(y), play.entry(z))) and None
    ),
    "lose leg": _lose_leg,
    "send on": _send_on,
    "call out": _call_out,
    "call off": _call_off,
    "escalate": _escalate,
    "about escalation": _about_escalation,
    "consult": _consult,
    "merge": _merge,
    "end consult": lambda play, x, y, z: (
        play.submit(events.ConsultEnded(*_talking(play, x, asks=True))) and None
    ),
    "listen": _listen,
    "prompt agent": lambda play, x, y, z: (
        play.submit(events.AgentPrompted(*play.connected(x), ("long", "long", "")[y % 3])) and None
    ),
    "guest leaves": _guest_leaves,
    "renew": _renew,
    "medium": _medium,
    "page": _page,
    "received": _received,
    "hang up": _hang_up,
    "hold": _hold,
    "priority": _priority,
    "code": _code,
    "extend": _extend,
    "end wrap-up": lambda play, x, y, z: play.submit(events.WrapUpEnded(*play.wrap_up(x))) and None,
    "sign in": lambda play, x, y, z: play.submit(events.AgentSignedIn(play.agent(x))) and None,
    "sign out": lambda play, x, y, z: play.submit(events.AgentSignedOut(play.busy_agent(x, y))) and None,
    "pause": lambda play, x, y, z: (
        play.submit(events.AgentPaused(play.busy_agent(x, y), ("break", "nonsense")[y % 5 == 0])) and None
    ),
    "ready": lambda play, x, y, z: play.submit(events.AgentReady(play.agent(x))) and None,
    "reachable": lambda play, x, y, z: (
        play.submit(events.AgentReachable(play.agent(x), MEDIA[y % 4], DEVICES[z % 3])) and None
    ),
    "unreachable": lambda play, x, y, z: (
        play.submit(events.AgentUnreachable(play.agent(x), MEDIA[y % 4], DEVICES[z % 3])) and None
    ),
    "vanish": lambda play, x, y, z: (
        play.submit(events.DeviceVanished(play.agent(x), DEVICES[z % 3])) and None
    ),
    "desk": lambda play, x, y, z: play.submit(events.DeskChanged(random_desk(z, play.now_ms))) and None,
    "calendar": _calendar,
    "list": _list,
    "restart": lambda play, x, y, z: play.restart(),
    "outage": lambda play, x, y, z: play.outage(x * (1, 10, 60)[y % 3]),
}

WEIGHTS: Mapping[str, int] = {
    "advance": 30,
    "arrive": 22,
    "prompt ended": 14,
    "press": 6,
    "record": 12,
    "type": 4,
    "leave": 7,
    "defer": 5,
    "ticket": 3,
    "join": 3,
    "divert": 2,
    "promise": 16,
    "cancel callback": 3,
    "call in": 2,
    "call answered": 9,
    "call failed": 5,
    "incident": 3,
    "link": 2,
    "change incident": 2,
    "end incident": 1,
    "accept": 24,
    "refuse": 5,
    "fail": 1,
    "release": 20,
    "transfer": 3,
    "lose leg": 2,
    "send on": 4,
    "call out": 10,
    "call off": 1,
    "escalate": 3,
    "about escalation": 2,
    "consult": 26,
    "merge": 22,
    "end consult": 1,
    "listen": 10,
    "prompt agent": 1,
    "guest leaves": 12,
    "renew": 3,
    "medium": 4,
    "page": 6,
    "received": 4,
    "hang up": 3,
    "hold": 6,
    "priority": 3,
    "code": 8,
    "extend": 1,
    "end wrap-up": 10,
    "sign in": 12,
    "sign out": 1,
    "pause": 2,
    "ready": 16,
    "reachable": 28,
    "unreachable": 2,
    "vanish": 2,
    "list": 1,
}


def random_move(play: Play, rng: Random) -> None:
    """One weighted move; the desk and the calendars change now and then."""
    if rng.random() < 0.002:
        play.move(
            rng.choice(("desk", "calendar", "restart", "outage")), *(rng.randrange(1000) for _ in range(3))
        )
        return
    name = rng.choices(_NAMES, _WEIGHTS)[0]
    play.move(name, rng.randrange(10_000), rng.randrange(60), rng.randrange(1_000))


_NAMES, _WEIGHTS = list(WEIGHTS), list(WEIGHTS.values())
assert MOVES.keys() - WEIGHTS.keys() == {"desk", "calendar", "restart", "outage"}
