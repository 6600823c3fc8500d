"""A kill at each step of a call that we place: the next process rings on, tells again, or ends it."""

import pytest

from acd.core.effects import AdmitContact, ConnectContact
from acd.core.events import CallAnswered, CallFailed, CallId, ContactId, ContactLeft, OfferId
from acd.ports import DialClass
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.commands import Join, LegId, Play
from channels.sip.protocol.message import Request
from channels.sip.protocol.outputs import AckReceived
from tests.channels.sip.b2bua.test_restart import killed
from tests.channels.sip.b2bua.world import DESK, NUMBER, PLACE, World

CALL, CONTACT = CallId(7), ContactId(1)
ANSWERED = CallAnswered(CALL, "c7")
ADMITTED = AdmitContact(CONTACT, "calm", carrier=Carrier("sip", "c7"))
CONNECTED = ConnectContact(OfferId(1), CONTACT, AgentId("anna"), carrier=Carrier("sip", "anna"))


def methods(world: World) -> list[str]:
    return [new.request.method for new in world.trunk.requests]


def acks(world: World) -> int:
    return len([out for out in world.trunk.other if isinstance(out, AckReceived)])


def test_killed_while_the_number_was_read_it_is_read_and_dialled(world: World) -> None:
    world.host.numbers["party-1"] = (NUMBER, DialClass.LOCAL)
    world.carry_out(PLACE)
    after = killed(world, [PLACE])
    assert methods(after) == ["INVITE"]


def test_killed_while_it_rings_it_is_the_same_invite_and_the_answer_counts(world: World) -> None:
    world.place()
    world.party_answers(180)
    after = killed(world, [PLACE])
    assert methods(after) == ["INVITE"], "a repetition of the same INVITE is no request of its own"
    after.party_answers()
    assert after.host.events == [ANSWERED]
    after.admit_called()
    assert acks(after) == 1


def test_killed_before_its_record_was_written_it_is_the_same_invite(world: World) -> None:
    """The INVITE may be out already; the media still have their port, so even the description is the same."""
    world.place()
    world.party_answers(180)
    after = killed(world, [PLACE], records={})
    assert methods(after) == ["INVITE"]
    after.party_answers()
    assert after.host.events == [ANSWERED]


def test_killed_while_it_rings_it_may_be_given_up_later(world: World) -> None:
    world.place()
    world.party_answers(180)
    after = killed(world, [PLACE])
    after.party_answers(486)
    assert after.host.events == [CallFailed(CALL, "busy")]
    assert after.host.records == {}


def test_killed_with_the_200_in_hand_the_party_repeats_it_to_the_next_process(world: World) -> None:
    """The entry of CallAnswered was never written: neither was the ACK sent."""
    world.place()
    records = dict(world.host.records)
    world.party_answers()
    assert world.host.events == [ANSWERED]
    after = killed(world, [PLACE], records)
    after.pass_time(1_000)
    assert after.host.events == [ANSWERED]
    after.admit_called()
    assert (methods(after), acks(after)) == (["INVITE"], 1)
    assert after.calls.legs["c7"].record.dialog is not None


def test_killed_before_the_answer_was_admitted_it_is_told_again(world: World) -> None:
    world.place()
    world.party_answers()
    after = killed(world, [PLACE])
    assert after.host.events == [ANSWERED]
    after.admit_called()
    assert (methods(after), acks(after)) == (["INVITE"], 1)


def test_killed_between_the_answer_and_its_ack_the_next_process_acknowledges(world: World) -> None:
    world.place()
    world.party_answers()
    after = killed(world, [ADMITTED])
    assert acks(after) == 1
    assert after.media.sent(Play) == [Play(LegId("c7"), loop=after.calls.settings.sounds.music("calm"))]
    assert methods(after) == ["INVITE", "OPTIONS"]
    assert after.caller_leg == "c7"


def test_killed_while_they_talk_they_are_joined_again_and_the_party_may_leave(world: World) -> None:
    world.agent_waits()
    world.party_answers()
    world.admit_called()
    after = killed(world, [ADMITTED, CONNECTED])
    assert {command.leg for command in after.media.sent(Join)} == {"c7", "o1"}
    dialog = after.calls.legs["c7"].record.dialog
    assert dialog is not None
    bye = Request(
        method="BYE",
        uri="sip:acd@192.0.2.1",
        headers=(
            ("Max-Forwards", "70"),
            ("From", f"{dialog.remote};tag={dialog.remote_tag}"),
            ("To", f"{dialog.local};tag={dialog.local_tag}"),
            ("Call-ID", dialog.call_id),
            ("CSeq", "1 BYE"),
        ),
    )
    after.trunk.layer.send_request(bye, DESK, after.now_ms)
    after.run()
    assert after.host.events == [ContactLeft(CONTACT)]
    assert list(after.calls.legs) == ["o1"]


def test_killed_while_an_agent_waits_for_the_party_he_hears_music_again(world: World) -> None:
    world.agent_waits()
    world.party_answers(180)
    after = killed(world, [CONNECTED, PLACE])
    music = Play(LegId("o1"), loop=after.calls.settings.sounds.music("default"))
    assert after.media.sent(Join, Play) == [
        Join(LegId("o1"), after.calls.by_contact[1].room, agent=True),
        music,
    ]
    after.party_answers()
    after.admit_called()
    assert {command.leg for command in after.media.sent(Join)} == {"c7", "o1"}


@pytest.mark.parametrize("sign", [100, 180])
def test_killed_after_it_was_given_up_it_is_cancelled(world: World, sign: int) -> None:
    world.place()
    world.party_answers(sign)
    after = killed(world, [])
    after.pass_time(1_000)
    assert [type(out).__name__ for out in after.trunk.other] == ["Cancelled"]
    after.party_answers(487)
    assert (after.host.events, after.host.records, after.calls.legs) == ([], {}, {})


def test_killed_after_the_answered_contact_ended_the_party_is_hung_up(world: World) -> None:
    world.place()
    world.party_answers()
    after = killed(world, [])
    assert (methods(after), acks(after)) == (["INVITE", "BYE"], 1)
    assert (after.host.events, after.host.records, after.calls.legs) == ([], {}, {})
