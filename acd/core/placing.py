"""Placing a call: by the allow-list, one attempt of a contact at a time."""

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.events import CallId, CallResult, OfferId
from acd.core.state import State
from agents.devices import Carrier
from agents.roster import Work, device_for
from agents.skills import AgentId
from queues.contact import Contact
from queues.desk import LineId, Medium, OutboundRule, TenantId
from queues.dial_policy import Decision, Wish, counted, decide, lately, rule_for
from queues.escalation import Person
from queues.outbound import CALLBACK, CONSULT, DIVERT, Callback, Dialled, OutboundCall


def allowed(state: State, contact: Contact, dial_class: str) -> OutboundRule | None:
    """By which rule the party may be called back now, if by any."""
    return rule_for(state.desk.outbound, contact.tenant, CALLBACK, dial_class)


def place_call(state: State, contact: Contact, work: Work) -> None:
    """Call the party; `work` is that of the agent who waits for it.

    What no rule allows any more is an attempt too, which is over at once. One too many at once is none: it is
    not for the party to lose by that.
    """
    state.last_call += 1
    number, promise = CallId(state.last_call), promise_of(contact)
    attempt = promise.attempts + 1
    call = OutboundCall(number, contact.id, contact.tenant, CALLBACK, promise.dial_class)
    _place(state, contact, work, call, attempt)
    promise.call, promise.attempts = number, promise.attempts if call.refusal == "no room" else attempt
    state.room_moved = True


def consult_rule(state: State, contact: Contact, dial_class: str) -> OutboundRule | None:
    """By which rule an agent may call such a number about this contact, if by any."""
    return rule_for(state.desk.outbound, contact.tenant, CONSULT, dial_class)


def place_own(
    state: State, contact: Contact, purpose: str, work: Work | None = None, person: Person | None = None
) -> None:
    """Call somebody to whom nothing was promised.

    `work`: that of the agent who asks him, if one does. `person`: who is next on an escalation list.
    """
    state.last_call += 1
    contact.call = state.last_call
    call = OutboundCall(CallId(contact.call), contact.id, contact.tenant, purpose, contact.dial_class)
    if person is not None:
        call.ring_ms, call.agent = person.ring_ms, person.agent
    _place(state, contact, work, call, attempt=1)


def _place(state: State, contact: Contact, work: Work | None, call: OutboundCall, attempt: int) -> None:
    offer, agent = (OfferId(0), AgentId("")) if work is None else (work.id, work.agent)
    now_ms = state.now_ms
    if call.agent:
        call.channel = _channel_of(state, call.agent, contact.medium)
        call.refusal = None if call.channel else "failed"
    else:
        wish = Wish(call.tenant, call.purpose, call.dial_class)
        decision = decided(state, contact, wish, number_of(contact), (call.id, offer, agent))
        rule, call.refusal = decision.rule, decision.refusal
        if rule is not None and call.refusal is None:
            call.channel, call.caller_id, call.prefixes = rule.channel, rule.caller_id, rule.prefixes
    state.calls[call.id] = call
    until_ms = now_ms if call.refusal else now_ms + ringing_ms(state, call)
    state.deadlines.set(Kind.CALL, call.id, until_ms)
    why = call.purpose, call.dial_class, attempt, until_ms
    state.tell(facts.CallPlaced(now_ms, call.id, contact.id, offer, agent, *why))
    if call.channel:
        state.order(order_of(call, number_of(contact), until_ms))


def number_of(contact: Contact) -> str:
    """The opaque id of the number that is called for it."""
    return contact.party if contact.consults or contact.purpose else promise_of(contact).party


def ringing_ms(state: State, call: OutboundCall) -> int:
    """How long whoever is called may let it ring."""
    return call.ring_ms or state.lines[state.contacts[call.contact].line].callback.ring_ms


def _channel_of(state: State, agent: AgentId, medium: Medium) -> str:
    """That of the device by which an agent can be rung now; empty: there is none."""
    seat = state.seats.get(agent)
    if seat is None:
        return ""
    try:
        return device_for(seat.record, medium).channel
    except LookupError:
        return ""


def decided(
    state: State, contact: Contact, wish: Wish, number: str, ids: tuple[CallId, OfferId, AgentId]
) -> Decision:
    """What the desk's dial policy says of this wish now; it is told, and what it allows is counted."""
    dialled = lately(state.dialled, state.now_ms)
    counts = counted(dialled, wish, number, under_way(state, wish))
    decision = decide(state.desk.outbound, wish, counts)
    if not decision.reason:
        state.dialled = [*dialled, Dialled(state.now_ms, wish.tenant, wish.purpose, number)]
    caller_id = "" if decision.rule is None else decision.rule.caller_id
    who = ids[0], contact.id, ids[1], ids[2]
    state.tell(facts.DialDecided(state.now_ms, *who, *wish, decision.reason, *counts, caller_id))
    return decision


def under_way(state: State, wish: Wish) -> int:
    """How many calls by the same rule there are that are not answered yet; diverted ones count to the end."""
    rules = state.desk.outbound
    rule = rule_for(rules, *wish)
    placed = ((one.tenant, one.purpose, one.dial_class) for one in state.calls.values() if one.channel)
    found = sum(rule_for(rules, *one) == rule for one in placed)
    if wish.purpose != DIVERT:
        return found
    diverted = (work for work in state.works.values() if work.diverted)
    tenants = ((_tenant_of(state, work), DIVERT, work.diverted) for work in diverted)
    return found + sum(rule_for(rules, *one) == rule for one in tenants)


def _tenant_of(state: State, work: Work) -> TenantId:
    contact = state.contacts.get(work.contact)
    return state.lines[LineId(work.line)].tenant if contact is None else contact.tenant


def order_of(call: OutboundCall, party: str, until_ms: int) -> effects.PlaceCall:
    """What the channel is to do."""
    what = call.dial_class, call.tenant, call.purpose, until_ms, call.caller_id, call.prefixes, call.agent
    return effects.PlaceCall(call.id, call.contact, party, *what, carrier=_carrier(call))


def promise_of(contact: Contact) -> Callback:
    """The promise of a contact that has one."""
    assert contact.callback is not None
    return contact.callback


def call_over(state: State, contact: Contact, result: CallResult) -> None:
    """The attempt that is under way has ended; if the channel does not know yet, it is told."""
    call = state.calls.pop(contact.call or promise_of(contact).call)
    state.deadlines.clear(Kind.CALL, call.id)
    if contact.consults or contact.purpose:
        contact.call = 0
    else:
        promise_of(contact).call = 0
    state.tell(facts.CallOver(state.now_ms, call.id, contact.id, result))
    if call.channel and result in ("timed out", "cancelled"):
        state.order(effects.EndCall(call.id, contact.id, carrier=_carrier(call)))


def _carrier(call: OutboundCall) -> Carrier:
    return Carrier(call.channel, "")
