"""The leg of a party whom we call, until it has answered. Then it is the contact's own leg, like a caller's.

Its 200 is acknowledged when the engine admits the leg: until then the process after us would not know of it,
and whoever answered repeats it (RFC 3261 §13.3.1.4).
"""

import re
from collections.abc import Mapping, Sequence

from acd.core.effects import EndCall, PlaceCall
from acd.core.events import CallAnswered, CallFailed, CallId, CallResult
from acd.ports import DialClass
from channels.media.commands import Close, LegId, Play
from channels.sip.b2bua import inviting
from channels.sip.b2bua.call import Call
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg, LegRecord, LegStage, Reach, Ringing
from channels.sip.protocol.address import Uri, make_uri, parse_uri
from channels.sip.protocol.outputs import ResponseReceived
from queues.dial_policy import NEVER

RESULTS: Mapping[int, CallResult] = {
    408: "no answer",
    480: "no answer",
    486: "busy",
    487: "no answer",
    600: "busy",
}
"""What a final response means to the engine (RFC 3261 §21.4, §21.6).

Nobody was there: 408 Request Timeout, 480 Temporarily Unavailable, 487 Request Terminated (by the network;
one after our own CANCEL is not told). He talks: 486 Busy Here, 600 Busy Everywhere. All others are `failed`:
he has moved (3xx), the trunk does not let us (401, 403, 407), there is no such number (404, 410, 484, 604),
he declines (603), the network is broken (5xx).
"""

NUMBER = re.compile(r"\+[0-9]{3,15}|[0-9]{2,15}", re.ASCII)
"""In normal form: E.164, or the digits of an extension or a short code. Nothing else gets into a request."""

PHONE = ";user=phone"
"""The user part is a global number (RFC 3261 §19.1.1)."""


def leg_of(calls: Calls, call: int) -> Leg | None:
    """The leg of an attempt, as long as it has not failed."""
    return calls.legs.get(_name(call))


def _name(call: int) -> LegId:
    return LegId(f"c{call}")


# What the engine says


def place(calls: Calls, effect: PlaceCall) -> None:
    """The number is to be read first; `dial` or `not_read` follows."""
    if effect.call in calls.wanted or leg_of(calls, effect.call) is not None:
        return
    if effect.agent:
        _ring_phones(calls, effect)
        return
    calls.wanted[effect.call] = effect
    calls.unread.append(effect)
    entertain(calls, effect.contact)


def _ring_phones(calls: Calls, effect: PlaceCall) -> None:
    """He is called as somebody outside would be, by whichever of his phones answers first."""
    reaches = calls.phones.where(effect.agent)
    if not reaches or _has_no_room(calls):
        _tell(calls, effect.call, "failed")
        return
    record = LegRecord(_name(effect.call), contact=effect.contact, call=effect.call)
    record.to_tag = calls.naming.tag(record.id)
    record.host, record.port = reaches[0].at.host, reaches[0].at.port
    record.show_as = f"<{make_uri(calls.phones.user_of(effect.agent), calls.settings.realm)}>"
    leg = calls.add(Leg(record, Call()))
    leg.reaches = reaches
    calls.negotiate(leg, b"")


def _has_no_room(calls: Calls) -> bool:
    return calls.draining or calls.without_media or len(calls.legs) >= calls.settings.max_legs


def entertain(calls: Calls, contact: int) -> None:
    """An agent who is on the line already hears music: he would take silence for a lost call."""
    call = calls.by_contact.get(contact)
    if call is not None and call.talking and call.caller is None:
        call.talking[0].place = ""
        calls.media.send(Play(call.talking[0].id, loop=calls.settings.sounds.music("default")))


def ended(calls: Calls, effect: EndCall) -> None:
    """Given up: CANCEL, or BYE if the 200 has crossed it. Nothing is told any more."""
    if calls.wanted.pop(effect.call, None) is not None:
        _forget_media(calls, effect.call)
    leg = leg_of(calls, effect.call)
    if leg is None:
        return
    if leg.record.stage is LegStage.UP:
        calls.hang_up(leg)
    else:
        inviting.cancel(calls, leg)


# What is known of the number


def dial(calls: Calls, effect: PlaceCall, number: str, dial_class: DialClass) -> None:
    """Call this number if it still is what was allowed, as soon as the media have an offer for it."""
    if calls.wanted.pop(effect.call, None) is None:  # given up meanwhile
        return
    to = calls.settings.outbound
    if to is None or number in (to.caller_id, effect.caller_id) or not _may_dial(effect, number, dial_class):
        _not_dialled(calls, effect.call, "refused")
    elif _has_no_room(calls):
        _not_dialled(calls, effect.call, "failed")
    else:
        record = LegRecord(_name(effect.call), contact=effect.contact, call=effect.call)
        record.host, record.port = to.trunk.host, to.trunk.port
        record.to_tag = calls.naming.tag(record.id)
        record.show_as = f"<{make_uri(number, calls.settings.realm)}>"
        leg = calls.add(Leg(record, Call()))
        leg.record.caller_id = effect.caller_id
        leg.reaches = [Reach("", str(uri_of(number, to.trunk.host, to.trunk.port)), to.trunk)]
        calls.negotiate(leg, b"")


