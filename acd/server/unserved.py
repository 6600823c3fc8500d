"""What a channel that is not configured any more leaves behind: told to the engine at start, step by step.

Its contacts go first, then its devices, so that nobody is rung for a caller who is not there.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from acd.core.events import AgentUnreachable, CallFailed, Event, LegLost
from acd.core.state import State
from agents.states import IN_HAND

Served = Collection[str]
"""Names of the channels that are there."""


def _contacts(state: State, served: Served) -> Iterator[Event]:
    """A party's leg is dead without its channel; a mail needs none and stays, and so does who is parked."""
    for contact in state.contacts.values():
        by_leg = state.media[contact.medium].keeps_leg or contact.reception is not None
        if by_leg and not contact.parked and contact.carrier.channel not in served:
            yield LegLost(contact.id)


def _devices(state: State, served: Served) -> Iterator[Event]:
    for seat in state.seats.values():
        for device in seat.record.devices:
            if device.carrier.channel not in served:
                for medium in device.media:
                    yield AgentUnreachable(seat.record.id, medium, device.carrier)


def _conversations(state: State, served: Served) -> Iterator[Event]:
    """What an agent had in hand on such a device, and could not be put aside with it."""
    for work in state.works.values():
        if work.carrier.channel not in served and work.state in IN_HAND:
            yield LegLost(work.contact, work.agent)


def _calls(state: State, served: Served) -> Iterator[Event]:
    for call in state.calls.values():
        if call.channel and call.channel not in served:
            yield CallFailed(call.id, "failed")


STEPS: Sequence[Callable[[State, Served], Iterator[Event]]] = (_contacts, _devices, _conversations, _calls)
"""Each looks at the state that the events of the one before have left."""
