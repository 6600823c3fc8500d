"""Dispatch: by medium to the channel, and no failure to the loop."""

from acd.core.effects import ReleaseContact
from acd.core.events import ContactId
from acd.server.dispatch import Dispatch
from acd.testing import ScriptedChannel
from agents.capacity import MAIL
from agents.devices import Carrier


def release(channel: str) -> ReleaseContact:
    return ReleaseContact(ContactId(1), "agent", carrier=Carrier(channel, "1"))


def test_an_effect_goes_to_the_channel_of_its_carrier() -> None:
    """And to no other."""
    voice, mail = ScriptedChannel("sip"), ScriptedChannel("mail", MAIL)
    dispatch = Dispatch([voice, mail])
    dispatch.carry_out(release("mail"), 7, 2)
    assert [tuple(carried) for carried in mail.carried] == [(release("mail"), 7, 2)]
    assert voice.carried == []


def test_a_channel_that_is_not_there_is_a_counted_failure() -> None:
    """It does not raise."""
    dispatch = Dispatch([ScriptedChannel("sip")])
    dispatch.carry_out(release("fax"), 1, 0)
    assert dispatch.failed == {"ReleaseContact": 1}
    assert dispatch.carried == {}
