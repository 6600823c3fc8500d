"""The caller's leg: from the INVITE to the 200, and its end; what it hears meanwhile says `treating`."""

from collections.abc import Sequence

from acd.core.effects import AdmitContact, RejectContact, ReleaseContact
from acd.core.events import ContactArrived, ContactId, ContactLeft, LegLost
from acd.ports import PartyKind
from agents.capacity import VOICE
from channels.media.commands import LegId, Stop
from channels.sip.b2bua import holding, introduced, outbound, placing, targets, treating
from channels.sip.b2bua.call import Call
from channels.sip.b2bua.calls import ACCEPT, ALLOW, NAME, SDP, Calls
from channels.sip.b2bua.leg import Leg, LegRecord, LegStage
from channels.sip.protocol.address import Endpoint, is_reachable
from channels.sip.protocol.dialog import uas_dialog
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Header, Request
from channels.sip.protocol.outputs import Cancelled, NewRequest, Refusal, ServerKey
from channels.sip.protocol.replies import response_to

REJECTIONS = {"unknown entry": 404, "closed": 480, "full": 486}
"""What the caller's side is told when the engine does not take the call, or ends it before it is answered."""

UNAVAILABLE = 480
"""For all other reasons, and for one that died with an earlier process."""

MEDIA_FAILURES = {
    "bad-sdp": 400,
    "not-acceptable": 488,
    "bad-address": 488,
    "multicast": 488,
    "out-of-turn": 491,
}
"""What a peer is told whose description the media engine cannot use; 503 for all that is our own trouble."""

WARNINGS = {
    "not-acceptable": (305, "Incompatible media format"),
    "bad-address": (301, "Incompatible network address formats"),
    "multicast": (330, "Multicast not available"),
}
"""Why a 488 (RFC 3261 §20.43)."""

BUSY: Header = ("Retry-After", "5")

SHED: Header = ("Retry-After", "1")
"""Too much comes at this moment. A peer may send nothing at all for so long (RFC 3261 §21.5.4), and a longer
pause would leave us idle in turns (RFC 6357 §8.2 calls it on and off)."""


def invited(calls: Calls, out: NewRequest) -> None:
    """A new INVITE from outside. The engine decides first; `100 Trying` goes in the same turn."""
    request = out.request
    if calls.answered_before and _was_answered(calls, out):
        return
    leg = Leg(LegRecord(LegId(f"c{calls.make_id()}")), Call())
    calls.add(leg)
    trunk = calls.trunk_of(out.source.host)
    assert trunk is not None
    leg.record.entry = entry = introduced.entry(calls, request, trunk)
    caller, _ = introduced.caller(request, trunk)
    open_leg(calls, leg, out)
    party, who = calls.host.identify(PartyKind.NUMBER, caller, entry, leg.id, trunk.region)
    arrived = ContactArrived(
        leg.id,
        entry,
        VOICE,
        party,
        who.priority_class,
        who.head_start_ms,
        channel=NAME,
        dial_class=str(who.dial_class),
        language=who.language,
        person=who.person,
    )
    came = calls.tell(arrived, calls.saved(leg))
    calls.layer.reply(out.key, 100, calls.now_ms)
    if not came:
        refuse(calls, leg, 500)


def _was_answered(calls: Calls, out: NewRequest) -> bool:
    """Our 200 was lost, and then this process was started."""
    request = out.request
    known = _answered_leg(calls, request)
    if known is None:
        return False
    known.invite_key = out.key
    calls.by_transaction[out.key] = known
    calls.layer.reply(out.key, 100, calls.now_ms)
    _say_ok(calls, known, request, out.key)
    return True


def _answered_leg(calls: Calls, request: Request) -> Leg | None:
    known = calls.answered_before.get((request.call_id, request.from_.tag, request.cseq.number))
    return None if known is None or known.gone else known


def open_leg(calls: Calls, leg: Leg, out: NewRequest) -> None:
    """Also after a restart, for a leg whose INVITE had no final response yet."""
    request, record = out.request, leg.record
    leg.request, leg.invite_key = request, out.key
    record.to_tag = record.to_tag or out.to_tag
    record.invite = request.to_bytes()
    record.host, record.port = out.source.host, out.source.port
    calls.by_transaction[out.key] = leg


