"""Calls as they go every day: every test says how the caller, the phone and the history see one."""

import pytest

from tests.acceptance import scenario as s
from tests.acceptance.desk import Desk, until
from tests.acceptance.sipp import Sipp


def test_a_caller_is_answered_and_hangs_up(shared_desk: Desk, sipp: Sipp) -> None:
    agent = sipp.phone(shared_desk, "answered.1", s.phone(s.TALK))
    caller = sipp.call(shared_desk, "answered", s.calls(s.pause(400), s.hang_up())).succeeds()
    agent.succeeds()
    assert shared_desk.story("answered") == ["Arrived", "Queued", "Offered", "Answered", "Released"]
    assert shared_desk.fact("answered", "Released")["by"] == "caller"
    assert len(caller.received("SIP/2.0 200", "INVITE")) == 1
    assert len(agent.received("INVITE")) == len(agent.received("ACK")) == len(agent.received("BYE")) == 1


def test_the_agent_hangs_up_and_the_caller_gets_a_bye(shared_desk: Desk, sipp: Sipp) -> None:
    ends = [s.RINGS, s.picks_up(), s.pause(300), s.phone_sends("BYE", 1), s.recv(200)]
    agent = sipp.phone(shared_desk, "agent-ends.1", s.phone(ends))
    caller = sipp.call(shared_desk, "agent-ends", s.calls(s.HUNG_UP)).succeeds()
    agent.succeeds()
    assert shared_desk.story("agent-ends") == ["Arrived", "Queued", "Offered", "Answered", "Released"]
    assert shared_desk.fact("agent-ends", "Released")["by"] == "agent"
    assert len(caller.received("BYE")) == 1


def test_a_waiting_caller_hangs_up(shared_desk: Desk, sipp: Sipp) -> None:
    sipp.call(shared_desk, "waits", s.calls(s.pause(500), s.hang_up())).succeeds()
    assert shared_desk.story("waits") == ["Arrived", "Queued", "Abandoned"]
    abandoned = shared_desk.fact("waits", "Abandoned")
    assert abandoned["stage"] == "waiting"
    assert abandoned["wait_ms"] >= 400


def test_the_phone_gets_a_cancel_when_the_caller_hangs_up_while_it_rings(
    shared_desk: Desk, sipp: Sipp
) -> None:
    gives_way = [s.RINGS, s.recv("CANCEL"), *s.cancelled(), s.recv("ACK")]
    agent = sipp.phone(shared_desk, "while-ringing.1", s.phone(gives_way))
    sipp.call(shared_desk, "while-ringing", s.calls(s.pause(500), s.hang_up())).succeeds()
    agent.succeeds()
    story = shared_desk.story("while-ringing")
    assert story == ["Arrived", "Queued", "Offered", "OfferWithdrawn", "Abandoned"]
    assert shared_desk.agent("while-ringing.1")["state"] == "ready"


@pytest.mark.parametrize(
    ("corner", "answer", "fact"),
    [
        ("busy", (486, "Busy Here"), "Refused"),
        ("declines", (603, "Decline"), "Refused"),
        ("missing", (404, "Not Found"), "OfferLost"),
        ("broken", (500, "Server Internal Error"), "OfferLost"),
    ],
)
def test_when_a_phone_does_not_take_the_call_the_next_agent_gets_it(
    shared_desk: Desk, sipp: Sipp, corner: str, answer: tuple[int, str], fact: str
) -> None:
    """Who said no is rung again; a phone that fails is none of his until it answers OPTIONS."""
    first = sipp.phone(shared_desk, f"{corner}.1", s.refuses(*answer))
    second = sipp.phone(shared_desk, f"{corner}.2", s.phone(s.TALK))
    sipp.call(shared_desk, corner, s.calls(s.pause(700), s.hang_up())).succeeds()
    first.succeeds()
    second.succeeds()
    story = shared_desk.story(corner)
    assert story == ["Arrived", "Queued", "Offered", fact, "Requeued", "Offered", "Answered", "Released"]
    state = shared_desk.agent(f"{corner}.1")
    assert (state["state"], state["reason"]) == ("ready", "")
    assert state["reachable"] == (["voice"] if fact == "Refused" else [])


def test_a_phone_that_rings_too_long_is_cancelled_and_the_caller_keeps_its_place(
    shared_desk: Desk, sipp: Sipp
) -> None:
    """The second caller came while the first one rang in vain; the next agent still gets the first."""
    gives_way = [s.RINGS, s.recv("CANCEL"), s.cancelled(), s.recv("ACK")]
    second = sipp.phone(shared_desk, "no-answer.2", s.phone(s.TALK))
    shared_desk.pause("no-answer.2")
    first = sipp.phone(shared_desk, "no-answer.1", s.phone(gives_way))
    callers = [sipp.call(shared_desk, "no-answer", s.calls(s.pause(2500), s.hang_up()))]
    until(lambda: shared_desk.live("no-answer"), "the first caller")
    callers.append(sipp.call(shared_desk, "no-answer", s.calls(s.pause(1800), s.hang_up())))
    first.succeeds()
    shared_desk.ready("no-answer.2")
    for run in (second, *callers):
        run.succeeds()
    shared_desk.until_idle("no-answer")
    rung, waited = shared_desk.stories("no-answer").values()
    assert rung == [
        "Arrived", "Queued", "Offered", "NotAnswered", "Requeued", "Offered", "Answered", "Released",
    ]  # fmt: skip
    assert waited == ["Arrived", "Queued", "Abandoned"]
    assert shared_desk.agent("no-answer.1")["state"] == "paused"


def test_a_phone_that_gives_no_sign_is_given_up_long_before_its_ring_time_is_over(
    shared_desk: Desk, sipp: Sipp
) -> None:
    """And its agent is not paused: he could not hear it."""
    agents = [sipp.phone(shared_desk, "silent.1", s.phone(s.pause(60_000)))]
    agents.append(sipp.phone(shared_desk, "silent.2", s.phone(s.TALK)))
    sipp.call(shared_desk, "silent", s.calls(s.pause(9000), s.hang_up())).succeeds()
    agents[1].succeeds()
    story = shared_desk.story("silent")
    assert story == [
        "Arrived", "Queued", "Offered", "OfferLost", "Requeued", "Offered", "Answered", "Released",
    ]  # fmt: skip
    silent = shared_desk.agent("silent.1")
    assert (silent["state"], silent["reachable"]) == ("ready", [])
