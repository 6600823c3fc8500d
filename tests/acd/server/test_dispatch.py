"""Dispatch: by medium to the channel, agents' states to all who want to see them, no failure to the loop."""

from acd.core.effects import ReleaseContact, ShowAgent
from acd.core.events import ContactId
from acd.server.dispatch import Dispatch
from acd.testing import ScriptedChannel
from agents.skills import AgentId
from queues.desk import Medium

READY = ShowAgent(AgentId("anna"), "ready", "", 1_000)


def release(medium: Medium) -> ReleaseContact:
    return ReleaseContact(ContactId(1), medium, "agent")


def test_an_effect_goes_to_the_channel_of_its_medium() -> None:
    """And to no other."""
    voice, mail = ScriptedChannel("sip"), ScriptedChannel("mail", Medium.MAIL)
    dispatch = Dispatch([voice, mail])
    dispatch.carry_out(release(Medium.MAIL), 7, 2)
    assert [tuple(carried) for carried in mail.carried] == [(release(Medium.MAIL), 7, 2)]
    assert voice.carried == []


def test_a_medium_that_nobody_serves_is_a_counted_failure() -> None:
    """It does not raise."""
    dispatch = Dispatch([ScriptedChannel("sip")])
    dispatch.carry_out(release(Medium.FAX), 1, 0)
    assert dispatch.failed == {"ReleaseContact": 1}
    assert dispatch.carried == {}


def test_subscribers_see_the_states_of_agents_until_they_end_it() -> None:
    """One may end its subscription while it is being told."""
    dispatch = Dispatch([])
    seen: list[str] = []
    end_first = dispatch.subscribe(lambda show: (seen.append("first"), end_first())[0])  # type: ignore[func-returns-value]
    dispatch.subscribe(lambda show: seen.append(f"second {show.state}"))
    dispatch.carry_out(READY, 1, 0)
    dispatch.carry_out(READY, 2, 0)
    assert seen == ["first", "second ready", "second ready"]


def test_one_subscriber_that_fails_does_not_keep_the_others_from_seeing() -> None:
    """The failure is counted."""
    dispatch = Dispatch([])
    seen: list[str] = []

    def broken(_show: ShowAgent) -> None:
        raise RuntimeError("no screen")

    dispatch.subscribe(broken)
    dispatch.subscribe(lambda show: seen.append(show.agent))
    dispatch.carry_out(READY, 1, 0)
    assert seen == ["anna"]
    assert dispatch.failed == {"ShowAgent": 1}
