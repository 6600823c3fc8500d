"""Who takes part in a contact, and who of them may hear whom: a function of its state and nothing else.

An agent's participant is his work; there is no second record of it. Channels and their media do what comes
of it; a test folds their commands and compares.
"""

from enum import StrEnum
from typing import NamedTuple

from acd.core.state import State
from agents.devices import Carrier
from agents.states import IN_HAND, WorkState
from queues.contact import Contact
from queues.states import ContactState


class Role(StrEnum):
    PARTY = "party"
    """Who called, or was called back."""
    AGENT = "agent"


class Sound(StrEnum):
    """What somebody on the line hears."""

    NOTHING = "nothing"
    """He is being rung; or he holds, and does not want to hear."""
    MUSIC = "music"
    """Also a text."""
    OTHERS = "others"
    """The others who hear the others."""
    MESSAGE = "message"
    """What the party has left for whoever takes it."""


class Participant(NamedTuple):
    role: Role
    carrier: Carrier
    offer: int
    """By which an agent got it; 0: the party."""
    hears: Sound


def participants(state: State, contact: Contact) -> list[Participant]:
    """Everybody who has a leg or device for it; of a parked contact that is its agent, if it has one."""
    works = [state.works[number] for number in contact.offers]
    talks = next((work for work in works if work.state in IN_HAND), None)
    connected = contact.state is ContactState.CONNECTED
    found = []
    if not contact.parked:
        hears = Sound.MUSIC
        if connected and talks:
            hears = _sound(talks.agent_holds, talks.party_holds)
        found.append(Participant(Role.PARTY, contact.carrier, 0, hears))
    for work in works:
        if work.state is WorkState.RESERVED:
            continue
        hears = Sound.NOTHING
        if work is talks and contact.to_be_heard:
            hears = Sound.NOTHING if work.agent_holds else Sound.MESSAGE
        elif work is talks:
            hears = _sound(work.party_holds, work.agent_holds) if connected else Sound.MUSIC
        found.append(Participant(Role.AGENT, work.carrier, work.id, hears))
    return found


def _sound(other_holds: bool, holds: bool) -> Sound:
    """What one of two hears."""
    if other_holds:
        return Sound.MUSIC
    return Sound.NOTHING if holds else Sound.OTHERS
