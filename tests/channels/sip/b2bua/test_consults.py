"""Consults over SIP, with the engine behind them: who hears whom, by the media's commands alone."""

import pytest

from acd.core.events import (
    AgentPrompted,
    ConsultEnded,
    ConsultMerged,
    ConsultStarted,
    ContactId,
    Event,
)
from acd.core.participants import Sound
from agents.skills import AgentId
from channels.media.commands import Close, Join, LegId, Play
from queues.desk import LineId, Order
from queues.states import ContactState
from tests.channels.sip.b2bua.asking import request_of
from tests.channels.sip.b2bua.live import Live
from tests.channels.sip.b2bua.world import DESK

CALL, ASKED = ContactId(1), ContactId(2)
ANNA = AgentId("anna")


def consulting() -> Live:
    """Anna talks with a caller, and asks Bert."""
    live = Live(Order.AGENT_FIRST)
    live.invite()
    live.settle()
    live.phone_answers()
    live.settle()
    (contact,) = live.contacts
    assert contact.state is ContactState.CONNECTED
    happens(live, ConsultStarted(CALL, live.host.engine.state.works[contact.offers[0]].agent, LineId("help")))
    return live


def happens(live: Live, event: Event) -> None:
    live.host.submit(event)
    live.settle()


def asker(live: Live) -> AgentId:
    state = live.host.engine.state
    return state.works[state.contacts[CALL].offers[0]].agent


def says_bye(live: Live, name: str) -> None:
    leg = live.calls.legs[LegId(name)]
    dialog, side = leg.record.dialog, live.caller if leg.is_caller else live.phone
    assert dialog is not None
    side.layer.send_request(request_of(leg, "BYE", (dialog.remote_cseq or 0) + 1), DESK, live.now_ms)
    live.settle()


def rooms(live: Live) -> set[frozenset[str]]:
    return {frozenset((leg, *mates)) for leg, mates in live.room_mates().items() if mates}


def test_caller_and_agent_hear_music_until_who_is_asked_is_there() -> None:
    live = consulting()
    caller = live.caller_leg
    assert live.heard() == {caller: Sound.MUSIC, "o1": Sound.MUSIC}
    assert live.heard().items() <= live.ought().items()
    live.phone_answers()
    live.settle()
    assert rooms(live) == {frozenset(("o1", "o2"))}
    assert live.heard() == live.ought() == {caller: Sound.MUSIC, "o1": Sound.OTHERS, "o2": Sound.OTHERS}


def test_the_caller_is_handed_over() -> None:
    live = consulting()
    live.phone_answers()
    live.settle()
    happens(live, ConsultMerged(CALL, asker(live)))
    assert rooms(live) == {frozenset((live.caller_leg, "o2"))}
    assert Close(LegId("o1")) in live.media.commands, "who asked is off the line"
    assert live.heard() == live.ought()


def test_who_asked_is_back() -> None:
    live = consulting()
    live.phone_answers()
    live.settle()
    happens(live, ConsultEnded(CALL, asker(live)))
    assert rooms(live) == {frozenset((live.caller_leg, "o1"))}
    assert live.heard() == live.ought()


@pytest.mark.parametrize("answered", [False, True])
def test_killed_in_the_middle_everybody_is_where_he_was(answered: bool) -> None:
    live = consulting()
    if answered:
        live.phone_answers()
        live.settle()
    live.restart()
    assert live.heard().items() <= live.ought().items()
    if not answered:
        live.phone_answers()
        live.settle()
    assert rooms(live) == {frozenset(("o1", "o2"))}
    happens(live, ConsultMerged(CALL, asker(live)))
    live.restart()
    assert rooms(live) == {frozenset((live.caller_leg, "o2"))}
    assert live.heard() == live.ought()


def test_the_phone_of_who_asks_hangs_up_and_that_hands_over() -> None:
    live = consulting()
    live.phone_answers()
    live.settle()
    says_bye(live, "o1")
    assert rooms(live) == {frozenset((live.caller_leg, "o2"))}
    assert live.heard() == live.ought()


def test_the_phone_of_who_is_asked_hangs_up_and_who_asks_is_back() -> None:
    live = consulting()
    live.phone_answers()
    live.settle()
    says_bye(live, "o2")
    assert rooms(live) == {frozenset((live.caller_leg, "o1"))}


def test_the_caller_hangs_up_and_nobody_is_left() -> None:
    live = consulting()
    live.phone_answers()
    live.settle()
    says_bye(live, live.caller_leg)
    assert live.up() == []
    assert live.contacts == []
    assert not live.calls.by_contact


def test_a_text_for_the_agent_hides_the_room_from_him_and_nothing_from_the_caller() -> None:
    live = consulting()
    live.phone_answers()
    live.settle()
    happens(live, ConsultEnded(CALL, asker(live)))
    live.media.commands.clear()
    happens(live, AgentPrompted(CALL, asker(live), "long"))
    (text,) = live.media.sent(Play, Join)
    assert isinstance(text, Play)
    assert (text.leg, text.loop, bool(text.play)) == ("o1", None, True)
