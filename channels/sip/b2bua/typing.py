"""What a caller types: a string of keys, which may be personal data and so is content, first of all."""

from acd.core.effects import TreatContact
from acd.core.events import DigitsCollected
from acd.core.steps import NEXT_KEY_MS
from acd.core.treatments import LONGEST_TEXT_MS
from channels.media.commands import Collect
from channels.sip.b2bua.calls import Calls, Typed
from channels.sip.b2bua.leg import Leg

WHILE_TOLD_MS = LONGEST_TEXT_MS
"""As long as a text lasts nobody has to press anything."""


def collect(calls: Calls, leg: Leg, ordered: TreatContact, name: str, first_ms: int) -> None:
    """Wait so long for the first key from now on, unless there is one already."""
    calls.media.send(Collect(leg.id, name, ordered.hears.collects, first_ms, NEXT_KEY_MS))


def typed(calls: Calls, leg: Leg, ordered: TreatContact, digits: str) -> None:
    """It is over."""
    if digits:
        of = ordered.contact, ordered.visit, leg.id, ordered.tenant
        calls.leave_to_others(Typed(*of, digits))
    else:
        calls.tell(DigitsCollected(ordered.contact, ordered.visit))
