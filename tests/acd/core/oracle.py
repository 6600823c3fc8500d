"""The brute-force oracle: checks every invariant of the engine after an event, by looking at everything."""

from collections import Counter
from collections.abc import Collection, Sequence

from acd.core import effects, events, facts
from acd.core.deadlines import Kind
from acd.core.engine import Engine, Reaction
from agents.devices import NOWHERE, Carrier
from agents.roster import Seat, shown_state
from agents.skills import AgentId
from agents.states import IN_HAND, LISTENERS, AgentState, WorkState
from queues.contact import Contact
from queues.incident import Link
from queues.states import ContactState
from tests.acd.core.shadow import Shadow, facts_of
from tests.acd.core.shadow_desk import ShadowContact
from tests.acd.core.shadow_guests import NOT_BACK
from tests.acd.core.shadow_incidents import ShadowLink
from tests.acd.core.told import ToldDevices


class Oracle:
    """Watches one engine from its first event on. `check` raises AssertionError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.shadow = Shadow()
        self.shadow.on_offer = self._decision
        self._devices = ToldDevices()
        self.arrived = self.ended = self.decisions = 0
        self.kinds: Counter[str] = Counter()
        """How many facts of each class were seen."""
        self._last_ms = 0
        self._ringing_of = 0
        self._handing_over: set[AgentId] = set()
        """Who gives a contact away, refuses it or loses its device is asked after the others were."""

    def follow(self, event: events.Event, now_ms: int, outcome: Reaction) -> None:
        """Fold the facts, checking every decision at its own moment."""
        self._devices.fold(outcome.effects)
        self.shadow.event = event
        self.shadow.to_end.clear()
        self.shadow.ended_outside.clear()
        self.shadow.unrung.clear()
        self.shadow.prompted.clear()
        self._handing_over = self._freed_by(outcome)
        self._ringing_of = 0
        self.shadow.text_heard()
        self.shadow.incident_ended(now_ms)
        self.shadow.forget_leases()
        self.shadow.legless &= self.shadow.contacts.keys()
        if isinstance(event, events.LeaseRenewed):
            self.shadow.lease(self.shadow.contacts[event.contact], now_ms)
        left = {one.id for one in self.shadow.contacts.values() if one.left}
        brought = {one.id: list(one.joined) for one in self.shadow.contacts.values() if one.joined}
        for fact in outcome.facts:
            assert self._last_ms <= fact.t_ms <= now_ms, "facts are in the order of time"
            self._last_ms = fact.t_ms
            if not isinstance(fact, facts.Decision):
                self._ringing_of = 0
            self.shadow.fold(fact)
            self.kinds[type(fact).__name__] += 1
            if isinstance(event, events.Tick) and self.shadow.hung_up(
                event, getattr(fact, "contact", 0), fact.t_ms
            ):
                self.kinds["a lease that ended"] += 1
        self.shadow.now_ms = now_ms
        self.shadow.forget_gone_agents()
        waits = [one for one in self.shadow.contacts.values() if one.state == "waiting"]
        assert not any(one.to_hold_ms for one in waits), "it came to its line and was not held"
        self.arrived += sum(isinstance(fact, facts.Arrived | facts.CalledOut) for fact in outcome.facts)
        self.ended += sum(isinstance(fact, facts.ENDINGS) for fact in outcome.facts)
        live = [contact for contact in self.shadow.contacts.values() if not contact.consults]
        assert self.arrived - self.ended == len(live), "a contact was lost or ended twice"
        effects_match_facts(self.shadow, outcome, left)
        over = [(number, ref) for number in brought.keys() - self.shadow.contacts for ref in brought[number]]
        told = [one for one in outcome.effects if isinstance(one, effects.ReleaseContact)]
        told = [one for one in told if one.cause == "over"]
        assert sorted(over) == sorted((one.contact, one.carrier.ref) for one in told), "part of it goes on"
        ended = [effect.call for effect in outcome.effects if isinstance(effect, effects.EndCall)]
        assert ended == self.shadow.to_end, "an attempt goes on though it is over"
        assert not self.shadow.to_tell, "who waits was not told"
        due_ms = self.engine.next_deadline()
        if isinstance(event, events.Tick):
            assert due_ms is None or due_ms > now_ms, "a due deadline did not fire"

    def _freed_by(self, outcome: Reaction) -> set[AgentId]:
        """Who is asked after the others were: he gave a contact away, or lost it, by this event."""
        kinds = (
            facts.Transferred, facts.AgentLegLost, facts.HandedBack, facts.Deferred, facts.OfferLost,
            facts.Refused, facts.ReservationEnded, facts.ConferenceLeft, facts.ListenerLeft, facts.HandedOut,
            facts.SurveyBegan,
        )  # fmt: skip
        freed = {fact.agent for fact in outcome.facts if isinstance(fact, kinds) and fact.agent}
        withdrawn = facts_of(outcome.facts, facts.OfferWithdrawn)
        causes = ("unreachable", "contact ended", "other medium")
        freed |= {fact.agent for fact in withdrawn if fact.cause in causes}
        freed |= {fact.from_agent for fact in facts_of(outcome.facts, facts.TakenOver)}
        over = {fact.contact for fact in facts_of(outcome.facts, facts.CallOver)}
        over |= {fact.consult for fact in facts_of(outcome.facts, facts.ConsultOver)}
        return freed | {work.agent for work in self.shadow.works.values() if work.contact in over}

    def check(self, now_ms: int) -> None:
        """Everything that must hold between two events."""
        self._same_contacts()
        self._same_works()
        self._same_agents()
        self._same_memory()
        self._same_incidents(now_ms)
        self._nobody_idles(now_ms)
        self._promoted_in_time(now_ms)
        self._told_in_time(now_ms)
        self._not_ready(now_ms)
        self._parked(now_ms)
        self._treated()
        self._devices.check(self.engine.standing())

    def _decision(self, fact: facts.Decision) -> None:
        """The contact must be the best for the agent and, when agents were compared, the agent for it."""
        self.decisions += 1
        shadow, contact = self.shadow, self.shadow.contacts[fact.contact]
        agent = shadow.agents[fact.agent]
        if self._ringing_of == fact.contact:  # one of several who are rung at once
            contact.state = "waiting"
        assert contact.state == "waiting", "offered twice"
        assert shadow.may_serve_now(agent, contact), "offered to somebody who may not serve it now"
        mine = shadow.rank(contact, fact.t_ms)
        for other in shadow.contacts.values():
            if other is not contact and shadow.may_serve_now(agent, other):
                assert mine < shadow.rank(other, fact.t_ms), (
                    f"{other.id} should have come before {contact.id}"
                )
                self._first_come(contact, other, fact.t_ms)
        if fact.choice == "agent chosen":
            self._best_agent(fact, contact)
        used = (fact.priority_class, fact.urgency_ms, fact.target_ms, fact.step, fact.line)
        line = shadow.lines[contact.line]
        now_used = shadow.used_ms(contact, fact.t_ms)
        assert used == (mine[0], now_used, line.target_ms, contact.step, line.id), "the explanation is wrong"
        self._ringing_of = fact.contact

    def _first_come(self, served: ShadowContact, waits: ShadowContact, now_ms: int) -> None:
        """First come first served within (class, target, need), said without the word urgency."""
        shadow = self.shadow
        a, b = shadow.lines[served.line], shadow.lines[waits.line]
        same = (a.target_ms, a.calendar) == (b.target_ms, b.calendar)
        same = same and shadow.class_of(served) == shadow.class_of(waits)
        if same and served.head_ms == waits.head_ms and a.calendar == "":
            assert (served.anchor_ms, served.id) < (waits.anchor_ms, waits.id), "overtaken"

    def _best_agent(self, fact: facts.Decision, contact: ShadowContact) -> None:
        shadow, chosen = self.shadow, self.shadow.agents[fact.agent]
        if contact.held_until_ms:
            assert contact.preferred == fact.agent
            return
        mine = shadow.idle_key(chosen, contact)
        for agent in shadow.agents.values():
            asked = agent is not chosen and agent.id not in self._handing_over
            if asked and shadow.may_serve_now(agent, contact):
                assert mine < shadow.idle_key(agent, contact), f"{agent.id} should have been chosen"

    def _nobody_idles(self, now_ms: int) -> None:
        waiting = [c for c in self.shadow.contacts.values() if c.state == "waiting"]
        if not waiting:
            return
        for agent in self.shadow.agents.values():
            if agent.state == "ready":
                for contact in waiting:
                    assert not self.shadow.may_serve_now(agent, contact), (
                        f"{agent.id} is idle while {contact.id} waits at {now_ms}"
                    )

    def _promoted_in_time(self, now_ms: int) -> None:
        due_ms = self.engine.next_deadline()
        if due_ms is not None and due_ms <= now_ms:
            return  # a Tick must come first
        for contact in self.shadow.contacts.values():
            line = self.shadow.lines[contact.line]
            if (
                contact.state in ("waiting", "offered")
                and line.promotion is not None
                and not contact.promoted
            ):
                left = line.target_ms - self.shadow.used_ms(contact, now_ms)
                assert left > line.promotion.before_ms, f"{contact.id} should be promoted by now"

    def _told_in_time(self, now_ms: int) -> None:
        """Whose target is near, or has passed, is known."""
        due_ms = self.engine.next_deadline()
        if due_ms is not None and due_ms <= now_ms:
            return  # a Tick must come first
        for contact in self.shadow.contacts.values():
            line, apart = self.shadow.lines[contact.line], contact.to_call or contact.left
            waits = contact.state in ("waiting", "offered") and not (contact.consults or apart)
            if not (line.target_warning_ms and waits and contact.late in ("", "near")):
                continue
            left_ms = self.shadow.left_ms(contact, now_ms)
            assert left_ms > (0 if contact.late else line.target_warning_ms), f"nobody knows of {contact.id}"

    def _same_contacts(self) -> None:
        contacts = self.engine.state.contacts
        assert list(contacts) == list(self.shadow.contacts)
        for contact in contacts.values():
            mine = self.shadow.contacts[contact.id]
            assert _view(contact) == _view(mine), f"contact {contact.id}"
            assert contact.told_position == mine.told
            assert contact.spoke_ms == mine.spoke_ms
            ringing = [w.offer for w in self.shadow.works.values() if w.contact == contact.id]
            ringing = [n for n in ringing if self.shadow.works[n].state != "wrap_up"]
            ringing = [n for n in ringing if n not in mine.guests]
            taking_part = contact.guests, [one.ref for one in contact.outside], contact.consult
            assert taking_part == (mine.guests, mine.outside, mine.consult), f"contact {contact.id}"
            assert (contact.consults, contact.asker) == (mine.consults, mine.asker)
            assert contact.offers == ringing
            assert (
                len(ringing) <= max(1, self.shadow.lines[contact.line].ring_at_once)
                or mine.state == "offered"
            )

    def _same_memory(self) -> None:
        spoken = self.engine.state.spoken
        told = {(tenant, who): last for tenant, known in spoken.items() for who, last in known.items()}
        assert told == self.shadow.spoken

    def _not_ready(self, now_ms: int) -> None:
        """What is put away lies in no line, counts nowhere, and comes back in time."""
        state, due_ms = self.engine.state, self.engine.next_deadline()
        for contact in state.contacts.values():
            mine = self.shadow.contacts[contact.id]
            heard = None if contact.reception is None else contact.reception.pages
            assert (contact.receiving, heard) == (mine.receiving, mine.pages)
            assert not contact.receiving or contact.state is ContactState.DEFERRED
            assert not contact.receiving or not contact.parked
            if contact.state is ContactState.DEFERRED:
                assert contact.id not in state.board.places
                assert not contact.offers
                late = due_ms is not None and due_ms <= now_ms
                wakes_ms = contact.ready_ms or state.deadlines.get(Kind.MESSAGE, contact.id) or 0
                assert late or wakes_ms > now_ms, "its moment has passed"
                assert contact.ready_ms or self.shadow.contacts[contact.id].sealed_ms

    def _treated(self) -> None:
        """Who is in a treatment hears it, and whoever is not in line yet has a moment at which it goes on."""
        state = self.engine.state
        assert not state.untreated
        for contact in state.contacts.values():
            due_ms = state.deadlines.get(Kind.TREATMENT, contact.id)
            mine = self.shadow.contacts[contact.id]
            assert contact.visit == mine.visit
            assert (contact.interrupted is not None) == mine.between, "what comes between stays, or is lost"
            if contact.walk is None:
                assert due_ms is None, "a moment of a treatment that is over"
                assert contact.state is not ContactState.GREETING
            else:
                assert contact.state in (ContactState.GREETING, ContactState.WAITING, ContactState.OFFERED)
                assert not contact.parked
                assert due_ms is not None or contact.walk.for_ms == 0
            if contact.state is ContactState.GREETING:
                assert due_ms is not None, "it would never be in line"
            assert not contact.reserves or contact.state is ContactState.GREETING

    def _parked(self, now_ms: int) -> None:
        """Who has no leg has a promise with an end; who is being called has one attempt with an end."""
        state, due_ms = self.engine.state, self.engine.next_deadline()
        if due_ms is not None and due_ms <= now_ms:
            return  # a Tick must come first
        told = {number: (call.contact, call.until_ms) for number, call in self.shadow.calls.items()}
        kept = {n: (call.contact, state.deadlines.get(Kind.CALL, n)) for n, call in state.calls.items()}
        assert kept == told
        calling = [one.id for one in state.contacts.values() if one.state is ContactState.CALLING]
        assert sorted(call.contact for call in state.calls.values()) == calling
        with_leg = {one.id for one in state.contacts.values() if one.joined or one.carrier != NOWHERE}
        assert set(state.carried.values()) == with_leg
        for contact in state.contacts.values():
            waits = contact.state in (ContactState.WAITING, ContactState.OFFERED)
            assert (contact.id in state.board.places) == waits
            lease_ms = state.deadlines.get(Kind.LEASE, contact.id)
            assert lease_ms == (None if contact.parked else self.shadow.leases.get(contact.id))
            if contact.to_call:
                closed = not state.clocks[state.lines[contact.line].hours].is_open(now_ms)
                assert not (closed and contact.state is ContactState.WAITING), "called at night"
                mine = self.shadow.contacts[contact.id]
                assert mine.left == (contact.id in state.messages) == (not contact.to_call)
                if not mine.left:
                    assert state.deadlines.get(Kind.PROMISE, contact.id), "nothing would ever end it"

    def _same_works(self) -> None:
        works = self.engine.state.works
        assert set(works) == set(self.shadow.works)
        rung: set[str] = set()
        for work in works.values():
            mine = self.shadow.works[work.id]
            kept = (
                work.contact,
                work.agent,
                work.line,
                work.state.value,
                work.since_ms,
                work.code,
                work.overdue,
            )
            told = (mine.contact, mine.agent, mine.line, mine.state, mine.since_ms, mine.code, mine.overdue)
            assert kept == told, f"work {work.id}"
            if mine.state != "wrap_up":
                assert ("listener" if work.role in LISTENERS else work.role) == mine.role
            assert (work.agent_holds, work.party_holds) == (True in mine.holds, False in mine.holds)
            if mine.state == "ringing":
                assert work.agent not in rung, "an agent in two offers"
                rung.add(work.agent)

    def _same_agents(self) -> None:
        seats = self.engine.state.seats
        assert set(seats) == set(self.shadow.agents)
        for agent, mine in self.shadow.agents.items():
            record = seats[agent].record
            kept = (record.state.value, record.reason, set(record.reachable), record.idle_since_ms)
            assert kept == (mine.state, mine.reason, mine.reachable, mine.idle_since_ms), agent
            kept_more = (record.last_offer, record.busy_ms, record.occupancy_permille)
            assert kept_more == (mine.last_offer, mine.busy_ms, mine.occupancy), agent
            assert {work.id for work in seats[agent].works} == {w.offer for w in self.shadow.works_of(agent)}
            assert shown_state(seats[agent]) == self._shown(mine.id, mine.state), agent
            self._one_medium_at_a_time(mine.id)
            self._carried(seats[agent])

    def _carried(self, seat: Seat) -> None:
        """What rings, rings by a device of his; what can be put aside is in hand only by such a one."""
        due_ms = self.engine.next_deadline()
        late = due_ms is not None and due_ms <= self.engine.state.now_ms
        devices = {device.carrier: device for device in seat.record.devices}
        there = {m for device in devices.values() if not device.gone_ms for m in device.media}
        assert set(seat.record.reachable) == there
        for work in seat.works:
            if work.state is WorkState.RINGING and not late:
                assert work.carrier in devices, "rung by a device that is none of his"
            if work.state is WorkState.RESERVED:
                takes = seat.record.state is AgentState.READY and seat.listed and work.medium in there
                assert takes, "reserved though he takes no offers"
        signed_out = seat.record.state is AgentState.SIGNED_OUT
        kept = [w for w in seat.works if w.state in IN_HAND and self.engine.state.media[w.medium].put_aside]
        assert not (kept and signed_out), "he went home with what he could have put aside"

    def _same_incidents(self, now_ms: int) -> None:
        on = list(self.engine.state.incidents.values())
        assert on == self.shadow.incidents
        courses = list(self.engine.state.courses.values())
        counted = [(one.incident, one.gross, one.heard, one.ended, [*one.links]) for one in courses]
        # Those that are over are forgotten first, however long the others have been on.
        shown = [self.shadow.courses[number - 1] for number in self.engine.state.courses]
        told = [(c.incident, len(c.concerned), len(c.heard), c.ended, [*c.links]) for c in shown]
        assert counted == told
        assert [one.incident for one in courses if not one.over_ms] == on
        mine = [_link(link) for course in courses for link in course.links.values()]
        assert mine == [_link(link) for course in shown for link in course.links.values()]
        due_ms = self.engine.next_deadline()
        if due_ms is None or due_ms > now_ms:
            assert all(incident.expires_ms > now_ms for incident in on), "an incident did not expire"

    def _shown(self, agent: str, state: str) -> str:
        states = {work.state for work in self.shadow.works.values() if work.agent == agent}
        if "ringing" in states:
            return "offered"
        if "reserved" in states:
            return "reserved"
        if states & {"handling", "resting"}:
            return "handling"
        return "wrap_up" if "wrap_up" in states else state

    def _one_medium_at_a_time(self, agent: str) -> None:
        works = [w for w in self.shadow.works.values() if w.agent == agent]
        handled = {work.medium for work in works if work.state == "handling"}
        assert len(handled) <= 1, f"{agent} handles {handled} at the same time"
        resting = any(work.state == "resting" for work in works)
        assert handled or not resting, f"work of {agent} rests though nothing interrupts it"


def _view(contact: Contact | ShadowContact) -> tuple[object, ...]:
    head_ms = contact.head_start_ms if isinstance(contact, Contact) else contact.head_ms
    asked = contact.asked_class if isinstance(contact, Contact) else contact.asked
    return (
        contact.carrier.ref if isinstance(contact, Contact) else contact.ref,
        contact.line,
        contact.medium,
        str(contact.state),
        contact.anchor_ms,
        contact.line_since_ms,
        contact.step,
        contact.promoted,
        list(contact.tried),
        contact.preferred,
        contact.held_until_ms,
        head_ms,
        asked,
        contact.incident,
        contact.ready_ms,
        contact.recording.visit
        if isinstance(contact, Contact) and contact.recording
        else getattr(contact, "recording", None) or 0,
        _message(contact),
        contact.collected or {},
        [one.ref if isinstance(one, Carrier) else one for one in contact.joined],
    )


def _link(link: Link | ShadowLink) -> tuple[object, ...]:
    what = link.contact, link.attempts, link.again_ms, link.call
    return (*what, link.answered, link.refused, link.result)


def _message(contact: Contact | ShadowContact) -> tuple[str, int] | None:
    said = contact.message
    return said if said is None or isinstance(said, tuple) else (said.recording, said.length_ms)


def effects_match_facts(shadow: Shadow, outcome: Reaction, left: Collection[int] = ()) -> None:
    """Whatever was decided is ordered, and nothing else is; `left`: whose party had no leg before."""
    decided, ordered = outcome.facts, outcome.effects
    assert all(effect.carrier.channel for effect in ordered), "nobody could carry it out"
    assert _numbers(decided, facts.Offered, facts.ListenerRung) == _numbers(ordered, effects.OfferContact)
    moved = {effect.offer for effect in ordered if isinstance(effect, effects.ReleaseAgent)}
    joined = [offer for offer in _numbers(ordered, effects.ConnectContact) if offer not in moved]
    here = [fact for fact in decided if isinstance(fact, _JOINING) and not _stays_aside(fact)]
    assert [offer for offer in _numbers(here, facts.OfferFact) if offer not in moved] == joined, (
        "joined without an answer, or a move to another device"
    )
    aside = [fact.offer for fact in decided if isinstance(fact, facts.Consulted)]
    stepped = [offer for offer in _numbers(ordered, effects.StepAside) if offer not in moved]
    assert [offer for offer in aside if offer not in moved] == stepped
    assert shadow.prompted == _numbers(ordered, effects.PromptAgent)
    over = facts.OfferWithdrawn, facts.NotAnswered, facts.OfferLost, facts.ListenerLeft
    stopped = [fact for fact in decided if isinstance(fact, over)]
    stopped = [f for f in stopped if not isinstance(f, facts.ListenerLeft) or f.offer in shadow.unrung]
    assert _numbers(stopped, facts.OfferFact) == _numbers(ordered, effects.WithdrawOffer)
    arrived = [number for fact in decided if (number := _came(fact))]
    admitted = [effect for effect in ordered if isinstance(effect, effects.AdmitContact)]
    assert arrived == [effect.contact for effect in admitted]
    begun = [fact.contact for fact in decided if isinstance(fact, facts.Receiving)]
    assert begun == [effect.contact for effect in ordered if isinstance(effect, effects.ReceiveContact)]
    safe = [
        (fact.contact, fact.pages)
        for fact in decided
        if isinstance(fact, facts.PageKept) or (isinstance(fact, facts.Received) and fact.complete)
    ]
    confirmed = [effect for effect in ordered if isinstance(effect, effects.ConfirmReceived)]
    assert safe == [(effect.contact, effect.pages) for effect in confirmed], "said, or kept from its sender"
    played = [_list_of(effect) for effect in ordered if isinstance(effect, effects.TreatContact)]
    treated = [fact for fact in decided if isinstance(fact, facts.Treated)]
    assert played == [(fact.contact, fact.visit, fact.says, fact.keys) for fact in treated]
    blocked = [fact.ref for fact in decided if isinstance(fact, facts.Blocked)]
    assert blocked == [effect.carrier.ref for effect in ordered if isinstance(effect, effects.RejectContact)]
    placed = [f.call for f in decided if isinstance(f, facts.CallPlaced) and f.until_ms > f.t_ms]
    assert placed == [effect.call for effect in ordered if isinstance(effect, effects.PlaceCall)]
    causes = [(f.contact, _cause(shadow, f)) for f in decided if hasattr(f, "contact")]
    ended = [(contact, why) for contact, why in causes if why and contact not in left]
    hung_up = [(e.contact, e.cause) for e in ordered if isinstance(e, effects.ReleaseContact)]
    apart = ("consult over", "contact over", "cancelled")
    assert ended == [one for one in hung_up if one[1] not in (*apart, "over")]
    assert shadow.ended_outside == [one for one in hung_up if one[1] in apart]


_JOINING = (
    facts.Answered,
    facts.TakenOver,
    facts.ConferenceJoined,
    facts.ListenerJoined,
    facts.ConsultOver,
)


def _stays_aside(fact: facts.Fact) -> bool:
    return isinstance(fact, facts.ConsultOver) and fact.result in NOT_BACK


def _list_of(effect: effects.TreatContact) -> tuple[int, int, tuple[str, ...], str]:
    says = tuple(phrase.text for phrase in effect.hears.says)
    return effect.contact, effect.visit, says, effect.hears.keys


def _came(fact: facts.Fact) -> int:
    """The contact that has another leg of its party by this; 0: none."""
    match fact:
        case facts.Arrived() | facts.Joined() | facts.CalledIn() | facts.CallOver(result="answered"):
            return fact.contact
        case facts.OutsideJoined():
            return fact.contact
    return 0


def _cause(shadow: Shadow, fact: facts.Fact) -> str:
    """Why the desk itself ended the contact; empty: it did not."""
    contact: int = getattr(fact, "contact", 0)
    if contact in shadow.legless and isinstance(fact, facts.Released):
        return ""
    gone = shadow.hung_up(shadow.event, contact, fact.t_ms)
    match fact:
        case facts.Released(by="closed" | "full" | "survey") if gone:
            return ""
        case facts.Released(by=by) if by not in _WITHOUT_LEG:
            return by
        case facts.FlowedOut(kind=kind):
            return kind
        case facts.Deflected(by="end"):
            return "incident"
        case facts.Deflected(by="key") if not gone:
            return "incident"
    return "" if gone else _sent_away(fact)


def _sent_away(fact: facts.Fact) -> str:
    """Why, of a party that had not gone by itself, and whose contact may go on."""
    match fact:
        case facts.Parked(again=False):
            return "callback"
        case facts.Abandoned(stage="receiving") | facts.LegGone() | facts.Released(by="leg lost"):
            return "not received"
        case facts.MessageLeft():
            return "voicemail"
    return ""


_WITHOUT_LEG = ("caller", "leg lost", "not reached", "promise expired", "cancelled")
"""It ended when there was no leg of its party any more."""


def _numbers(things: Sequence[object], *kinds: type) -> list[int]:
    return [getattr(thing, "offer") for thing in things if isinstance(thing, kinds)]  # noqa: B009
