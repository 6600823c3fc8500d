"""The agent's leg: rung by an offer, joined with the caller, ended."""

from acd.core.effects import (
    ConnectContact,
    OfferContact,
    PromptAgent,
    ReleaseAgent,
    StepAside,
    WithdrawOffer,
)
from acd.core.events import (
    ContactId,
    ContactReleased,
    LegLost,
    OfferAccepted,
    OfferFailed,
    OfferId,
    OfferRefused,
)
from acd.ports import ChannelRecord
from agents.skills import AgentId
from channels.media.commands import Leave, LegId, Play
from channels.sip.b2bua import holding, inviting, qualifying, speaking
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg, LegRecord, LegStage
from channels.sip.protocol.message import Header
from channels.sip.protocol.outputs import ResponseReceived
from queues.treatment import Phrase

REFUSALS = frozenset({486, 600, 603})
"""Busy and decline: the agent said no. Any other failure means that he was not reached."""

THEIRS = frozenset({"bad-sdp", "not-acceptable", "bad-address", "multicast"})
"""What the media say of a phone's answer that is of no use; all else is our own trouble."""

ELSEWHERE: Header = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')


# What the engine says


def ring(calls: Calls, effect: OfferContact) -> None:
    """INVITE the phone, as soon as the media have an offer for it. A repetition is the same INVITE."""
    if calls.agent_of(effect.offer) is not None:
        return
    where = calls.phones.where(effect.agent)
    if where is None:
        calls.tell(OfferFailed(effect.offer))
        return
    uri, destination = where
    record = LegRecord(LegId(f"o{effect.offer}"), effect.agent, effect.contact, effect.offer)
    record.host, record.port = destination.host, destination.port
    call = calls.call_of(effect.contact)
    leg = calls.add(Leg(record, call))
    leg.uri = uri
    calls.negotiate(leg, b"", like=call.caller)


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


def withdrawn(calls: Calls, effect: WithdrawOffer) -> None:
    """Stop ringing: CANCEL, or BYE when the phone was quicker. The final answer closes the leg."""
    leg = calls.agent_of(effect.offer)
    if leg is None:
        return
    if leg.record.stage is LegStage.UP:
        calls.hang_up(leg)
    else:
        inviting.cancel(calls, leg, [ELSEWHERE] if effect.cause == "answered elsewhere" else ())


def released(calls: Calls, effect: ReleaseAgent) -> None:
    """The engine took the contact away from the agent, who may be off it already."""
    leg = calls.agent_of(effect.offer)
    if leg is not None and leg.record.stage is LegStage.UP and not leg.accepting:
        calls.hang_up(leg)


# What the media say


def described(calls: Calls, leg: Leg, sdp: bytes) -> None:
    """Our offer for the phone: the INVITE can go."""
    if leg.gone or not leg.uri:
        return
    record, caller = leg.record, leg.call.caller or leg.call.asker
    realm = calls.settings.realm
    record.show_as = caller.record.show_as if caller else f"<sip:anonymous@{realm}>"
    to = f"<sip:{calls.phones.user_of(record.agent)}@{realm}>"
    inviting.invite(calls, leg, record.show_as, to, sdp, ("X-ACD-Contact", str(record.contact)))


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
    elif leg.our_invite is None or leg.accepting:
        calls.bye(leg)
        _not_reached(calls, leg, calls.forget(leg), at_fault=code in THEIRS)
    else:
        _not_reached(calls, leg, at_fault=False)
        inviting.cancel(calls, leg)


# What the phone says


def silent(calls: Calls, leg: Leg) -> None:
    """Who has given no sign is not there: his phone is at fault, not he, so the engine must know in time.

    It would otherwise take him for somebody who lets it ring.
    """
    calls.count("phone gives no sign")
    _not_reached(calls, leg)
    inviting.cancel(calls, leg)


def answered(calls: Calls, leg: Leg, out: ResponseReceived) -> None:
    """A response to the INVITE of an agent's leg."""
    status = inviting.answered(calls, leg, out)
    if status is not None:
        _not_taken(calls, leg, status)
    elif leg.ack_owed:
        calls.acknowledge(leg)


def _not_taken(calls: Calls, leg: Leg, status: int) -> None:
    calls.count(f"phone answered {status}")
    if status in REFUSALS:
        calls.tell(OfferRefused(OfferId(leg.record.offer)), calls.forget(leg))
    else:
        failed(calls, leg)


def failed(calls: Calls, leg: Leg) -> None:
    """The agent was not reached."""
    _not_reached(calls, leg, calls.forget(leg))


def _not_reached(calls: Calls, leg: Leg, *records: ChannelRecord, at_fault: bool = True) -> None:
    """The engine counts on the phone no more; `at_fault`: before it has been asked whether it is there."""
    if calls.tell(OfferFailed(OfferId(leg.record.offer)), *records):
        (qualifying.failed if at_fault else qualifying.untried)(calls, leg.record.agent)


def hung_up(calls: Calls, leg: Leg) -> None:
    """BYE from the agent's phone."""
    contact, agent = ContactId(leg.record.contact), AgentId(leg.record.agent)
    calls.tell(ContactReleased(contact, agent), calls.forget(leg))


def lost(calls: Calls, leg: Leg) -> None:
    """The leg is dead though nobody hung up."""
    contact, agent = ContactId(leg.record.contact), AgentId(leg.record.agent)
    calls.tell(LegLost(contact, agent), calls.forget(leg))
