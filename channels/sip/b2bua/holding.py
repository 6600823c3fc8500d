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
    others = call.others(leg)
    if not others:
        return
    music = leg.record.music if call.caller is None else call.caller.record.music
    calls.send(call.held(leg, calls.settings.sounds.music(music)))
    event = ContactHeld if held else ContactResumed
    of_several = AgentId(leg.record.agent if len(others) > 1 else "")
    calls.tell(event(ContactId(leg.record.contact), not leg.is_caller, of_several))


def told(calls: Calls, *legs: Leg) -> None:
    """These have just been joined: who held before there was anybody to talk to, still does."""
    for leg in legs:
        if leg.record.held:
            note(calls, leg, True)