def _may_dial(effect: PlaceCall, number: str, dial_class: DialClass) -> bool:
    """The second look at what a call may cost: lists, plans and the number itself may have changed."""
    allowed = dial_class == effect.dial_class and dial_class not in NEVER
    return allowed and NUMBER.fullmatch(number) is not None and begins_with(number, effect.prefixes)


def begins_with(number: str, prefixes: Sequence[str]) -> bool:
    """Whether it is within the allow-list of the rule by which the engine has allowed it."""
    return not prefixes or number.startswith(tuple(prefixes))


def uri_of(number: str, host: str, port: int | None = None) -> Uri:
    """Of a number in normal form."""
    return make_uri(number, host, port, PHONE if number.startswith("+") else "")


def not_read(calls: Calls, effect: PlaceCall, result: CallResult) -> None:
    """The vault has no such number (`refused`), or does not say in time (`failed`)."""
    if calls.wanted.pop(effect.call, None) is not None:
        _not_dialled(calls, effect.call, result)


def _not_dialled(calls: Calls, call: int, result: CallResult) -> None:
    _forget_media(calls, call)
    _tell(calls, call, result)


def _forget_media(calls: Calls, call: int) -> None:
    """A process that was killed may have opened them."""
    calls.media.send(Close(_name(call)))


def expected(calls: Calls) -> set[LegId]:
    """Legs that will be there. If their media live, the INVITE is the one that may have left already."""
    return {_name(call) for call in calls.wanted}


# What the media say


def described(calls: Calls, leg: Leg, sdp: bytes) -> None:
    """Our offer: the INVITE can go. Who we are stands in From and, for the trunk, in RFC 3325's header."""
    to = calls.settings.outbound
    if leg.gone or not leg.reaches:
        return
    if leg.reaches[0].key:
        desk = f"<{make_uri('desk', calls.settings.realm)}>"
        inviting.invite(calls, leg, desk, leg.record.show_as, sdp)
        return
    if to is None:
        return
    us = f"<{uri_of(leg.record.caller_id or to.caller_id, calls.settings.advertise)}>"
    number = parse_uri(leg.reaches[0].uri).user
    party = f"<{uri_of(number, to.trunk.host)}>"  # no port there (RFC 3261 §19.1.1)
    inviting.invite(calls, leg, us, party, sdp, ("P-Asserted-Identity", us))


def accepted(calls: Calls, leg: Leg) -> None:
    """The answer is good: he is there. Also after a restart that fell between."""
    leg.accepting = False
    answered = CallAnswered(CallId(leg.record.call), leg.id)
    if leg.gone or not calls.tell(answered, calls.saved(leg)):
        calls.hang_up(leg)


def media_failed(calls: Calls, leg: Leg) -> None:
    """No offer for him, his answer is of no use, or all sound is gone."""
    if leg.gone:
        return
    if not leg.ringing or leg.accepting:
        calls.bye(leg)
        failed(calls, leg, "failed")
    else:
        _give_up(calls, leg, "failed")


# What the trunk says


def answered(calls: Calls, leg: Leg, out: ResponseReceived) -> None:
    """A response to the INVITE of the leg."""
    status = inviting.answered(calls, leg, out)
    if status is not None and calls.legs.get(leg.id) is leg:  # else it was given up before, and is forgotten
        calls.count(f"trunk answered {status}")
        if leg.ringing:  # another phone of an agent
            return
        failed(calls, leg, RESULTS.get(status, "failed"))


def silent(calls: Calls, leg: Leg, ringing: Ringing) -> None:
    """Not even 100 Trying came."""
    calls.count("trunk gives no sign")
    if len(leg.ringing) > 1:
        calls.layer.cancel(ringing.key, calls.now_ms)
        inviting.ended(calls, leg, ringing.key)
    else:
        _give_up(calls, leg, "no answer")


def failed(calls: Calls, leg: Leg, result: CallResult) -> None:
    """It is over without him; told unless it was given up before."""
    given_up, record = leg.gone, calls.forget(leg)
    if given_up:
        calls.host.remember((record,))
    else:
        calls.tell(CallFailed(CallId(leg.record.call), result), record)


def _give_up(calls: Calls, leg: Leg, result: CallResult) -> None:
    _tell(calls, leg.record.call, result)
    inviting.cancel(calls, leg)


def _tell(calls: Calls, call: int, result: CallResult) -> None:
    calls.tell(CallFailed(CallId(call), result))