def refusal(calls: Calls, request: Request, source: Endpoint) -> Refusal | None:
    """What is said to an INVITE from outside that is not taken, before anything is kept of it."""
    if calls.trunk_of(source.host) is None:
        return Refusal(403)
    if calls.answered_before and _answered_leg(calls, request) is not None:
        return None
    if calls.backlog.standing:
        return Refusal(503, (SHED,), "Too Many Calls")
    if calls.draining or calls.without_media or len(calls.legs) >= calls.settings.max_legs:
        return Refusal(503, (BUSY,))
    if request.max_forwards == 0:
        return Refusal(483)
    if not request.contacts or not is_reachable(request.contacts[0].uri):  # RFC 3261 §8.1.1.8
        return Refusal(400, reason="Missing Contact")
    offer = request.session
    if offer is None:
        return Refusal(415, (ACCEPT,))
    unusable = calls.media.refuses(offer) if offer else ""
    return Refusal(MEDIA_FAILURES[unusable], warning(calls, unusable)) if unusable else None


def warning(calls: Calls, code: str) -> tuple[Header, ...]:
    """What the peer's operator needs to know of a description that is of no use."""
    if code not in WARNINGS:
        return ()
    number, text = WARNINGS[code]
    return (("Warning", f'{number} {calls.layer.sent_by} "{text}"'),)


# What the media say


def described(calls: Calls, leg: Leg, sdp: bytes) -> None:
    """Our answer to the caller's offer, or our offer to one who made none."""
    request, record = leg.request, leg.record
    if request is None:
        return
    record.answer, record.late_offer = sdp, not request.body
    if leg.admitted:
        _answer(calls, leg)


def media_failed(calls: Calls, leg: Leg, code: str) -> None:
    """There is no sound for this leg: it is refused if that is still possible, else it is lost."""
    if leg.record.stage is LegStage.UP:
        calls.bye(leg)
    else:
        _say_no(calls, leg, MEDIA_FAILURES.get(code, 503), warning(calls, code))
    lost(calls, leg)


def refuse(calls: Calls, leg: Leg, status: int) -> None:
    """End a leg that has no final response yet."""
    _say_no(calls, leg, status)
    calls.host.remember((calls.forget(leg),))


def _say_no(calls: Calls, leg: Leg, status: int, why: Sequence[Header] = ()) -> None:
    calls.count(f"refused {status}")
    if leg.invite_key is not None:
        headers = [BUSY] if status == 503 else why
        calls.layer.reply(leg.invite_key, status, calls.now_ms, headers=headers)


# What the engine says


def rejected(calls: Calls, effect: RejectContact) -> None:
    """The engine did not take it."""
    leg = calls.legs.get(effect.carrier.ref)
    if leg is not None and leg.record.stage is LegStage.OPENING:
        refuse(calls, leg, REJECTIONS.get(effect.reason, UNAVAILABLE))


def admitted(calls: Calls, effect: AdmitContact) -> None:
    """Answer and play music, as soon as the media have answered."""
    leg = calls.legs.get(effect.carrier.ref)
    if leg is None:  # it went while the entry was being written
        calls.tell(ContactLeft(effect.contact, effect.carrier.ref))
        return
    took(calls, leg, effect)
    request = leg.request
    if leg.is_placed and leg.admitted:
        calls.arrange(leg.call)
    elif leg.is_placed:
        _admit_placed(calls, leg)
    elif request is not None and not leg.admitted:
        leg.admitted = True
        introduced.introduce(calls, leg.record, request)
        calls.negotiate(leg, request.session or b"")


def took(calls: Calls, leg: Leg, effect: AdmitContact) -> None:
    """The engine took the contact: from now on its call is found by its number."""
    leg.record.contact, leg.record.music = effect.contact, effect.music
    known = calls.by_contact.get(effect.contact)
    if known is None:
        leg.call.contact = effect.contact
        calls.by_contact[effect.contact] = leg.call
    elif known is not leg.call:  # we called him: an agent may be there before him
        former, leg.call, leg.place = leg.call, known, ""
        calls.take_out(leg, former)
        if known.caller is None:
            known.caller = leg
        else:  # somebody outside, who has stayed
            known.talking.append(leg)
            known.caller.hears = None


