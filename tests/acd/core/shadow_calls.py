"""The naive model of promised callbacks and of the calls that we place, folded from the facts alone."""

from collections.abc import Callable
from dataclasses import dataclass

from acd.core import events, facts
from acd.core.closing import ASKED_AGAIN_MS
from agents.skills import AgentId
from queues.desk import Order, OutboundRule
from queues.escalation import Person
from tests.acd.core.shadow_desk import ShadowAgent, ShadowContact, ShadowWork
from tests.acd.core.shadow_guests import ShadowGuests


@dataclass(slots=True)
class ShadowPromise:
    party: str
    dial_class: str
    until_ms: int
    attempts: int = 0
    over: bool = False
    called_in: bool = False
    refused: bool = False
    """The channel would not dial that number."""


@dataclass(slots=True)
class ShadowCall:
    contact: int
    dial_class: str
    until_ms: int
    placed: bool
    """A channel was told of it."""
    purpose: str = "callback"


HOUR_MS = 3_600_000


class ShadowCalls(ShadowGuests):
    """Who has which promise, and which attempts are under way."""

    event: events.Event
    cancels: Callable[[int], bool]
    person_of: Callable[[int], Person | None]

    def __init__(self) -> None:
        super().__init__()
        self.promises: dict[int, ShadowPromise] = {}
        """Contact → what it was promised last."""
        self.calls: dict[int, ShadowCall] = {}
        self.now_ms = 0
        self.allowed: dict[int, bool] = {}
        """What was said just now of calls that are to be placed."""
        self.dialled: list[tuple[int, str, str, str]] = []
        """(moment, client, purpose, number) of every call that was allowed."""
        self.to_end: list[int] = []
        """Attempts of this event that a channel must still be told to end."""

    def may_call(self, contact: ShadowContact) -> bool:
        """Whether who is parked may be called now: allowed, room for one more, and nobody calls there yet."""
        promise = self.promises[contact.id]
        rule = self.rule_of(promise.dial_class)
        parked = [
            one for one in self.contacts.values() if one.to_call and one.state in ("offered", "calling")
        ]
        others = [self.promises[one.id] for one in parked if one is not contact]
        taken = sum(self.rule_of(other.dial_class) == rule for other in others)
        there = any(other.party == promise.party for other in others)
        to_be = [
            self.promises[one.id].party for one in parked if one.state == "offered" and one is not contact
        ]
        hour, number = self.in_hour("t", "callback", promise.party)
        hour, number = hour + len(to_be), number + to_be.count(promise.party)
        free = rule is not None and taken < rule.at_once and self.has_time(rule, hour, number)
        return free and not there

    def in_hour(self, tenant: str, purpose: str, party: str) -> tuple[int, int]:
        """How often in the hour before: in all, and that number."""
        since_ms = self.now_ms - HOUR_MS
        found = [one for one in self.dialled if one[0] > since_ms and one[1:3] == (tenant, purpose)]
        return len(found), sum(one[3] == party for one in found)

    def has_time(self, rule: OutboundRule, hour: int, number: int) -> bool:
        return not (rule.per_hour and hour >= rule.per_hour) and not (
            rule.per_number and number >= rule.per_number
        )

    def may_serve_now(self, agent: ShadowAgent, contact: ShadowContact) -> bool:
        return super().may_serve_now(agent, contact) and (not contact.to_call or self.may_call(contact))

    def lease_by_desk(self, contact: ShadowContact, now_ms: int) -> None:
        """The media may have other leases now; one that the desk called has none."""
        lease_ms = next(traits for traits in self.desk.media if traits.id == contact.medium).lease_ms
        if not lease_ms:
            self.leases.pop(contact.id, None)
        elif contact.ref and contact.id not in self.leases and not self.we_called(contact):
            self.lease(contact, now_ms)

    def we_called(self, contact: ShadowContact) -> bool:
        """Its leg is one that the desk placed: no exchange keeps it."""
        promise = self.promises.get(contact.id)
        return (
            contact.consults > 0 or bool(contact.purpose) or (promise is not None and not promise.called_in)
        )

    # ---- facts

    def _parked(self, fact: facts.Parked) -> None:
        contact, event = self.contacts[fact.contact], self.event
        assert contact.ref, "it has no leg to hang up"
        put_away = contact.state == "deferred" and fact.again
        assert put_away or contact.state in ("waiting", "offered")
        assert fact.wait_ms == fact.t_ms - contact.anchor_ms
        contact.ref, contact.between, contact.recording = "", False, 0
        contact.parked = True
        gone = self.hung_up(event, fact.contact, fact.t_ms)
        assert not fact.again or gone
        if fact.again:
            promise = self.promises[contact.id]
            assert promise.called_in, "he is not to be called"
            assert fact.until_ms == promise.until_ms > fact.t_ms
            return
        party, dial_class = contact.party, contact.dial_class  # by a step of its treatment
        if isinstance(event, events.CallbackPromised):
            assert event.contact == fact.contact
            party, dial_class = event.party, event.dial_class
        assert gone or contact.was_told or self.rule_of(dial_class), "nobody may be called there"
        known = self.promises.get(contact.id)
        if known is not None and not known.over and known.party == party:
            assert fact.until_ms == known.until_ms, "a promise gets no younger"
            known.called_in = False
            return
        until_ms = self.until_ms(self.lines[contact.line], fact.t_ms)
        if gone:
            assert contact.promised_ms, "he was told nothing"
            until_ms = contact.promised_until_ms
        assert fact.until_ms == until_ms
        self.promises[contact.id] = ShadowPromise(party, dial_class, fact.until_ms)

    def _calledin(self, fact: facts.CalledIn) -> None:
        contact, event = self.contacts[fact.contact], self.event
        assert isinstance(event, events.ContactArrived)
        assert event.ref == fact.ref
        assert fact.contact == (event.joins or self.same_caller(event, fact.t_ms)), "somebody else"
        assert not contact.ref, "it has a leg of its own"
        contact.ref, contact.moved = fact.ref, True
        self.lease(contact, fact.t_ms)
        self.promises[contact.id].called_in = True
        if contact.state == "offered":
            contact.line_since_ms = fact.t_ms
        self._has_a_leg(contact, fact.t_ms)

    def same_caller(self, event: events.ContactArrived, now_ms: int) -> int:
        """Who is parked and rings again by the number that is to be called back; 0: nobody."""
        for number, contact in self.contacts.items():
            promise, line = self.promises.get(number), self.lines[contact.line]
            if promise and contact.to_call and promise.party == event.party:
                same = (contact.entry, contact.medium) == (event.entry, event.medium)
                if same and line.callback.call_in and self.is_open(line, now_ms):
                    return number
        return 0

    def _has_a_leg(self, contact: ShadowContact, t_ms: int) -> None:
        works = self.works_on(contact.id, "handling", "resting")
        if contact.state == "calling" and works:
            contact.state, contact.message, works[0].talks_ms = "connected", None, t_ms
            self.spoke(contact, works[0].agent, t_ms)

    def _reservation(self, fact: facts.Reserved) -> None:
        contact = self.contacts[fact.contact]
        assert not contact.ref, "its party is there"
        assert self.lines[contact.line].callback.order is Order.CALLER_FIRST
        contact.state, contact.held_until_ms = "calling", 0
        self.works[fact.offer] = ShadowWork(
            fact.offer, fact.contact, fact.agent, contact.medium, contact.line, "reserved", fact.t_ms
        )

    def _reservationended(self, fact: facts.ReservationEnded) -> None:
        work = self.works.pop(fact.offer)
        assert (work.state, work.agent) == ("reserved", fact.agent)

    def _dialdecided(self, fact: facts.DialDecided) -> None:
        contact, event = self.contacts[fact.contact], self.event
        party = contact.party
        if isinstance(event, events.OfferDiverted):
            party = event.party
            work = self.works[fact.offer]
            assert (fact.purpose, fact.call, work.state) == ("divert", 0, "ringing")
            assert (fact.reason, work.diverted) == ("", ""), "it would not be told"
        elif not (contact.consults or contact.purpose):
            party = self.promises[fact.contact].party
        rule = self.rule_of(fact.dial_class, fact.purpose)
        hour, number = self.in_hour(fact.tenant, fact.purpose, party)
        by_it = self.by_rule(rule, fact.purpose)
        assert (fact.tenant, fact.at_once, fact.in_hour, fact.to_number) == ("t", by_it, hour, number)
        allowed = rule is not None and by_it < rule.at_once and self.has_time(rule, hour, number)
        assert allowed == (not fact.reason)
        assert (rule is None) == (fact.reason in ("no rule", "never"))
        if allowed:
            self.dialled.append((fact.t_ms, fact.tenant, fact.purpose, party))
        self.allowed[fact.call] = allowed
        if isinstance(event, events.OfferDiverted):
            self.works[fact.offer].diverted = event.dial_class

    def by_rule(self, rule: OutboundRule | None, purpose: str) -> int:
        """How many calls by this rule there are."""
        calls = [(one.dial_class, one.purpose) for one in self.calls.values() if one.placed]
        if purpose == "divert":
            calls += [(one.diverted, purpose) for one in self.works.values() if one.diverted]
        return sum(self.rule_of(*one) == rule for one in calls)

    def _callplaced(self, fact: facts.CallPlaced) -> None:
        contact = self.contacts[fact.contact]
        assert (contact.state, contact.ref) == ("calling", "")
        assert fact.contact not in {call.contact for call in self.calls.values()}, "called twice at once"
        assert contact.purpose or self.works[fact.offer].agent == fact.agent
        assert fact.purpose == ("consult" if contact.consults else contact.purpose or "callback")
        person, rule = self.person_of(fact.contact), self.rule_of(fact.dial_class, fact.purpose)
        if person is not None and person.agent:
            agent = self.agents.get(person.agent)
            placed = agent is not None and contact.medium in agent.reachable
        else:
            placed = self.allowed.pop(fact.call)
        if contact.consults or contact.purpose:
            assert fact.attempt == 1
        else:
            promise = self.promises[fact.contact]
            assert (fact.dial_class, fact.attempt) == (promise.dial_class, promise.attempts + 1)
            promise.attempts += placed or rule is None
        ring_ms = self.ring_ms(contact) if placed else 0
        assert fact.until_ms == fact.t_ms + ring_ms
        self.calls[fact.call] = ShadowCall(fact.contact, fact.dial_class, fact.until_ms, placed, fact.purpose)

    def ring_ms(self, contact: ShadowContact) -> int:
        person = self.person_of(contact.id)
        return person.ring_ms if person is not None else self.lines[contact.line].callback.ring_ms

    def _callover(self, fact: facts.CallOver) -> None:
        call, event = self.calls.pop(fact.call), self.event
        contact = self.contacts[fact.contact]
        assert call.contact == fact.contact
        if not (contact.consults or contact.purpose):
            self.promises[fact.contact].refused = fact.result == "refused"
        if fact.result == "answered":
            assert isinstance(event, events.CallAnswered)
            contact.ref = event.ref
            if contact.consults or contact.purpose:
                contact.state = "connected" if contact.consults else "greeting"
            self._has_a_leg(contact, fact.t_ms)
        elif fact.result == "timed out":
            assert (call.placed, fact.t_ms) == (True, call.until_ms)
        elif not call.placed:
            self._never_placed(call, fact)
        elif fact.result != "cancelled":
            assert event == events.CallFailed(fact.call, fact.result)
        if call.placed and fact.result in ("timed out", "cancelled"):
            self.to_end.append(fact.call)

    def _never_placed(self, call: ShadowCall, fact: facts.CallOver) -> None:
        person = self.person_of(fact.contact)
        if person is not None and person.agent:
            assert fact.result == "failed", "he has no phone there"
        elif fact.result != "cancelled":
            forbidden = self.rule_of(call.dial_class, call.purpose) is None
            assert fact.result == ("refused by policy" if forbidden else "no room")

    def _callbackover(self, fact: facts.CallbackOver) -> None:
        contact, promise = self.contacts[fact.contact], self.promises[fact.contact]
        assert not promise.over, "said twice"
        assert fact.wait_ms == fact.t_ms - contact.anchor_ms
        assert fact.kept == (contact.state == "connected")
        promise.over, contact.parked = True, False

    # ---- what follows from them

    def restart_calls(self, now_ms: int) -> None:
        """Each attempt has its full time again."""
        for call in self.calls.values():
            if call.placed:
                call.until_ms = now_ms + self.ring_ms(self.contacts[call.contact])

    def next_attempt(self, contact: ShadowContact, fact: facts.Deferred) -> None:
        """An attempt did not reach the party; there is another."""
        rule = self.lines[contact.line].callback
        assert (contact.state, fact.agent) == ("calling", None)
        promise = self.promises[contact.id]
        assert promise.attempts < rule.attempts, "there was a last attempt"
        assert not promise.refused, "nobody will ever dial it"
        assert fact.t_ms < promise.until_ms, "the promise is too old"
        assert fact.until_ms == fact.t_ms + rule.gap_ms

    def night(self, contact: ShadowContact, fact: facts.Deferred) -> None:
        """It waits for its line to open."""
        hours = self.lines[contact.line].hours
        opens = next(calendar.opens for calendar in self.desk.calendars if calendar.id == hours)
        assert (contact.state, fact.agent) == ("waiting", None)
        assert not any(start <= fact.t_ms < close for start, close in opens), "it is open"
        later = [start for start, _ in opens if start > fact.t_ms]
        never = fact.t_ms + ASKED_AGAIN_MS if contact.left else self.promises[contact.id].until_ms
        assert fact.until_ms == min(later, default=never)

    def without_party(
        self, contact: ShadowContact, promise: ShadowPromise | None, fact: facts.Released
    ) -> None:
        """A contact without a leg ended."""
        if contact.purpose:
            assert contact.state in ("calling", "greeting")
            called_off = self.cancels(fact.contact)
            assert called_off == (fact.by == "cancelled")
            if called_off and contact.ref:
                self.ended_outside.append((contact.id, "cancelled"))
            return
        assert promise is not None or contact.left
        assert not contact.ref
        if fact.by == "not reached":
            assert promise is not None
            assert contact.state == "calling"
            attempts = self.lines[contact.line].callback.attempts
            last = promise.attempts >= attempts or promise.refused
            assert last or fact.t_ms >= promise.until_ms, "he had another attempt"
        elif fact.by == "promise expired":
            assert promise is not None
            assert contact.state in ("waiting", "deferred")
            assert fact.t_ms >= promise.until_ms
        else:
            assert (fact.by, self.event) == ("cancelled", events.CallbackCancelled(fact.contact))

    def forget_promise(self, number: int) -> ShadowPromise | None:
        """Its contact is over, and so must be the promise."""
        promise = self.promises.pop(number, None)
        assert promise is None or promise.over, "nobody said what became of the promise"
        return promise

    def gave_up(self, fact: facts.HandedBack) -> AgentId | None:
        """Who does not want to wait for the party any more; None: he was lost."""
        return fact.agent if fact.reason == "gave up" else None
