"""Dispatch: by medium to the channel, and no failure to the loop."""

from acd.core.effects import ReleaseContact
from acd.core.events import ContactId
from acd.server.dispatch import Dispatch
from acd.testing import ScriptedChannel
from agents.capacity import FAX, MAIL
from queues.desk import Medium


def release(medium: Medium) -> ReleaseContact:
    return ReleaseContact(ContactId(1), medium, "agent")


def test_an_effect_goes_to_the_channel_of_its_medium() -> None:
    """And to no other."""
    voice, mail = ScriptedChannel("sip"), ScriptedChannel("mail", MAIL)
    dispatch = Dispatch([voice, mail])
    dispatch.carry_out(release(MAIL), 7, 2)
    assert [tuple(carried) for carried in mail.carried] == [(release(MAIL), 7, 2)]
    assert voice.carried == []


def test_a_medium_that_nobody_serves_is_a_counted_failure() -> None:
    """It does not raise."""
    dispatch = Dispatch([ScriptedChannel("sip")])
    dispatch.carry_out(release(FAX), 1, 0)
    assert dispatch.failed == {"ReleaseContact": 1}
    assert dispatch.carried == {}
