"""Hold: while one side does not want to hear the other, the other hears music."""

from acd.core.events import ContactHeld, ContactId, ContactResumed
from agents.skills import AgentId
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg


def note(calls: Calls, leg: Leg, held: bool) -> None:
    """The party of `leg` holds, or resumes; neither hears the other meanwhile."""
    if leg.gone:
        return
    leg.record.held = held
    calls.save(leg)
    call = leg.aside or leg.call
    calls.arrange(call)
    if _is_told(leg):
        event = ContactHeld if held else ContactResumed
        several = AgentId(leg.record.agent if len(call.others(leg)) > 1 else "")
        calls.tell(event(ContactId(leg.record.contact), not leg.is_caller, several))


def _is_told(leg: Leg) -> bool:
    """Not of who waits or is outside, but of both who talk, also while their agent is aside."""
    call = leg.call
    if leg.is_caller and (leg is not call.caller or call.asker is not None):
        return False
    asks = leg.aside is not None or any(agent.aside is not None for agent in call.agents.values())
    return asks or bool(call.others(leg))


def told(calls: Calls, *legs: Leg) -> None:
    """These have just been joined: who held before there was anybody to talk to, still does."""
    for leg in legs:
        if leg.record.held:
            note(calls, leg, True)