def _admit_placed(calls: Calls, leg: Leg) -> None:
    """Whom we called needs no answer."""
    leg.admitted = True
    calls.save(leg)
    calls.acknowledge(leg)
    _welcome(calls, leg)


def _welcome(calls: Calls, leg: Leg) -> None:
    """He hears the agent who waits for him on the line, or what was ordered until one is there."""
    there = leg.call.others(leg)
    if not there:
        treating.play(calls, leg)
        return
    for agent in there:
        agent.place = ""
        calls.media.send(Stop(agent.id))  # what he hears hides the room from him, which he is in
    leg.place = ""
    calls.send(leg.call.joined(leg, calls.music_of(leg.call)))
    holding.told(calls, *there, leg)


def _answer(calls: Calls, leg: Leg) -> None:
    request, key, record = leg.request, leg.invite_key, leg.record
    assert request is not None
    assert key is not None
    try:
        dialog = uas_dialog(request, record.to_tag, calls.contact_header)
    except BadMessage as error:
        calls.layer.reply(key, error.status, calls.now_ms, reason=error.reason)
        lost(calls, leg)
        return
    targets.follow(calls, leg, dialog, Endpoint(record.host, record.port))
    _say_ok(calls, leg, request, key)
    dialog.responded(request, 200)
    calls.adopt(leg, dialog)
    record.stage, record.invite, leg.request = LegStage.UP, b"", None
    calls.save(leg)
    _welcome(calls, leg)


def _say_ok(calls: Calls, leg: Leg, request: Request, key: ServerKey) -> None:
    headers = [("Contact", calls.contact_header), ALLOW, SDP]
    record, leg.accepted = leg.record, key
    answer = response_to(request, 200, to_tag=record.to_tag, headers=headers, body=record.answer)
    calls.layer.respond(key, answer, calls.now_ms)


def released(calls: Calls, effect: ReleaseContact) -> None:
    """The desk ends the call; one that the media have not answered yet is refused."""
    leg = calls.legs.get(effect.carrier.ref)
    if leg is not None and leg.record.stage is LegStage.UP:
        calls.hang_up(leg)
    elif leg is not None:
        refuse(calls, leg, REJECTIONS.get(effect.cause, UNAVAILABLE))


# What the caller does


def cancelled(calls: Calls, out: Cancelled) -> None:
    """The caller gave up before our 200."""
    leg = calls.by_transaction.get(out.key)
    calls.layer.reply(out.key, 487, calls.now_ms)
    if leg is None:
        return
    record = calls.forget(leg)
    if leg.record.contact:
        calls.tell(ContactLeft(ContactId(leg.record.contact)), record)
    else:
        calls.host.remember((record,))


def hung_up(calls: Calls, leg: Leg) -> None:
    """BYE from the caller."""
    which = _which(leg)
    calls.tell(ContactLeft(ContactId(leg.record.contact), which), calls.forget(leg))


def lost(calls: Calls, leg: Leg) -> None:
    """The leg is dead though nobody hung up."""
    which = _which(leg)
    calls.tell(LegLost(ContactId(leg.record.contact), None, which), calls.forget(leg))


def _which(leg: Leg) -> str:
    """Empty, unless it is that of somebody outside beside the party's own."""
    return "" if leg is leg.call.caller else leg.id


def end_all(calls: Calls) -> None:
    """All sound is gone. End every call; the engine then takes the agents' legs away.

    Of a contact that is no call of ours it knows nothing: its agent's leg is ended here.
    """
    for leg in [leg for leg in calls.legs.values() if leg.call.caller is None]:
        outbound.media_failed(calls, leg, "gone")
    for leg in [leg for leg in calls.legs.values() if leg.is_caller]:
        if leg.is_placed and (leg.accepting or leg.record.stage is LegStage.OPENING):
            placing.media_failed(calls, leg)
            continue
        if leg.record.stage is LegStage.UP:
            calls.bye(leg)
        elif leg.invite_key is not None:
            calls.layer.reply(leg.invite_key, 503, calls.now_ms, headers=[BUSY])
        lost(calls, leg)
