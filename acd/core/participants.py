"""Who takes part in a contact, and who of them may hear whom: a function of its state and nothing else.

An agent's participant is his work; there is no second record of it. Channels and their media do what comes
of it; a test folds their commands and compares.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from acd.core.state import State
from agents.devices import NOWHERE, Carrier
from agents.roster import Work
from agents.states import IN_HAND, LISTENERS, Role, WorkState
from queues.contact import Contact
from queues.states import ContactState


class Part(StrEnum):
    PARTY = "party"
    """Who called, or was called back."""
    OUTSIDE = "outside"
    """Somebody outside whom an agent consulted."""
    AGENT = "agent"
    """Also whoever is consulted, or a member of a conference."""
    LISTENER = "listener"


class Audience(StrEnum):
    """By whom somebody is heard."""

    EVERYBODY = "everybody"
    AGENTS = "agents"
    NOBODY = "nobody"
    """He holds, is rung, is aside, waits, or listens only."""


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
    part: Part
    carrier: Carrier
    offer: int
    """By which an agent got it; 0: the party, or somebody outside."""
    heard_by: Audience
    hears: Sound


_AUDIENCE = {
    Role.LISTENING: Audience.NOBODY,
    Role.WHISPERING: Audience.AGENTS,
    Role.CONSULTING: Audience.NOBODY,
}


def participants(state: State, contact: Contact) -> list[Participant]:
    """Everybody who has a leg or device for it; of a parked contact that is its agent, if it has one.

    An agent who consults takes part in the consult only; meanwhile nobody else talks.
    """
    works = [state.works[number] for number in (*contact.offers, *contact.guests)]
    on_the_line = contact.state is ContactState.CONNECTED and not contact.consult
    his = next((work for work in works if work.id in contact.offers and work.state in IN_HAND), None)
    found = []
    if contact.carrier != NOWHERE:
        part = Part.OUTSIDE if contact.consults else Part.PARTY
        holds = his is not None and his.party_holds
        found.append(_person(part, contact.carrier, on_the_line, holds))
    found.extend(_person(Part.OUTSIDE, carrier, on_the_line, holds=False) for carrier in contact.outside)
    if contact.consults:
        asker = state.works[contact.asker]
        found.append(_agent(asker, Audience.EVERYBODY if on_the_line else Audience.NOBODY))
    for work in works:
        if work.state is not WorkState.RESERVED and work.role is not Role.CONSULTING:
            usual = _AUDIENCE.get(work.role, Audience.EVERYBODY)
            found.append(_agent(work, usual if on_the_line else Audience.NOBODY))
    rung = {work.id for work in works if work.state is WorkState.RINGING}
    alone = Sound.MESSAGE if on_the_line and contact.to_be_heard else Sound.MUSIC
    told = [one if one.offer in rung else one._replace(hears=_hears(one, found, alone)) for one in found]
    return [one if one.offer in rung else _overhears(one, told) for one in told]


def _person(part: Part, carrier: Carrier, on_the_line: bool, holds: bool) -> Participant:
    heard_by = Audience.EVERYBODY if on_the_line and not holds else Audience.NOBODY
    return Participant(part, carrier, 0, heard_by, Sound.NOTHING if holds else Sound.OTHERS)


def _agent(work: Work, audience: Audience) -> Participant:
    """Until the others are known: NOTHING for who does not want to hear, or is not there yet."""
    part = Part.LISTENER if work.role in LISTENERS else Part.AGENT
    if work.agent_holds or work.state is WorkState.RINGING:
        return Participant(part, work.carrier, work.id, Audience.NOBODY, Sound.NOTHING)
    return Participant(part, work.carrier, work.id, audience, Sound.OTHERS)


def _overhears(one: Participant, told: list[Participant]) -> Participant:
    """Who listens hears a talk, if there is one; else music."""
    talk = any(other.hears is Sound.OTHERS for other in told if other.part is not Part.LISTENER)
    return one if one.part is not Part.LISTENER or talk else one._replace(hears=Sound.MUSIC)


def _hears(one: Participant, everybody: list[Participant], alone: Sound) -> Sound:
    """`alone`: what who does not hold hears while nobody talks to him."""
    if alone is Sound.MESSAGE:
        return Sound.NOTHING if one.hears is Sound.NOTHING else alone
    return one.hears if any(hears(one, other) for other in everybody) else alone


def hears(one: Participant, other: Participant) -> bool:
    """Whether somebody may hear another of the same contact, if he wants to hear at all."""
    if one is other or other.heard_by is Audience.NOBODY:
        return False
    return other.heard_by is Audience.EVERYBODY or one.part in (Part.AGENT, Part.LISTENER)


def matrix(found: Iterable[Participant]) -> set[tuple[Carrier, Carrier]]:
    """Who hears whom, as (hearer, speaker)."""
    all_of_them = list(found)
    return {
        (one.carrier, other.carrier)
        for one in all_of_them
        for other in all_of_them
        if one.hears is Sound.OTHERS and hears(one, other)
    }
