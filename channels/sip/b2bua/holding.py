"""Hold: while one side does not want to hear the other, the other hears music."""

from acd.core.events import ContactHeld, ContactId, ContactResumed
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg


def note(calls: Calls, leg: Leg, held: bool) -> None:
    """The party of `leg` holds, or resumes; neither hears the other meanwhile."""
    if leg.gone:
        return
    leg.record.held = held
    calls.save(leg)
    caller = leg.call.caller
    if caller is None or leg.call.partner(leg) is None:
        return
    calls.send(leg.call.held(leg, calls.settings.sounds.music(caller.record.music)))
    event = ContactHeld if held else ContactResumed
    calls.tell(event(ContactId(leg.record.contact), not leg.is_caller))


def told(calls: Calls, *legs: Leg) -> None:
    """These have just been joined: who held before there was anybody to talk to, still does."""
    for leg in legs:
        if leg.record.held:
            note(calls, leg, True)
