"""Consults over SIP, with the engine behind them: who hears whom, by the media's commands alone."""

import pytest

from acd.core.events import (
    AgentPrompted,
    ConsultEnded,
    ConsultMerged,
    ConsultStarted,
    ContactId,
    Event,
    Listening,
    ListenStarted,
)
from acd.core.participants import Sound
from agents.skills import AgentId
from channels.media.commands import Close, Join, LegId, Play
from channels.sip.b2bua import holding
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


def talking(order: Order = Order.AGENT_FIRST) -> Live:
    """A caller and the first agent; the other one is free."""
    live = Live(order)
    live.invite()
    live.settle()
    live.phone_answers()
    live.settle()
    return live


def asks_outside(live: Live) -> str:
    """Somebody outside has answered; the name of his leg."""
    happens(live, ConsultStarted(CALL, asker(live), party="party-1", dial_class="local"))
    live.party_answers()
    live.settle()
    (leg,) = [leg.id for leg in live.up() if leg.is_placed]
    assert rooms(live) == {frozenset(("o1", leg))}
    return str(leg)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("stays", [False, True])
def test_somebody_outside_talks_with_the_caller_from_then_on(stays: bool, killed: bool) -> None:
    live = talking()
    leg = asks_outside(live)
    happens(live, ConsultMerged(CALL, asker(live), stays))
    if killed:
        live.restart()
    together = {live.caller_leg, leg, "o1"} if stays else {live.caller_leg, leg}
    assert rooms(live) == {frozenset(together)}
    assert live.heard() == live.ought()
    assert {call.contact for call in live.calls.by_contact.values()} == {CALL}, (
        "nothing is left of the consult"
    )
    says_bye(live, leg)
    assert bool(live.contacts) is stays


def test_hanging_up_hands_the_caller_to_somebody_outside() -> None:
    live = talking()
    leg = asks_outside(live)
    says_bye(live, "o1")
    assert rooms(live) == {frozenset((live.caller_leg, leg))}


def listens(live: Live, how: Listening = "listen") -> None:
    other = next(name for name in ("anna", "bert") if name != asker(live))
    happens(live, ListenStarted(CALL, AgentId(other), how))
    if "o2" not in {leg.id for leg in live.up()}:
        live.phone_answers()
        live.settle()


@pytest.mark.parametrize("by", ["agent", "caller"])
@pytest.mark.parametrize("first", ["hold", "listen"])
def test_a_hold_with_a_listener_who_leaves_before_it_ends(by: str, first: str) -> None:
    live = talking()
    name = "o1" if by == "agent" else live.caller_leg
    if first == "listen":
        listens(live)
    holds(live, name, held=True)
    if first == "hold":
        listens(live)
    other = live.caller_leg if by == "agent" else "o1"
    assert live.heard()[other] is Sound.MUSIC, "a silent listener is no company"
    says_bye(live, "o2")
    holds(live, name, held=False)
    assert rooms(live) == {frozenset((live.caller_leg, "o1"))}
    assert live.heard() == live.ought()


def holds(live: Live, name: str, *, held: bool) -> None:
    """As the media tell it after a re-INVITE."""
    holding.note(live.calls, live.calls.legs[LegId(name)], held)
    live.settle()


@pytest.mark.parametrize("how", ["listen", "whisper", "barge"])
def test_who_listens_while_the_agent_asks_takes_the_caller_out_of_nothing(how: Listening) -> None:
    live = talking()
    leg = asks_outside(live)
    listens(live, how)
    assert live.heard()[live.caller_leg] is Sound.MUSIC
    live.restart()
    assert live.heard()[live.caller_leg] is Sound.MUSIC
    assert rooms(live) == {frozenset(("o1", leg))}
    happens(live, ConsultEnded(CALL, asker(live)))
    assert {live.caller_leg, "o1"} <= set().union(*rooms(live))
    assert live.heard() == live.ought()


@pytest.mark.parametrize("stays", [False, True])
def test_who_is_asked_hangs_up_in_the_instant_of_the_merge(stays: bool) -> None:
    live = consulting()
    live.phone_answers()
    live.settle()
    live.host.submit(ConsultMerged(CALL, asker(live), stays))
    says_bye(live, "o2")  # before any effect of it was carried out
    assert not [w for w in live.host.engine.state.works.values() if w.id == 2], "nobody is there any more"
    assert live.heard().items() <= live.ought().items()


@pytest.mark.parametrize("stays", [False, True])
def test_somebody_outside_hangs_up_in_the_instant_of_the_merge(stays: bool) -> None:
    live = talking()
    leg = asks_outside(live)
    live.host.submit(ConsultMerged(CALL, asker(live), stays))
    says_bye(live, leg)
    ups = {one.id for one in live.up()}
    assert ups == ({live.caller_leg, "o1"} if stays else set()), "it is not the caller who has gone"
    assert bool(live.contacts) is stays


def test_a_hold_that_ends_while_he_asks_ends_in_the_figures() -> None:
    live = talking()
    holds(live, "o1", held=True)
    happens(live, ConsultStarted(CALL, asker(live), LineId("help")))
    holds(live, "o1", held=False)
    live.phone_answers()
    live.settle()
    happens(live, ConsultEnded(CALL, asker(live)))
    (work,) = [one for one in live.host.engine.state.works.values() if one.contact == CALL]
    assert not work.agent_holds
