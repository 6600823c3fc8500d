"""Placing a call: by the allow-list, one attempt of a contact at a time."""

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.events import CallId, CallResult
from acd.core.state import State
from agents.devices import Carrier
from agents.roster import Work
from queues.contact import Contact
from queues.desk import OutboundRule
from queues.outbound import CALLBACK, Callback, OutboundCall, rule_for


def allowed(state: State, contact: Contact, dial_class: str) -> OutboundRule | None:
    """By which rule the party may be called back now, if by any."""
    return rule_for(state.desk.outbound, contact.tenant, CALLBACK, dial_class)


def place_call(state: State, contact: Contact, work: Work) -> None:
    """Call the party; `work` is that of the agent who waits for it.

    What no rule allows any more is an attempt too, which is over at once. One too many at once is none: it is
    not for the party to lose by that.
    """
    state.last_call += 1
    number, now_ms, promise = CallId(state.last_call), state.now_ms, promise_of(contact)
    rule = allowed(state, contact, promise.dial_class)
    refusal = _refusal(state, rule)
    attempt = promise.attempts + 1
    promise.call, promise.attempts = number, promise.attempts if refusal == "no room" else attempt
    what = contact.tenant, CALLBACK, promise.dial_class
    channel = "" if rule is None or refusal else rule.channel
    call = state.calls[number] = OutboundCall(number, contact.id, *what, channel, refusal)
    until_ms = now_ms if refusal else now_ms + state.lines[contact.line].callback.ring_ms
    state.deadlines.set(Kind.CALL, number, until_ms)
    why = CALLBACK, promise.dial_class, attempt, until_ms
    state.tell(facts.CallPlaced(now_ms, number, contact.id, work.id, work.agent, *why))
    if channel:
        state.order(order_of(call, promise, until_ms))


def _refusal(state: State, rule: OutboundRule | None) -> CallResult | None:
    """Why no channel may hear of the call; None: it may be placed."""
    if rule is None:
        return "refused by policy"
    rules, placed = state.desk.outbound, (one for one in state.calls.values() if one.channel)
    by_it = sum(rule_for(rules, one.tenant, one.purpose, one.dial_class) == rule for one in placed)
    return None if by_it < rule.at_once else "no room"


def order_of(call: OutboundCall, promise: Callback, until_ms: int) -> effects.PlaceCall:
    """What the channel is to do."""
    whom = call.contact, promise.party, call.dial_class
    return effects.PlaceCall(call.id, *whom, call.tenant, call.purpose, until_ms, carrier=_carrier(call))


def promise_of(contact: Contact) -> Callback:
    """The promise of a contact that has one."""
    assert contact.callback is not None
    return contact.callback


def call_over(state: State, contact: Contact, result: CallResult) -> None:
    """The attempt that is under way has ended; if the channel does not know yet, it is told."""
    promise = promise_of(contact)
    call = state.calls.pop(promise.call)
    state.deadlines.clear(Kind.CALL, call.id)
    promise.call = 0
    state.tell(facts.CallOver(state.now_ms, call.id, contact.id, result))
    if call.channel and result in ("timed out", "cancelled"):
        state.order(effects.EndCall(call.id, contact.id, carrier=_carrier(call)))


def _carrier(call: OutboundCall) -> Carrier:
    return Carrier(call.channel, "")
