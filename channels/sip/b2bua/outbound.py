"""The agent's leg: rung by an offer, joined with the caller, ended."""

from acd.core.effects import (
    ConnectContact,
    DivertOffer,
    OfferContact,
    PromptAgent,
    ReleaseAgent,
    StepAside,
    WithdrawOffer,
)
from acd.core.events import (
    AgentPaused,
    ContactId,
    ContactReleased,
    LegLost,
    OfferAccepted,
    OfferFailed,
    OfferId,
    OfferRefused,
)
from agents.skills import AgentId
from channels.media.commands import Leave, LegId, Play
from channels.sip.b2bua import diverting, holding, inviting, probing, qualifying, speaking
from channels.sip.b2bua.absent import PhoneId
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg, LegRecord, LegStage, Ringing
from channels.sip.meanings import ORDER, Meaning
from channels.sip.protocol.outputs import ResponseReceived, TimedOut
from queues.treatment import Phrase

THEIRS = frozenset({"bad-sdp", "not-acceptable", "bad-address", "multicast"})
"""What the media say of a phone's answer that is of no use; all else is our own trouble."""


# What the engine says


def ring(calls: Calls, effect: OfferContact) -> None:
    """INVITE his phones, as soon as the media have an offer for them. A repetition is the same INVITE."""
    if calls.agent_of(effect.offer) is not None:
        return
    reaches = calls.phones.where(effect.agent)
    if not reaches:
        calls.tell(OfferFailed(effect.offer))
        return
    record = LegRecord(LegId(f"o{effect.offer}"), effect.agent, effect.contact, effect.offer)
    record.to_tag = calls.naming.tag(record.id)
    call = calls.call_of(effect.contact)
    leg = calls.add(Leg(record, call))
    leg.reaches = reaches
    calls.negotiate(leg, b"", like=call.caller)
    if call.caller is not None and call.caller.silent_ms is not None:
        probing.offered(calls, call.caller)


def sent_on(calls: Calls, leg: Leg) -> None:
    """After a restart: his phones had all answered, by sending the caller on, and nobody was called there."""
    _over(calls, leg, Meaning.DO_NOT_DISTURB)


def connected(calls: Calls, effect: ConnectContact) -> None:
    """Join the agent with the caller, if one of ours; else he is alone in the room of a contact elsewhere."""
    leg = calls.agent_of(effect.offer)
    if leg is None:  # its end has been told, but perhaps of the contact in which he was before
        calls.tell(LegLost(effect.contact, effect.agent))
        return
    call = calls.move(leg, effect.contact)
    leg.role = effect.role
    calls.send(call.joined(leg, calls.music_of(call)))
    if effect.recording:
        speaking.hear(calls, effect)
    if call.others(leg):
        holding.told(calls, leg, *call.others(leg))


def prompted(calls: Calls, effect: PromptAgent) -> None:
    """A text hides from him what he hears, until it is over; the others go on."""
    leg = calls.agent_of(effect.offer)
    if leg is not None and leg.record.stage is LegStage.UP:
        texts = calls.settings.sounds.say((Phrase(effect.text),))
        calls.media.send(Play(leg.id, texts, play=f"to agent {effect.text}"))


def stepped_aside(calls: Calls, effect: StepAside) -> None:
    """He leaves his caller, who hears music, to ask somebody; until that one is there he hears music, too."""
    leg = calls.agent_of(effect.offer)
    if leg is None:
        return
    if leg in leg.call.talking:
        leg.call.talking.remove(leg)
    leg.aside, leg.record.music, leg.place = calls.call_of(effect.into), effect.music, ""
    leg.aside.asker = leg
    calls.arrange(leg.call)
    calls.send((Leave(leg.id), Play(leg.id, loop=calls.settings.sounds.music(effect.music))))


def diverted(calls: Calls, effect: DivertOffer) -> None:
    """His phone may send the caller on, if nobody has picked up meanwhile."""
    leg = calls.agent_of(effect.offer)
    if leg is None or leg.elsewhere is None or leg.gone or leg.record.stage is LegStage.UP:
        return
    if not diverting.call(calls, leg, effect):
        _means(calls, leg, Meaning.DO_NOT_DISTURB)


def withdrawn(calls: Calls, effect: WithdrawOffer) -> None:
    """Stop ringing: CANCEL, or BYE when the phone was quicker. The final answer closes the leg."""
    leg = calls.agent_of(effect.offer)
    if leg is None:
        return
    if leg.record.stage is LegStage.UP:
        calls.hang_up(leg)
    else:
        inviting.cancel(calls, leg, [inviting.ELSEWHERE] if effect.cause == "answered elsewhere" else ())


def released(calls: Calls, effect: ReleaseAgent) -> None:
    """The engine took the contact away from the agent, who may be off it already."""
    leg = calls.agent_of(effect.offer)
    if leg is not None and leg.record.stage is LegStage.UP and not leg.accepting:
        calls.hang_up(leg)


# What the media say


