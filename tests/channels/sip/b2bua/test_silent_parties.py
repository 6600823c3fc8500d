"""Parties of whom nothing is heard: muted ones stay, those who have gone do not."""

import pytest

from acd.core.events import ContactId, ContactReleased, LegLost
from agents.skills import AgentId
from channels.media import events as media
from channels.media.commands import LegId
from queues.desk import Order
from queues.states import ContactState
from tests.channels.sip.b2bua.asking import acknowledge
from tests.channels.sip.b2bua.live import Live
from tests.channels.sip.b2bua.world import CALLER, Side

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
def live() -> Live:
    """A caller who waits, since no phone is there."""
    live = Live(Order.AGENT_FIRST)
    live.registered = False
    live.invite()
    live.settle()
    acknowledge(live.caller, live.calls.legs[live.caller_leg], 1)
    live.settle()
    return live


def silent(live: Live, ms: int, leg: str = "") -> None:
    """The media tell it."""
    live.media.tell(media.Silent(LegId(leg or live.caller_leg), ms))
    live.settle()


def probes(live: Live) -> list[str]:
    return [new.request.method for new in live.caller.requests]


def answers(side: Side, live: Live, status: int = 200) -> None:
    side.layer.reply(side.requests[-1].key, status, live.now_ms)
    live.settle()


def test_a_muted_caller_is_asked_each_time_and_waits_on(live: Live) -> None:
    for minutes in range(1, 59):
        silent(live, minutes * MINUTE)
        assert probes(live) == ["OPTIONS"] * minutes
        answers(live.caller, live)
    assert live.contacts[0].state is ContactState.WAITING


@pytest.mark.parametrize("status", [481, 408, None])
def test_one_who_has_gone_after_the_first_question_is_lost_by_the_second(
    live: Live, status: int | None
) -> None:
    silent(live, MINUTE)
    answers(live.caller, live)
    silent(live, 2 * MINUTE)
    if status is None:
        live.deaf.add(CALLER)
        live.wait(33_000)
    else:
        answers(live.caller, live, status)
    assert LegLost in [type(event) for event in live.host.events]
    assert (live.contacts, live.calls.legs) == ([], {})


def test_one_question_at_a_time(live: Live) -> None:
    silent(live, MINUTE)
    silent(live, 2 * MINUTE)
    assert probes(live) == ["OPTIONS"]


def test_who_waits_without_a_sound_for_the_limit_is_hung_up_whatever_his_side_answers(live: Live) -> None:
    silent(live, HOUR - MINUTE)
    answers(live.caller, live)
    silent(live, HOUR)
    assert probes(live) == ["OPTIONS", "BYE"]
    assert isinstance(live.host.events[-1], LegLost)
    assert (live.contacts, live.calls.legs) == ([], {})


def test_of_a_conversation_its_agent_knows_better() -> None:
    """Who listens for an hour, and an agent who is muted, are asked only."""
    live = Live(Order.AGENT_FIRST)
    live.invite()
    live.settle()
    live.phone_answers()
    live.settle()
    acknowledge(live.caller, live.calls.legs[live.caller_leg], 1)
    for leg, side in ((live.caller_leg, live.caller), (LegId("o1"), live.phone)):
        silent(live, HOUR, leg)
        assert side.requests[-1].request.method == "OPTIONS"
        answers(side, live)
    assert live.contacts[0].state is ContactState.CONNECTED


def test_when_an_agent_is_rung_for_a_silent_caller_he_is_asked_at_once(live: Live) -> None:
    silent(live, MINUTE)
    answers(live.caller, live)
    live.registered = True
    live.wait(30_000)
    live.offer(77)
    assert probes(live) == ["OPTIONS", "OPTIONS"]
    answers(live.caller, live)
    live.wait(90_000)
    live.offer(78)
    assert probes(live) == ["OPTIONS", "OPTIONS"], "he has been heard since"


def killed_while_talking(silent: bool) -> Live:
    """A caller and anna talk; the server is killed, and anna's phone answers the next one."""
    live = Live(Order.AGENT_FIRST)
    live.invite()
    live.settle()
    live.phone_answers()
    live.settle()
    acknowledge(live.caller, live.calls.legs[live.caller_leg], 1)
    live.settle()
    live.media.fallen_silent = frozenset({LegId("o1")} if silent else ())
    live.restart()
    assert [new.request.method for new in live.phone.requests] == ["INVITE", "OPTIONS"]
    answers(live.caller, live)
    return live


def test_an_agent_who_hung_up_while_there_was_no_server_has_ended_his_call() -> None:
    """His caller, who has said good-bye, is not rung through to the next one."""
    live = killed_while_talking(silent=True)
    answers(live.phone, live, 481)
    assert ContactReleased(ContactId(1), AgentId("anna")) in live.host.events
    assert probes(live) == ["OPTIONS", "BYE"]
    assert (live.contacts, live.calls.legs) == ([], {})


@pytest.mark.parametrize(("silent", "status"), [(False, 481), (True, 408)])
def test_an_agent_whose_phone_has_lost_the_call_is_replaced(silent: bool, status: int) -> None:
    """It still sends, or is not reached at all: his caller waits on, before all who came after him."""
    live = killed_while_talking(silent)
    came_ms = live.contacts[0].arrived_ms
    answers(live.phone, live, status)
    assert LegLost(ContactId(1), AgentId("anna")) in live.host.events
    assert probes(live) == ["OPTIONS"]
    assert (live.contacts[0].state, live.contacts[0].arrived_ms) == (ContactState.OFFERED, came_ms)
