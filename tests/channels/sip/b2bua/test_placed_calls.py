"""Calls that we place: dialled only if that is allowed, answered or not, and then a leg like a caller's."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replace_effect

from acd.core.effects import EndCall, ReleaseContact
from acd.core.events import (
    CallAnswered,
    CallFailed,
    CallId,
    ContactHeld,
    ContactId,
    ContactLeft,
    ContactResumed,
    Event,
    LegLost,
)
from acd.ports import DialClass
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media import events as media
from channels.media.commands import Close, Join, Leave, LegId, Play, Stop
from channels.media.negotiation import AudioSession
from channels.sip.b2bua import entrance, inbound, placing
from channels.sip.b2bua.leg import LegRecord, LegStage
from channels.sip.protocol.dialog import Dialog, uas_dialog
from channels.sip.protocol.message import Request
from channels.sip.protocol.outputs import AckReceived, NewRequest
from channels.sip.protocol.replies import response_to
from queues.treatment import Playlist
from tests.channels.sip.b2bua.test_several_phones import HOME
from tests.channels.sip.b2bua.world import DESK, NUMBER, PHONE, PLACE, TRUNK, World, call_id_of

CALL, CONTACT = CallId(7), ContactId(1)
LEG = LegId("c7")
OURS = Carrier("sip", "c7")
ANSWERED = CallAnswered(CALL, "c7")
END = EndCall(CALL, CONTACT, carrier=Carrier("sip", ""))


def called(world: World) -> None:
    """Somebody whom we called has answered, and waits for an agent."""
    world.place()
    world.party_answers()
    world.admit_called()


def methods(world: World) -> list[str]:
    """Requests that the trunk got, ACKs and CANCELs at their end."""
    requests = [new.request.method for new in world.trunk.requests]
    return requests + [type(out).__name__ for out in world.trunk.other]


def invite_of(world: World) -> Request:
    (new,) = [new for new in world.trunk.requests if new.request.method == "INVITE"]
    return new.request


def dialog_of_party(world: World) -> Dialog:
    """The dialog of whom we called, seen from the trunk."""
    (new,) = [new for new in world.trunk.requests if new.request.method == "INVITE"]
    dialog = uas_dialog(new.request, new.to_tag, "<sip:out@192.0.2.8>")
    dialog.responded(new.request, 200)
    return dialog


def party_sends(world: World, dialog: Dialog, method: str, body: bytes = b"") -> None:
    request = dialog.request(method, body=body, content_type="application/sdp" if body else None)
    world.trunk.layer.send_request(request, DESK, world.now_ms)
    world.run()


def ended(world: World) -> bool:
    """Nothing of the call is left."""
    own = [leg for leg in world.calls.legs if leg.startswith("c")]
    return not own and "c7" not in world.host.records and not world.calls.wanted


# Dialling


def test_an_agent_is_called_by_all_of_his_phones_and_the_first_that_answers_has_it() -> None:
    world = World()
    world.phones = [PHONE, HOME]
    home = world.at(HOME)
    world.carry_out(replace_effect(PLACE, party="", dial_class="", agent=AgentId("anna")))
    world.run()
    assert world.trunk.requests == [], "no number outside is rung"
    invites = [side.requests[-1].request for side in (world.phone, home)]
    assert {one.call_id for one in invites} == {call_id_of("c7")}
    assert invites[0].get("To") == "<sip:anna@acd.invalid>"
    world.answer(home, home.requests[-1], 486, "<sip:anna@192.0.2.10>")
    assert world.host.events == [], "the other one rings on"
    world.answer(world.phone, world.phone.requests[-1], 200, "<sip:anna@192.0.2.9>")
    assert world.host.events == [ANSWERED]


def test_an_agent_without_a_phone_is_not_reached(world: World) -> None:
    world.phones = []
    world.carry_out(replace_effect(PLACE, party="", dial_class="", agent=AgentId("anna")))
    assert world.host.events == [CallFailed(CALL, "failed")]


def test_all_phones_of_an_agent_say_no(world: World) -> None:
    world.phones = [PHONE]
    world.carry_out(replace_effect(PLACE, party="", dial_class="", agent=AgentId("anna")))
    world.run()
    world.answer(world.phone, world.phone.requests[-1], 486, "<sip:anna@192.0.2.9>")
    assert world.host.events == [CallFailed(CALL, "busy")]


def test_the_invite_names_number_caller_id_and_nothing_of_the_contact(world: World) -> None:
    world.place()
    invite = invite_of(world)
    assert invite.uri == f"sip:{NUMBER}@192.0.2.8:5060;user=phone"
    assert invite.get("To") == f"<sip:{NUMBER}@192.0.2.8;user=phone>"
    assert invite.get("From") == f"<sip:+49305550100@192.0.2.1;user=phone>;tag={invite.from_.tag}"
    assert invite.get("P-Asserted-Identity") == "<sip:+49305550100@192.0.2.1;user=phone>"
    assert invite.call_id == call_id_of("c7")
    assert invite.via.branch == f"z9hG4bK-acd-{invite.from_.tag}"
    assert invite.get("X-ACD-Contact") is None
    assert LegRecord.from_record(world.host.records["c7"]).call == 7


def test_branch_and_tag_are_the_same_in_every_process(world: World) -> None:
    one, again = World(), World()
    one.place()
    again.place()
    assert invite_of(one).to_bytes() == invite_of(again).to_bytes()


def test_an_extension_is_no_global_number(world: World) -> None:
    world.host.numbers["party-1"] = ("1234", DialClass.INTERNAL)
    world.place(dial_class="internal")
    assert invite_of(world).uri == "sip:1234@192.0.2.8:5060"


@pytest.mark.parametrize(
    ("number", "now", "allowed"),
    [
        (NUMBER, DialClass.MOBILE, "local"),
        (NUMBER, DialClass.UNKNOWN, "local"),
        ("+4990012345", DialClass.PREMIUM, "premium"),
        ("110", DialClass.EMERGENCY, "emergency"),
        ("anonymous", DialClass.UNKNOWN, "unknown"),
        ("", DialClass.LOCAL, "local"),
        ("+49305550123\r\nX: y", DialClass.LOCAL, "local"),
        ("+49305550123\n", DialClass.LOCAL, "local"),
        ("+4930555@evil.invalid", DialClass.LOCAL, "local"),
        ("+4930555;tgrp=dear", DialClass.LOCAL, "local"),
        ("+٤٩٣٠٥٥٥٠١٢٣", DialClass.LOCAL, "local"),
        ("*21*4930555#", DialClass.LOCAL, "local"),
    ],
)
def test_a_number_that_is_not_what_was_allowed_is_not_dialled(
    world: World, number: str, now: DialClass, allowed: str
) -> None:
    world.host.numbers["party-1"] = (number, now)
    world.place(dial_class=allowed)
    assert world.host.events == [CallFailed(CALL, "refused")]
    assert world.trunk.requests == []
    assert ended(world)


@pytest.mark.parametrize(("prefixes", "dialled"), [((), 1), (("+43", "+4930"), 1), (("+43", "+4940"), 0)])
def test_a_number_outside_the_allow_list_is_not_dialled(
    world: World, prefixes: tuple[str, ...], dialled: int
) -> None:
    world.place(prefixes=prefixes)
    assert len(world.trunk.requests) == dialled
    assert world.host.events == [CallFailed(CALL, "refused")] * (1 - dialled)


def test_whom_we_call_sees_the_number_of_the_client(world: World) -> None:
    world.place(caller_id="+49895550200")
    us = "<sip:+49895550200@192.0.2.1;user=phone>"
    invite = invite_of(world)
    assert (invite.get("P-Asserted-Identity"), (invite.get("From") or "").partition(";tag")[0]) == (us, us)


def test_a_number_of_ours_is_not_called(world: World) -> None:
    world.place(caller_id=NUMBER)
    assert world.host.events == [CallFailed(CALL, "refused")]


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"\+[0-9]{3,15}.{0,4}"), st.sampled_from(DialClass))
def test_whatever_the_vault_holds_only_digits_get_into_a_request(number: str, now: DialClass) -> None:
    world = World()
    world.host.numbers["party-1"] = (number, now)
    world.place(dial_class=now.value)
    for new in world.trunk.requests:
        uri = new.request.target
        assert (uri.user, uri.host, uri.port) == (number, "192.0.2.8", 5060)
        assert number.removeprefix("+").isascii()
        assert number.removeprefix("+").isdigit()
        assert {name for name, _ in new.request.headers} <= {
            "Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "P-Asserted-Identity", "Allow",
            "Content-Type", "Content-Length",
        }  # fmt: skip
    assert bool(world.trunk.requests) == (CallFailed(CALL, "refused") not in world.host.events)


def test_an_erased_number_is_refused(world: World) -> None:
    world.place(party="party-2")
    assert world.host.events == [CallFailed(CALL, "refused")]


def test_without_a_trunk_for_it_nobody_is_called(world: World) -> None:
    world.calls.settings = replace(world.calls.settings, outbound=None)
    world.place()
    assert world.host.events == [CallFailed(CALL, "refused")]


def test_without_media_the_call_fails(world: World) -> None:
    world.calls.without_media = True
    world.place()
    assert world.host.events == [CallFailed(CALL, "failed")]


def test_without_room_for_a_leg_the_call_fails(world: World) -> None:
    world.calls.settings = replace(world.calls.settings, max_legs=1)
    world.place(6)
    world.place()
    assert world.host.events == [CallFailed(CALL, "failed")]
    assert invites(world) == [call_id_of("c6")]


def test_the_same_order_twice_is_one_invite(world: World) -> None:
    world.carry_out(PLACE)
    world.place()
    world.place()
    assert methods(world) == ["INVITE"]


def test_a_call_that_is_given_up_while_its_number_is_read_is_never_dialled(world: World) -> None:
    world.carry_out(PLACE)
    (wanted,) = world.calls.unread
    world.carry_out(END)
    placing.dial(world.calls, wanted, NUMBER, DialClass.LOCAL)
    placing.not_read(world.calls, wanted, "failed")
    world.run()
    assert (world.host.events, world.trunk.requests) == ([], [])
    assert ended(world)


# No answer


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (486, "busy"),
        (600, "busy"),
        (408, "no answer"),
        (480, "no answer"),
        (487, "no answer"),
        (302, "failed"),
        (403, "failed"),
        (404, "failed"),
        (407, "failed"),
        (488, "failed"),
        (503, "failed"),
        (603, "failed"),
    ],
)
def test_what_the_engine_is_told_of_a_final_response(world: World, status: int, result: str) -> None:
    world.place()
    world.party_answers(180)
    assert world.host.events == []
    world.party_answers(status)
    assert world.host.events == [CallFailed(CALL, result)]  # type: ignore[arg-type]
    assert ended(world)
    assert world.media.sent(Close) == [Close(LEG)]


def test_a_trunk_without_a_sign_is_no_answer_and_told_once(world: World) -> None:
    world.deaf.add(TRUNK)
    world.place()
    world.pass_time(4_999)
    assert world.host.events == []
    world.pass_time(60_000)
    assert world.host.events == [CallFailed(CALL, "no answer")]
    assert ended(world)


def test_an_answer_after_the_trunk_was_given_up_is_hung_up(world: World) -> None:
    world.place()
    world.pass_time(5_000)
    assert world.host.events == [CallFailed(CALL, "no answer")]
    world.party_answers()
    assert methods(world) == ["INVITE", "BYE", "AckReceived"]
    assert len(world.host.events) == 1
    assert ended(world)


def test_a_party_that_rings_rings_until_the_engine_gives_up(world: World) -> None:
    world.place()
    world.party_answers(180)
    world.pass_time(120_000)
    assert world.host.events == []
    world.carry_out(END)
    assert methods(world) == ["INVITE", "Cancelled"]
    world.party_answers(487)
    assert world.host.events == []
    assert ended(world)


def test_a_call_given_up_before_the_first_sign_is_cancelled_with_it(world: World) -> None:
    """RFC 3261 §9.1: no CANCEL before a provisional response."""
    world.place()
    world.carry_out(END)
    assert methods(world) == ["INVITE"]
    world.party_answers(100)
    assert methods(world) == ["INVITE", "Cancelled"]


def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up(world: World) -> None:
    world.place()
    world.party_answers(180)
    world.carry_out(END)
    world.party_answers()
    assert methods(world) == ["INVITE", "BYE", "Cancelled", "AckReceived"]
    assert world.host.events == []
    assert ended(world)


def test_an_answer_that_the_engine_rejects_is_acknowledged_and_hung_up(world: World) -> None:
    world.host.rejects = {CallAnswered}
    world.place()
    world.party_answers()
    assert methods(world) == ["INVITE", "BYE", "AckReceived"]
    assert ended(world)


def test_a_call_given_up_while_the_media_think_about_its_answer_is_hung_up(world: World) -> None:
    world.place()
    world.media.deaf = True
    world.party_answers()
    world.carry_out(END)
    assert methods(world) == ["INVITE", "BYE", "AckReceived"]
    assert world.host.events == []


@pytest.mark.parametrize("body", [b"", b"v=0\r\nwhat?", AudioSession(1, "192.0.2.8", 0).offer()])
def test_an_answer_of_no_use_is_acknowledged_hung_up_and_failed(world: World, body: bytes) -> None:
    world.place()
    world.party_answers(body=body)
    assert methods(world) == ["INVITE", "BYE", "AckReceived"]
    assert world.host.events == [CallFailed(CALL, "failed")]
    assert ended(world)


def test_a_200_that_makes_no_dialog_is_failed(world: World) -> None:
    world.place()
    (invite,) = world.trunk.requests
    world.trunk.layer.reply(invite.key, 200, world.now_ms)
    world.run()
    assert world.host.events == [CallFailed(CALL, "failed")]


def test_media_that_make_no_offer_fail_the_call_before_anybody_is_rung(world: World) -> None:
    world.media.deaf = True
    world.place()
    world.media.fail(LEG, "offer", "no-port")
    world.run()
    assert world.host.events == [CallFailed(CALL, "failed")]
    assert world.trunk.requests == []


def test_a_party_that_hangs_up_before_its_answer_was_told_has_failed(world: World) -> None:
    world.place()
    world.media.deaf = True
    world.party_answers()
    party_sends(world, dialog_of_party(world), "BYE")
    assert world.host.events == [CallFailed(CALL, "failed")]
    assert ended(world)


def test_a_second_party_of_a_forked_call_is_hung_up(world: World) -> None:
    called(world)
    (invite,) = world.trunk.requests
    body = AudioSession(1, "192.0.2.8", 40_002).answer(invite.request.body)
    headers = [("Contact", "<sip:other@192.0.2.8>"), ("Content-Type", "application/sdp")]
    second = response_to(invite.request, 200, to_tag="other", headers=headers, body=body)
    for out in world.layer.receive(second, TRUNK, world.now_ms):
        entrance.ON_OUTPUT[type(out)](world.calls, out)
    world.run()
    (bye,) = [new.request for new in world.trunk.requests if new.request.method == "BYE"]
    assert bye.to.tag == "other"
    assert "c7" in world.calls.legs


# Answered


def test_the_200_is_acknowledged_when_the_engine_has_it(world: World) -> None:
    """Before that a killed process would leave nobody who knows of the call; so the party repeats its 200."""
    world.place()
    world.party_answers()
    assert world.host.events == [ANSWERED]
    assert methods(world) == ["INVITE"]
    assert LegRecord.from_record(world.host.records["c7"]).stage is LegStage.UP
    world.admit_called()
    assert methods(world) == ["INVITE", "AckReceived"]
    assert world.media.sent(Play) == [Play(LEG, loop=world.calls.settings.sounds.music("calm"))]


def test_an_admission_carried_out_twice_begins_once(world: World) -> None:
    called(world)
    world.admit_called()
    assert len(world.media.sent(Play)) == 1


def test_caller_first_rings_the_agent_with_the_party_s_number_and_joins_them(world: World) -> None:
    called(world)
    world.offer()
    assert world.phone.requests[-1].request.from_.uri.user == NUMBER
    world.phone_answers()
    world.connect()
    assert [command.leg for command in world.media.sent(Join)] == ["c7", "o1"]


def test_agent_first_hears_music_until_the_party_answers_and_then_the_party(world: World) -> None:
    world.agent_waits()
    music = Play(LegId("o1"), loop=world.calls.settings.sounds.music("default"))
    assert world.media.sent(Join, Play) == [
        Join(LegId("o1"), world.calls.by_contact[1].room, agent=True),
        music,
    ]
    world.party_answers()
    world.media.commands.clear()
    world.admit_called()
    room = world.calls.by_contact[1].room
    assert world.media.sent(Stop, Join, Play) == [
        Stop(LegId("o1")),
        Join(LEG, room),
        Join(LegId("o1"), room, agent=True),
    ]


def test_an_agent_who_waits_on_hold_still_holds_when_the_party_is_there(world: World) -> None:
    world.agent_waits()
    agent = world.calls.legs["o1"]
    agent.record.held = True
    world.party_answers()
    world.admit_called()
    assert world.host.events[-1] == ContactHeld(CONTACT, True)
    assert world.media.commands[-1] == Play(LEG, loop=world.calls.settings.sounds.music("calm"))


def test_the_party_leaves_holds_and_resumes_like_a_caller(world: World) -> None:
    world.agent_waits()
    world.party_answers()
    world.admit_called()
    dialog = dialog_of_party(world)
    session = AudioSession(1, "192.0.2.8", 40_000)
    offer = session.offer()
    party_sends(world, dialog, "INVITE", offer.replace(b"a=sendrecv", b"a=sendonly"))
    dialog.inviting = None
    party_sends(world, dialog, "INVITE", offer)
    dialog.inviting = None
    party_sends(world, dialog, "BYE")
    assert world.host.events[-3:] == [
        ContactHeld(CONTACT, False),
        ContactResumed(CONTACT, False),
        ContactLeft(CONTACT),
    ]
    assert ended(world)


def test_a_party_that_hangs_up_while_its_admission_is_written_has_left(world: World) -> None:
    world.place()
    world.party_answers()
    party_sends(world, dialog_of_party(world), "BYE")
    assert world.host.events == [ANSWERED, ContactLeft(CONTACT)]
    world.host.rejects = {ContactLeft}
    world.admit_called()
    assert ended(world)


def test_a_leg_that_is_dead_or_has_no_sound_any_more_is_lost(world: World) -> None:
    called(world)
    world.media.fail(LEG, "play", "late")
    world.run()
    assert world.host.events[-1] == LegLost(CONTACT)
    assert methods(world)[1] == "BYE"


def test_a_silent_leg_is_asked_and_lost_when_the_party_does_not_know_it(world: World) -> None:
    called(world)
    world.media.tell(media.Silent(LEG, 60_000))
    world.run()
    options = world.trunk.requests[-1]
    assert options.request.method == "OPTIONS"
    world.trunk.layer.reply(options.key, 481, world.now_ms)
    world.run()
    assert world.host.events[-1] == LegLost(CONTACT)


def test_the_desk_ends_the_call_and_gives_it_music_again(world: World) -> None:
    world.agent_waits()
    world.party_answers()
    world.admit_called()
    world.treat(Playlist(music="calm"))
    music = world.calls.settings.sounds.music("calm")
    assert world.media.commands[-2:] == [Leave(LEG), Play(LEG, loop=music, play="visit 1")]
    world.carry_out(ReleaseContact(CONTACT, "agent", carrier=OURS))
    assert [new.request.method for new in world.trunk.requests] == ["INVITE", "BYE"]
    assert ended(world)


def test_a_contact_may_be_called_again_after_its_leg_is_gone(world: World) -> None:
    """A caller is promised a callback and released; the first attempt fails, the second is answered."""
    world.invite()
    carrier = world.admit().carrier
    world.carry_out(ReleaseContact(CONTACT, "callback", carrier=carrier))
    world.place()
    world.party_answers(486)
    world.place(8)
    world.party_answers()
    world.admit_called(8)
    leg = world.calls.caller_of(1)
    assert leg is not None
    assert leg.id == "c8"
    assert invites(world) == [call_id_of("c7"), call_id_of("c8")]


def invites(world: World) -> list[str]:
    return [new.request.call_id for new in world.trunk.requests if new.request.method == "INVITE"]


def test_without_media_open_calls_fail_and_answered_ones_are_lost(world: World) -> None:
    called(world)
    world.place(8)
    world.place(9)
    world.media.deaf = True
    world.party_answers()  # 200 to call 9, and the media say nothing of it any more
    inbound.end_all(world.calls)
    world.run()
    told: list[Event] = world.host.events[1:]
    assert told == [LegLost(CONTACT), CallFailed(CallId(8), "failed"), CallFailed(CallId(9), "failed")]
    assert [(new.request.method, new.request.call_id) for new in byes(world)] == [
        ("BYE", call_id_of("c7")),
        ("BYE", call_id_of("c9")),
    ]


def byes(world: World) -> list[NewRequest]:
    return [new for new in world.trunk.requests if new.request.method == "BYE"]


def test_acks_are_sent_once_for_each_200(world: World) -> None:
    called(world)
    assert len([out for out in world.trunk.other if isinstance(out, AckReceived)]) == 1


@pytest.mark.parametrize("contact", [None, "<tel:+49305550123>"])
def test_a_200_with_which_nobody_can_talk_is_acknowledged_and_ended(
    world: World, contact: str | None
) -> None:
    """RFC 3261 §13.2.2.4: whoever answered would hold the receiver for ever."""
    world.place()
    (new,) = [new for new in world.trunk.requests if new.request.method == "INVITE"]
    headers = [("Content-Type", "application/sdp"), *([("Contact", contact)] if contact else [])]
    body = AudioSession(1, "192.0.2.8", 40_000).answer(new.request.body)
    world.trunk.layer.reply(new.key, 200, world.now_ms, headers=headers, body=body)
    world.run()
    assert methods(world) == ["INVITE", "BYE", "AckReceived"]
    assert world.host.events == [CallFailed(CALL, "failed")]
    assert ended(world)


def test_who_answers_and_hangs_up_at_once_is_acknowledged_all_the_same(world: World) -> None:
    world.media.deaf = True
    world.place()
    world.media.deaf = False
    world.media.tell(media.Offered(LEG, AudioSession(1, "192.0.2.1", 20_000).offer(), held=False))
    world.run()
    world.media.deaf = True
    world.party_answers()
    party_sends(world, dialog_of_party(world), "BYE")
    assert "AckReceived" in methods(world)
    assert world.host.events == [CallFailed(CALL, "failed")]


def test_while_the_desk_drains_nobody_is_called(world: World) -> None:
    world.calls.draining = True
    world.place()
    assert (methods(world), world.host.events) == ([], [CallFailed(CALL, "failed")])


def test_the_desk_does_not_call_itself(world: World) -> None:
    world.host.numbers["party-1"] = ("+49305550100", DialClass.LOCAL)
    world.place()
    assert (methods(world), world.host.events) == ([], [CallFailed(CALL, "refused")])


def test_who_holds_before_the_agent_comes_still_holds_when_he_is_there(world: World) -> None:
    """Else a resume would be told of which nobody has heard the hold."""
    called(world)
    offer = AudioSession(1, "192.0.2.8", 40_000).offer().replace(b"sendrecv", b"sendonly")
    party_sends(world, dialog_of_party(world), "INVITE", offer)
    world.offer()
    world.phone_answers()
    assert not [event for event in world.host.events if isinstance(event, ContactHeld)]
    world.connect()
    assert world.host.events[-1] == ContactHeld(CONTACT, False)