def described(calls: Calls, leg: Leg, sdp: bytes) -> None:
    """Our offer for the phones: the INVITEs can go."""
    if leg.gone or not leg.reaches:
        return
    record, caller = leg.record, leg.call.caller or leg.call.asker
    realm = calls.settings.realm
    record.show_as = caller.record.show_as if caller else f"<sip:anonymous@{realm}>"
    to = f"<sip:{calls.phones.user_of(record.agent)}@{realm}>"
    more = [("X-ACD-Contact", str(record.contact))]
    if caller is not None and caller.record.diverted:
        more.append(("Diversion", caller.record.diverted))
    inviting.invite(calls, leg, record.show_as, to, sdp, *more)


def accepted(calls: Calls, leg: Leg) -> None:
    """The phone's answer is good: the agent has taken it. Also after a restart that fell between."""
    leg.accepting = False
    if leg.gone or not calls.tell(OfferAccepted(OfferId(leg.record.offer)), calls.saved(leg)):
        calls.hang_up(leg)


def media_failed(calls: Calls, leg: Leg, code: str) -> None:
    """No offer for the phone, or its answer is of no use, or its sound is gone."""
    if leg.gone:
        return
    if leg.record.stage is LegStage.UP and not leg.accepting:
        calls.bye(leg)
        lost(calls, leg)
        return
    if leg.accepting and leg.won is not None and code in THEIRS:
        qualifying.lost(calls, PhoneId(leg.record.agent, leg.won.rung.phone))
    calls.bye(leg)
    _over(calls, leg, Meaning.UNREACHABLE)


# What the phone says


def silent(calls: Calls, leg: Leg, ringing: Ringing) -> None:
    """Which has given no sign is not there: it is at fault, not the agent, so the engine must know in time.

    It would otherwise take him for somebody who lets it ring.
    """
    calls.count("phone gives no sign")
    calls.layer.cancel(ringing.key, calls.now_ms)
    _ended(calls, leg, ringing, Meaning.UNREACHABLE)


def answered(calls: Calls, leg: Leg, out: ResponseReceived) -> None:
    """A response to an INVITE of an agent's leg."""
    ringing = leg.ringing.get(out.key)
    status = inviting.answered(calls, leg, out)
    if status is not None and ringing is not None:
        calls.count(f"phone answered {status}")
        if 300 <= status < 400 and diverting.followed(calls, leg, ringing, out.response):
            return
        if status >= 600:  # RFC 3261 §16.7 step 5: he means all of his phones
            inviting.stop(calls, leg)
        _ended(calls, leg, ringing, calls.settings.meanings.get(status, Meaning.UNREACHABLE))
    elif leg.ack_owed:
        calls.acknowledge(leg)


def timed_out(calls: Calls, leg: Leg, out: TimedOut) -> None:
    """No final response, and no sign since our CANCEL if there was one."""
    calls.count(f"phone timed out: {out.status}")
    ringing = leg.ringing.get(out.key)
    inviting.ended(calls, leg, out.key)
    if ringing is not None:
        _ended(calls, leg, ringing, Meaning.UNREACHABLE)


def _ended(calls: Calls, leg: Leg, ringing: Ringing, meaning: Meaning) -> None:
    """One of his phones does not take it; the others ring on."""
    if ringing.over or leg.gone or leg.record.stage is LegStage.UP:
        return
    ringing.over = True
    if meaning is Meaning.UNREACHABLE and not ringing.rung.phone:  # whom it diverts to; it is there itself
        meaning = Meaning.DO_NOT_DISTURB
    if meaning is Meaning.UNREACHABLE:
        qualifying.lost(calls, PhoneId(leg.record.agent, ringing.rung.phone))
    _means(calls, leg, meaning)


def _means(calls: Calls, leg: Leg, meaning: Meaning) -> None:
    """What one of those who are rung has said; the last one decides."""
    leg.results.append(meaning)
    waits = leg.elsewhere is not None and leg.elsewhere.waits
    if not waits and all(one.over for one in leg.ringing.values()):
        _over(calls, leg, max(leg.results, key=ORDER.__getitem__))


def _over(calls: Calls, leg: Leg, meaning: Meaning) -> None:
    """None of his phones takes it. Those that were given up may answer yet, and then the leg is forgotten."""
    offer, agent = OfferId(leg.record.offer), AgentId(leg.record.agent)
    inviting.stop(calls, leg)
    leg.gone = True
    waits = leg.ringing and leg.record.stage is LegStage.OPENING
    records = () if waits else (calls.forget(leg),)
    if meaning is Meaning.UNREACHABLE:
        qualifying.failed(calls, agent, told=calls.tell(OfferFailed(offer), *records))
        return
    reason = calls.settings.pauses.get(meaning, "")
    # The pause takes the offer back. Told the other way round, he were rung by the next one in between.
    if not (reason and calls.tell(AgentPaused(agent, reason), *records)):
        calls.tell(OfferRefused(offer), *records)


def hung_up(calls: Calls, leg: Leg) -> None:
    """BYE from the agent's phone."""
    contact, agent = ContactId(leg.record.contact), AgentId(leg.record.agent)
    calls.tell(ContactReleased(contact, agent), calls.forget(leg))


def lost(calls: Calls, leg: Leg) -> None:
    """The leg is dead though nobody hung up."""
    contact, agent = ContactId(leg.record.contact), AgentId(leg.record.agent)
    calls.tell(LegLost(contact, agent), calls.forget(leg))
