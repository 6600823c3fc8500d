"""Re-INVITEs without a description: we offer in the 200, and what counts is the answer in the ACK."""

import pytest

from acd.core.events import ContactHeld, ContactId, ContactResumed, LegLost
from agents.skills import AgentId
from channels.media.commands import LegId
from channels.media.negotiation import AudioSession
from channels.sip.b2bua.leg import Leg
from queues.desk import Order
from queues.states import ContactState
from tests.channels.sip.b2bua.asking import acknowledge, request_of
from tests.channels.sip.b2bua.live import Live
from tests.channels.sip.b2bua.world import DESK, Side

CONTACT, ANNA = ContactId(1), AgentId("anna")


@pytest.fixture
def live() -> Live:
    """A caller and an agent who talk."""
    live = Live(Order.AGENT_FIRST)
    live.invite()
    live.settle()
    live.phone_answers()
    live.settle()
    assert live.contacts[0].state is ContactState.CONNECTED
    acknowledges(live, caller(live), 1)
    return live


def side_of(live: Live, leg: Leg) -> Side:
    return live.caller if leg.is_caller else live.phone


def agent(live: Live) -> Leg:
    return live.calls.legs[LegId("o1")]


def caller(live: Live) -> Leg:
    return live.calls.legs[live.caller_leg]


def asks_for_our_offer(live: Live, leg: Leg) -> int:
    """A re-INVITE without a body; its number."""
    assert leg.record.dialog is not None
    number = (leg.record.dialog.remote_cseq or 0) + 1
    contact = "Contact", f"<sip:peer@{side_of(live, leg).address.host}>"
    side_of(live, leg).layer.send_request(request_of(leg, "INVITE", number, contact), DESK, live.now_ms)
    live.settle()
    assert side_of(live, leg).responses[-1].status == 200
    return number


def acknowledges(live: Live, leg: Leg, number: int, direction: str = "") -> None:
    """The ACK with an answer of this direction, or without any."""
    side = side_of(live, leg)
    body = b""
    if direction:
        offered = side.responses[-1].body
        body = AudioSession(1, side.address.host, 40_000).answer(offered)
        body = body.replace(b"sendrecv", direction.encode())
    acknowledge(side, leg, number, body)
    live.settle()


def late(live: Live, leg: Leg, direction: str) -> None:
    acknowledges(live, leg, asks_for_our_offer(live, leg), direction)


def holds(live: Live) -> list[object]:
    return [event for event in live.host.events if isinstance(event, ContactHeld | ContactResumed)]


@pytest.mark.parametrize("by_agent", [True, False])
@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_who_holds_and_resumes_in_the_answer_of_an_ack_is_held_and_resumed(
    live: Live, by_agent: bool, direction: str
) -> None:
    leg, other = (agent(live), caller(live)) if by_agent else (caller(live), agent(live))
    late(live, leg, direction)
    assert [type(event) for event in holds(live)] == [ContactHeld]
    assert live.heard()[other.id] == "music"
    late(live, leg, "sendrecv")
    assert [type(event) for event in holds(live)] == [ContactHeld, ContactResumed]
    assert live.heard() == {leg.id: "others", other.id: "others"}


def test_until_the_answer_comes_nothing_changes(live: Live) -> None:
    late(live, agent(live), "sendonly")
    asks_for_our_offer(live, agent(live))
    assert len(holds(live)) == 1


def test_a_killed_server_takes_the_answer_to_the_offer_of_the_one_before(live: Live) -> None:
    late(live, agent(live), "sendonly")
    number = asks_for_our_offer(live, agent(live))
    live.restart()
    acknowledges(live, agent(live), number, "sendrecv")
    assert isinstance(holds(live)[-1], ContactResumed)
    assert set(live.heard().values()) == {"others"}


def test_an_agent_s_phone_that_does_not_answer_our_offer_is_lost_and_its_caller_waits_on(live: Live) -> None:
    waiting_since = live.contacts[0].arrived_ms
    acknowledges(live, agent(live), asks_for_our_offer(live, agent(live)))
    assert [new.request.method for new in live.phone.requests[:2]] == ["INVITE", "BYE"]
    assert live.host.events[-1] == LegLost(CONTACT, ANNA)
    assert "BYE" not in [new.request.method for new in live.caller.requests]
    (contact,) = live.contacts
    assert (contact.state, contact.arrived_ms) == (ContactState.OFFERED, waiting_since)
    assert live.heard()[live.caller_leg] == "music"


def test_a_caller_who_does_not_answer_our_offer_is_lost_and_his_agent_free(live: Live) -> None:
    acknowledges(live, caller(live), asks_for_our_offer(live, caller(live)))
    assert [new.request.method for new in live.caller.requests] == ["BYE"]
    assert [new.request.method for new in live.phone.requests] == ["INVITE", "BYE"]
    assert live.calls.legs == {}


@pytest.mark.parametrize("by_agent", [True, False])
def test_who_never_acknowledges_a_new_session_is_lost_after_64_t1(live: Live, by_agent: bool) -> None:
    """RFC 3261 §14.2. Our offer would wait for its answer for ever, and refuse all others."""
    leg = agent(live) if by_agent else caller(live)
    asks_for_our_offer(live, leg)
    live.wait(31_000)
    assert leg.id in live.calls.legs
    live.wait(2_000)
    assert leg.id not in live.calls.legs
    lost = [event for event in live.host.events if isinstance(event, LegLost)]
    assert lost == [LegLost(CONTACT, ANNA if by_agent else None)]


def test_an_ack_of_an_earlier_request_answers_nothing(live: Live) -> None:
    """UDP may deliver it after the 200 to the next one: it is no empty answer to that."""
    leg = agent(live)
    first, second = asks_for_our_offer(live, leg), asks_for_our_offer(live, leg)
    acknowledges(live, leg, first)
    assert (holds(live), leg.id in live.calls.legs) == ([], True)
    acknowledges(live, leg, second, "sendonly")
    assert [type(event) for event in holds(live)] == [ContactHeld]
